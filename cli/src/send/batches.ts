// Puts events into batches, in their order, each within a number of events and of bytes. Of a source that has pauses, what
// came is a batch when it has waited long enough for more.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Piece } from './pieces.ts'

/** `waitMs`: null where there is no reason to send less than a whole batch. */
export type BatchLimit = { events: number; bytes: number; waitMs: number | null }

export async function* gatherBatches(pieces: AsyncIterable<Piece>, limit: BatchLimit): AsyncGenerator<Piece[]> {
  const source = pieces[Symbol.asyncIterator]()
  let batch: Piece[] = []
  let bytes = 0
  let sinceMs = 0
  const take = (): Piece[] => {
    const taken = batch
    batch = []
    bytes = 0
    return taken
  }
  for (let coming = source.next(); ; coming = source.next()) {
    if (limit.waitMs !== null && batch.length > 0) {
      const inTime = await within(coming, sinceMs + limit.waitMs - performance.now())
      if (!inTime) yield take()
    }
    const { done, value: piece } = await coming
    if (done) break
    // 2: the comma, and a bracket's share.
    const pieceBytes = Buffer.byteLength(piece.text) + 2
    if (batch.length > 0 && (batch.length === limit.events || bytes + pieceBytes > limit.bytes)) yield take()
    if (batch.length === 0) sinceMs = performance.now()
    batch.push(piece)
    bytes += pieceBytes
  }
  if (batch.length > 0) yield batch
}

/** Whether it is settled by then, well or not. */
async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const ended = new AbortController()
  const settled = promise.then(
    () => true,
    () => true,
  )
  const late = sleep(Math.max(0, ms), false, { signal: ended.signal }).catch(() => false)
  try {
    return await Promise.race([settled, late])
  } finally {
    ended.abort()
  }
}
