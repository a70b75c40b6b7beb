// Writes traffic as time goes by: each event when it is due. When the reader is slow, what is due waits, and then comes at once.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Sent, writeSent } from './sent.ts'

export type Written = { sent: number; duplicate: number; conflict: number; mistake: number; seconds: number }

const tickMs = 20

/**
 * @param seconds the events of each second from `startMs` on
 * @param forMs how long, if nobody stops it before
 */
export async function writeTimed(
  seconds: Iterable<Sent[]>,
  { startMs, forMs, signal }: { startMs: number; forMs: number; signal: AbortSignal },
  write: (text: string) => Promise<void>,
): Promise<Written> {
  const written: Written = { sent: 0, duplicate: 0, conflict: 0, mistake: 0, seconds: 0 }
  const count = ({ meant }: Sent): void => {
    written.sent += 1
    if (meant !== 'event') written[meant] += 1
  }
  /** How much later all is than it says, because making the first second took so long. */
  let lateMs: number | null = null
  const nowMs = () => Date.now() - (lateMs ?? 0)
  const isOver = () => signal.aborted || nowMs() >= startMs + forMs
  const waitUntil = (ms: number): Promise<unknown> =>
    sleep(Math.max(0, Math.min(ms, startMs + forMs) - nowMs()), undefined, { signal }).catch(() => undefined)
  let second = 0
  for (const due of seconds) {
    lateMs ??= Math.max(0, Date.now() - startMs)
    if (second === 0) await waitUntil(startMs)
    second += 1
    for (let next = 0; next < due.length && !isOver(); ) {
      const first = next
      const upToMs = nowMs()
      while (next < due.length && due[next]!.sentMs <= upToMs) next += 1
      const part = due.slice(first, next)
      part.forEach(count)
      if (part.length > 0) await write(part.map(sent => `${writeSent(sent)}\n`).join(''))
      if (next < due.length) await waitUntil(Math.max(nowMs() + tickMs, due[next]!.sentMs))
    }
    await waitUntil(startMs + second * 1_000)
    if (isOver()) break
  }
  return { ...written, seconds: Math.max(0, Math.round((nowMs() - startMs) / 100) / 10) }
}
