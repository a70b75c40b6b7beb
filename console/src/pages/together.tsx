// Sends again what is on one page of a list, as it was when that was begun: what comes meanwhile is not among it.

import { Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAddress } from '../rejected-address.ts'
import { rejectedPosition, rejectionQuestion, type Target } from '../rejections.ts'
import { eventsIn, keysOf, likelyMapping } from '../sent-body.ts'
import { useLooking } from '../shell.tsx'
import { Loading } from '../states.tsx'
import { useSpeech } from '../words/language.tsx'
import { useRejectedWords } from '../words/rejected.ts'
import { Mending } from './mending.tsx'

export function Together({ product, targets }: { product: string; targets: Target[] }) {
  const { tell } = useSpeech()
  const told = useRejectedWords()
  const { role } = useLooking()
  const [chosen, choose] = useState<Target[] | null>(null)
  if (role !== 'admin') return <Text c="dimmed">{told.viewer}</Text>
  if (chosen !== null) return <Begun product={product} targets={chosen} />
  return (
    <div>
      <Button onClick={() => choose(targets)}>{told.fixAll(tell.number(targets.length))}</Button>
    </div>
  )
}

/** Names are guessed from the first of them. */
function Begun({ product, targets }: { product: string; targets: Target[] }) {
  const { tell } = useSpeech()
  const told = useRejectedWords()
  const { at } = useAddress()
  const [first] = targets
  const asked = useQuery(rejectionQuestion(first?.position === rejectedPosition ? first.request : ''))
  if (asked.isLoading) return <Loading rows={1} />
  const events = asked.data === undefined ? [] : (eventsIn(asked.data.raw) ?? [])
  return (
    <Mending
      title={told.fixAll(tell.number(targets.length))}
      product={product}
      mode={at.mode}
      targets={targets}
      likely={likelyMapping(events, asked.data?.violations ?? [])}
      keys={keysOf(events)}
    />
  )
}
