// The one stored shape of an event, and how the event as sent becomes it.
// The API never builds it; the pipeline does, once, after the event is durable. What is derived here depends on
// the sent text and the time of receipt alone, so doing it again gives the same result.

import type { Flag } from './flags.ts'

/** An event, normalised. Absent text is `''`, absent amounts are `null`. */
export type Event = {
  /** `event_name`, trimmed, exact case. */
  name: string
  /** `client_user_id`, trimmed. */
  userId: string
  clickId: string
  /** When it happened: Unix milliseconds, UTC. */
  eventMs: number
  ipAddress: string
  userAgent: string
  gameType: string
  gameProvider: string
  transactionId: string
  parentTransactionId: string
  messageId: string
  /** Plain decimal text, no exponent, at most 20 integer and 18 fractional digits, no trailing fractional zeros: `-12.5`. */
  amount: string | null
  /** Currency, trimmed and upper-cased: what is compared. */
  currency: string
  /** Currency as sent. */
  currencySent: string
  isCrypto: boolean
  betResult: '' | 'win' | 'loss' | 'unknown'
  betResultAmount: string | null
  flags: Flag[]
}
