// A request that was refused at the door and is kept: what is told of it, and how it is told from what is parked, beside
// which it lies (the api writes it, the pipeline brings it on, the warehouse answers).

import type { Violation } from '@datapulse/contract'

export type RejectionHead = {
  kind: 'event' | 'batch'
  code: string
  message: string
  /** As the reply had them; of a partial batch with the index in the batch that was sent. */
  violations: Violation[]
  violationsTotal: number
  /** The sender's. */
  address: string
  /** Of a partial batch: the positions of the events that were refused; null when nothing of the body was taken. */
  refused: number[] | null
}

/** Where it lies among parked rows: no event has this position. */
export const rejectedPosition = -2
export const rejectedReason = 'rejected'
