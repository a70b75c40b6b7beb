// A request that was refused at the door and is kept: what is told of it, and how it is told from what is parked, beside
// which it lies (the api writes it, the pipeline brings it on, the warehouse answers).

import type { Violation } from '@datapulse/contract'
import { writeAsSent } from './as-sent.ts'

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
  /** false: bytes of the body were not UTF-8, and its text is not what was sent; absent where it is. */
  exact?: false
}

/** What a row's `detail` says. Rows from before `exact` tell of it by why they were refused. */
export function readHead(detail: string): RejectionHead {
  const head = JSON.parse(detail) as RejectionHead
  const isOfBytes = head.violations.some(({ field, rule, message }) => {
    return field === '$' && rule === 'encoding' && message.startsWith('The body')
  })
  return isOfBytes ? { ...head, exact: false } : head
}

/** A detail that says that the text is not exact; the same where it is no head at all. */
export function markedNotExact(detail: string): string {
  return writeAsSent(detail, head => ({ ...head, exact: false }))
}

/** A detail without what messages may repeat of events that were taken out (null: of all); rules and fields stay. */
export function withoutMessages(detail: string, taken: readonly number[] | null): string {
  return writeAsSent(detail, () => headWithoutMessages(JSON.parse(detail) as Partial<RejectionHead>, taken))
}

function headWithoutMessages(head: Partial<RejectionHead>, taken: readonly number[] | null): object {
  const gone = new Set(taken)
  const isGone = ({ index }: Violation) => taken === null || (index !== undefined && gone.has(index))
  const { violations = [], violationsTotal } = head
  // The message of the whole is that of its only violation.
  const isOnly = violationsTotal === 1 && violations.some(isGone)
  return {
    ...head,
    ...(isOnly && { message: erasedMessage }),
    violations: violations.map(one => (isGone(one) ? { ...one, message: erasedMessage } : one)),
  }
}

/** Where it lies among parked rows: no event has this position. */
export const rejectedPosition = -2
export const rejectedReason = 'rejected'
/** Ends the detail of a parked text that is not exact. */
export const notExactDetail = ' (bytes that are not UTF-8 were replaced)'
const erasedMessage = 'erased with its user'
