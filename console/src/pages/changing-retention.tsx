// Asks before it is changed how long a product's events are kept, and says how many will be deleted, for good.

import { Alert, Button, Checkbox, Group, Modal, NumberInput, Radio, Skeleton, Stack, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { ExclamationTriangleIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Product } from '../questions.ts'
import { Why } from '../states.tsx'
import { olderQuestion, useRetention } from '../system-questions.ts'
import { useNotice } from '../use-notice.ts'
import { useSpeech } from '../words/language.tsx'
import { keptFor, useSystemWords } from '../words/system.ts'

const dayMs = 86_400_000
const daysMax = 36_500
const usualDays = 365

export function ChangingRetention({ product, close }: { product: Product; close: () => void }) {
  const { words, tell } = useSpeech()
  const told = useSystemWords()
  const tellDone = useNotice()
  const changing = useRetention()
  const before = product.retention_days
  const [kind, setKind] = useState(before === null ? 'ever' : 'days')
  const [text, setText] = useState<string | number>(before ?? usualDays)
  const [understood, setUnderstood] = useState(false)
  const typed = typeof text === 'number' && Number.isInteger(text) && text >= 1 && text <= daysMax ? text : null
  const days = kind === 'ever' ? null : typed
  const isWrong = kind === 'days' && typed === null
  const isShorter = days !== null && (before === null || days < before)
  const older = useOlder(product.id, isShorter ? days : null)
  const isSame = days === before
  const mayChange = !isWrong && !isSame && (!isShorter || (older.events !== null && (older.events === 0 || understood)))
  const kept = keptFor(days, told, tell)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const onSuccess = () => {
      tellDone(told.retentionChanged(product.id, kept))
      close()
    }
    if (mayChange) changing.mutate({ product: product.id, days }, { onSuccess })
  }
  const change = (apply: () => void) => {
    setUnderstood(false)
    apply()
  }
  return (
    <Modal
      opened
      onClose={close}
      title={told.changeTitle(product.id)}
      closeButtonProps={{ 'aria-label': words.keys.close }}
    >
      <form onSubmit={submit}>
        <Stack>
          {changing.error !== null && (
            <Alert color="red" role="alert">
              <Why error={changing.error} />
            </Alert>
          )}
          <Radio.Group label={told.keptFor} value={kind} onChange={chosen => change(() => setKind(chosen))}>
            <Group mt={6}>
              <Radio value="ever" label={told.forEver} />
              <Radio value="days" label={told.forDays} />
            </Group>
          </Radio.Group>
          {kind === 'days' && (
            <NumberInput
              label={told.daysLabel}
              value={text}
              onChange={value => change(() => setText(value))}
              min={1}
              max={daysMax}
              allowDecimal={false}
              allowNegative={false}
              clampBehavior="none"
              error={isWrong && told.daysWrong}
              data-autofocus
            />
          )}
          {!isWrong && !isSame && (
            <>
              {isShorter ? (
                <WhatGoes older={older} />
              ) : (
                <Text size="sm">{days === null ? told.willKeep : told.willKeepLonger}</Text>
              )}
              {isShorter && older.events !== null && older.events > 0 && (
                <Checkbox
                  label={told.understood}
                  checked={understood}
                  onChange={event => setUnderstood(event.currentTarget.checked)}
                />
              )}
            </>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {words.keys.cancel}
            </Button>
            <Button type="submit" color={isShorter ? 'red' : 'teal'} loading={changing.isPending} disabled={!mayChange}>
              {isShorter && older.events !== 0 ? told.deleteAndKeep(kept) : told.keep(kept)}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

type Older = { day: string; events: number | null; isUnknown: boolean }

/** What would be too old, as the server reckons it: by whole days of UTC. null while it is not known. */
function useOlder(product: string, days: number | null): Older {
  const [settled] = useDebouncedValue(days, 300)
  const [todayMs] = useState(() => Math.floor(Date.now() / dayMs) * dayMs)
  const beforeMs = todayMs - (settled ?? 0) * dayMs
  const wanted = settled !== null && beforeMs > 0
  const before = new Date(Math.max(0, beforeMs)).toISOString()
  const asked = useQuery({ ...olderQuestion(product, before), enabled: wanted })
  const isSettled = settled === days
  const events = !isSettled || settled === null ? null : wanted ? (asked.data ?? null) : 0
  return { day: before.slice(0, 10), events, isUnknown: isSettled && wanted && asked.isError }
}

function WhatGoes({ older }: { older: Older }) {
  const { tell } = useSpeech()
  const told = useSystemWords()
  const { day, events, isUnknown } = older
  if (isUnknown) return <Alert color="red">{told.uncounted}</Alert>
  if (events === null)
    return (
      <div role="status">
        <Text size="sm">{told.counted}</Text>
        <Skeleton height={40} mt={6} />
      </div>
    )
  if (events === 0) return <Text size="sm">{told.willDeleteNothing(tell.day(day))}</Text>
  return (
    <Alert color="red" role="alert" icon={<ExclamationTriangleIcon />}>
      <Stack gap={6}>
        <Text size="sm" fw={600}>
          {told.willDelete(tell.number(events), tell.day(day))}
        </Text>
        <Text size="sm">{told.willDeleteMore}</Text>
      </Stack>
    </Alert>
  )
}
