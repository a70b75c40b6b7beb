// As of when the figures of a diagnosis are: what came later than that is in none of them. It stands out where that is long ago,
// because much waits to be processed, or because nothing newer could be asked yet.

import { Alert, Text } from '@mantine/core'
import { CounterClockwiseClockIcon } from '@radix-ui/react-icons'
import type { Diagnosis } from '../questions.ts'
import { useNow } from '../use-now.ts'
import { useSpeech } from '../words/language.tsx'

/** Longer than figures are shown before they are asked for anew. */
const oldMs = 15_000

/** `askedMs`: by the reader's clock. */
export function AsOf({ askedMs, checks }: Pick<Diagnosis, 'checks'> & { askedMs: number }) {
  const { words, tell } = useSpeech()
  const nowMs = useNow(5_000)
  const { lag_events: waiting, lag_seconds: behind } = checks.find(({ check }) => check === 'processing')?.numbers ?? {}
  const asOfMs = askedMs - Number(behind ?? 0) * 1_000
  const asOf = words.events.asOf(tell.exactClock(asOfMs))
  const events = Number(waiting ?? 0)
  if (behind != null && nowMs - asOfMs <= oldMs)
    return (
      <Text size="xs" c="dimmed" data-testid="as-of">
        {asOf}
      </Text>
    )
  return (
    <Alert
      role="status"
      color="yellow"
      variant="light"
      radius="lg"
      icon={<CounterClockwiseClockIcon />}
      data-testid="as-of"
    >
      {behind == null
        ? words.events.asOfUnknown
        : `${asOf} ${events > 0 ? words.events.waiting(tell.number(events)) : words.events.askedAgain}`}
    </Alert>
  )
}
