// Sends batches, several at once where that is wanted, and settles their outcomes in the order of the file: what is
// settled is all of the file up to there, so that it can be noted and gone on from. A fault ends it: what is under way
// ends, nothing new begins.

import type { Piece } from './pieces.ts'
import type { BatchOutcome } from './sender.ts'

export type Sending = {
  batches: AsyncGenerator<Piece[]>
  send: (batch: Piece[]) => Promise<BatchOutcome>
  settle: (batch: Piece[], outcome: BatchOutcome) => Promise<void>
  concurrency: number
  /** Nothing new begins when it is aborted. */
  signal: AbortSignal
}

/** `read`: events that were read, whatever became of them. */
export async function sendAll(sending: Sending): Promise<{ read: number; fault: unknown }> {
  const { batches, send, settle, concurrency, signal } = sending
  let read = 0
  let fault: unknown = null
  let before: Promise<boolean> = Promise.resolve(true)

  const work = async (): Promise<void> => {
    while (fault === null && !signal.aborted) {
      const mine = Promise.withResolvers<boolean>()
      const turn = before
      before = mine.promise
      let isSettled = false
      try {
        const { done, value: batch } = await batches.next()
        if (done) return
        if (signal.aborted) return
        read += batch.length
        const outcome = await send(batch)
        if (!(await turn)) return
        await settle(batch, outcome)
        isSettled = true
      } catch (error) {
        fault ??= error
      } finally {
        mine.resolve(isSettled)
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return { read, fault }
}
