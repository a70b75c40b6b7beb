// Tries the API out: a request is composed as a form and as text, sent as a dry run or for real, and its reply is shown with
// what leads to each thing that is wrong. The key is in the memory of this page and nowhere else.

import { Button, Stack } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { ExternalLinkIcon } from '@radix-ui/react-icons'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { eventsOf, textOf, withField, withName } from '../composed.ts'
import { exampleText } from '../mistakes.ts'
import { sessionQuestion } from '../questions.ts'
import { useLooking } from '../shell.tsx'
import { type Draft, maskOf, modeOf, sendTry, type Try, keepDraft, keepTry, visitOf } from '../tries.ts'
import { useApiAddress } from '../use-api-address.ts'
import { useCall } from '../use-call.ts'
import { useSpeech } from '../words/language.tsx'
import { useTryWords } from '../words/try-it.ts'
import { NoProducts } from './no-products.tsx'
import { PageHead } from './page-head.tsx'
import { TryAsking } from './try-asking.tsx'
import { TryCode } from './try-code.tsx'
import { TryCompose } from './try-compose.tsx'
import type { Wanted } from './try-form.tsx'
import { TryHistory } from './try-history.tsx'
import { type Held, nothingHeld } from './try-key.tsx'
import { TryReply } from './try-reply.tsx'
import { TrySend } from './try-send.tsx'

export default function TryIt() {
  const { product } = useLooking()
  return product === null ? <NoProducts /> : <TryItOf product={product} />
}

function TryItOf({ product }: { product: string }) {
  const { words } = useSpeech()
  const told = useTryWords()
  const address = useApiAddress()
  const { draft, change, tries, add } = useVisit(product)
  const [held, hold] = useState<Held>(nothingHeld)
  const [shown, show] = useState(tries[0]?.id)
  const [asking, askFirst] = useState<Draft | null>(null)
  const [wanted, want] = useState<Wanted | null>(null)
  const { run, isPending } = useCall()
  const replied = useRef<HTMLDivElement>(null)

  const send = async (sent: Draft) => {
    askFirst(null)
    want(null)
    const [atMs, keyShown] = [Date.now(), held.secret === '' ? null : maskOf(held.secret)]
    const called = await run(() => sendTry(sent, held.secret))
    const result = 'answer' in called ? { tried: called.answer } : { failure: called.failure }
    const id = 1 + Math.max(0, ...tries.map(one => one.id))
    add({ id, atMs, draft: sent, keyShown, ...result })
    show(id)
    replied.current?.scrollIntoView({ block: 'nearest' })
  }
  const begin = (sent: Draft) => {
    if (isPending) return
    if (!sent.isDry && held.secret !== '' && modeOf(held.secret) !== 'test') askFirst(sent)
    else void send(sent)
  }
  useHotkeys([['mod+Enter', () => begin(draft)]], [])

  /** What a hint of a reply offers: the same in what is composed now. */
  const mend = (index: number, mending: (events: Record<string, unknown>[]) => Record<string, unknown>[]) => {
    const composed = eventsOf(draft.text, draft.kind)
    if ('events' in composed) change({ text: textOf(mending(composed.events), draft.kind), at: index })
  }
  const lookAt = (index: number, field: string) => {
    change({ at: index })
    want({ field })
  }

  return (
    <>
      <PageHead title={words.pages.try} lead={told.lead}>
        <Button
          component="a"
          href={`${address}/docs/api`}
          target="_blank"
          rel="noreferrer"
          variant="default"
          rightSection={<ExternalLinkIcon />}
        >
          {told.reference}
        </Button>
      </PageHead>
      <Stack>
        <TryCompose draft={draft} change={change} wanted={wanted}>
          <TrySend
            product={product}
            draft={draft}
            change={change}
            held={held}
            hold={hold}
            isPending={isPending}
            send={() => begin(draft)}
          />
        </TryCompose>
        <div ref={replied}>
          <TryReply
            of={tries.find(({ id }) => id === shown)}
            address={address}
            lookAt={lookAt}
            rename={(index, from, to) => mend(index, events => withName(events, index, from, to))}
            callIt={(index, name) => mend(index, events => withField(events, index, 'event_name', name))}
          />
        </div>
        <TryCode draft={draft} address={address} />
        <TryHistory
          tries={tries}
          shown={shown}
          show={show}
          edit={({ draft: before }) => change({ ...before, isDry: true })}
          resend={({ draft: before }) => begin(before)}
          isPending={isPending}
        />
      </Stack>
      <TryAsking
        opened={asking !== null}
        product={product}
        close={() => askFirst(null)}
        send={() => void send(asking!)}
      />
    </>
  )
}

/** What is composed and what was tried, as it was left. */
function useVisit(product: string) {
  const { data: signed } = useQuery(sessionQuestion)
  const [visit] = useState(() => visitOf(signed?.session?.id ?? '', product))
  const [draft, setDraft] = useState<Draft>(() => visit.draft ?? newDraft(Date.now()))
  const [tries, setTries] = useState(visit.tries)
  useEffect(() => {
    keepDraft(visit, draft)
  }, [visit, draft])
  return {
    draft,
    change: (more: Partial<Draft>) => setDraft(before => ({ ...before, ...more })),
    tries,
    // A reply may come when its page is left.
    add: (one: Try) => setTries(keepTry(visit, one)),
  }
}

function newDraft(nowMs: number): Draft {
  const text = exampleText('deposit', nowMs)
  return { kind: 'event', text, at: 0, isDry: true, partial: false, idempotencyKey: '' }
}
