// Answers that are asked for before the code that wants them has come: whoever asks the same soon after takes what is on its
// way. Each is given out once.

import { isAttended } from './attended.ts'

type Begun = { reply: Promise<Response>; atMs: number }

const begun = new Map<string, Begun>()
/** What nobody took by then is asked for anew. */
const freshMs = 10_000

/** What each call says: that a page of ours makes it, and whether for somebody. */
export function headersNow(): Record<string, string> {
  return { 'x-requested-with': 'datapulse-console', ...(isAttended() && { 'x-attended': 'true' }) }
}

export function begin(path: string): Promise<Response> {
  const reply = fetch(path, { headers: headersNow() })
  begun.set(path, { reply, atMs: performance.now() })
  // Whoever takes it is told.
  reply.catch(() => null)
  return reply
}

/** null where nothing was begun. */
export function take(path: string): Promise<Response> | null {
  const found = begun.get(path)
  begun.delete(path)
  return found !== undefined && performance.now() - found.atMs < freshMs ? found.reply : null
}
