// How long ago something was, by the clock of the server that told of it: what it told a moment later is not in the future.

import { useSpeech } from './words/language.tsx'

/** `serverTime`: when the server said how it is. */
export function useAgo(serverTime: string): (time: string) => string {
  const { tell } = useSpeech()
  const nowMs = Date.parse(serverTime)
  return time => tell.fromNow(new Date(Math.min(nowMs, Date.parse(time))).toISOString(), nowMs)
}
