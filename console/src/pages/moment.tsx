// When something was or will be, seen from now; the exact time when one points at it.

import { Text } from '@mantine/core'
import { useSpeech } from '../words/language.tsx'

/** `none`: what is told where there is no time. */
export function Moment({ time, none, nowMs }: { time: string | null; none?: string; nowMs: number }) {
  const { tell } = useSpeech()
  if (time === null)
    return (
      <Text span inherit c="dimmed">
        {none}
      </Text>
    )
  return (
    <time dateTime={time} title={tell.moment(time)}>
      {tell.fromNow(time, nowMs)}
    </time>
  )
}
