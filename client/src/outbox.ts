// Where events are between `track` and their outcome: in memory (memory-outbox.ts) or on a disk (spool/). Both give them
// out in the order in which they were handed over, and number them in that order.

import type { Violation } from '@datapulse/contract'
import type { DataPulseError } from './error.ts'
import type { Tell } from './notice.ts'
import type { PreparedEvent } from './prepared-event.ts'

/** What became of an event. */
export type Outcome =
  | { status: 'accepted'; requestId: string | null }
  | { status: 'rejected'; code: string; message: string; violations: readonly Violation[]; requestId: string | null }
  /** The client closed before: it is on the disk, and the next client on this directory sends it. */
  | { status: 'kept' }

/** What `track` resolves with. */
export type Tracked = {
  /** `accepted`: the server has it, durably. `spooled`: this disk has it, durably. */
  readonly status: 'accepted' | 'spooled'
  /** The event's `message_id`; null where its transaction_id tells it apart. */
  readonly messageId: string | null
  /** The request that brought it; null where that is still to come. */
  readonly requestId: string | null
  /** Never rejects. */
  readonly outcome: Promise<Outcome>
}

/** An event on its way. */
export type Item = {
  text: string
  bytes: number
  values: number
  /** When it was handed over to this client. */
  sinceMs: number
  /** Its one outcome, or why there is none. */
  settle(outcome: Outcome | DataPulseError): void
}

export type BatchLimit = { events: number; bytes: number; values: number }

export type Unsent = {
  events: number
  bytes: number
  /** Since when the oldest of them waits; null where there is none. */
  sinceMs: number | null
  /** Others wait for room: time to send. */
  isFull: boolean
}

export type Outbox = {
  /** Whether it still has what has no outcome when the client closes. */
  readonly keeps: boolean
  /** Resolves once it is open; rejects where it cannot be. */
  open(): Promise<void>
  add(event: PreparedEvent): Promise<Tracked>
  /** Resolves once another event would not have to wait. */
  room(): Promise<void>
  unsent(): Unsent
  /** The next events within the limit, one at least; none where there are none. They are unsent no longer. */
  take(most: BatchLimit): Promise<Item[]>
  /** Resolves once everything handed over until now has an outcome. */
  settled(): Promise<void>
  /** Events without an outcome. */
  pending(): number
  close(): Promise<void>
}

export type OutboxNeeds = {
  memory: { events: number; bytes: number; waiting: number }
  nowMs(): number
  tell: Tell
  /** Called when there is more to take. */
  onUnsent: () => void
}

export type OpenSpool = (needs: OutboxNeeds) => Outbox
