// What a correct server must end with after a generated file was sent once, in order: computed from the lines as they
// are written, by plain reading: a map of identities, and BigInt sums. It shares no code with the server. Only which
// lines the door refuses is taken from the generator's word.
//
//   { "format": 1, "options": {…}, "sent": 100000, "accepted": …, "rejected": …, "stored": …, "duplicate": …, "conflict": …,
//     "sha256": "of the bytes written",
//     "counts": [ { "event_name": "deposit", "currency": "USD", "events": 812, "amount": "40123.5" }, … ] }
//
// `counts` has the rows that `datapulse counts --json` must give, without product and mode, sorted by event name and
// currency (null first): distinct stored events, and the exact sum of their amounts; null where none has an amount.
// `conflict` is part of `duplicate`. sent = accepted + rejected, accepted = stored + duplicate.

import { createHash } from 'node:crypto'
import { formatDecimal, parseDecimal } from './decimal.ts'
import { moneyNames } from './sent.ts'

export type CountRow = { event_name: string; currency: string | null; events: number; amount: string | null }

export type Summary = {
  format: 1
  options: object
  sent: number
  accepted: number
  rejected: number
  stored: number
  duplicate: number
  conflict: number
  sha256: string
  counts: CountRow[]
}

export type SummaryMaker = {
  /** One line, in the order of sending. */
  add: (line: string, refused: boolean) => void
  /** The bytes that are written. */
  wrote(text: string): void
  end(options: object): Summary
}

type Read = {
  client_user_id: string
  event_name: string
  transaction_id?: string
  message_id?: string
  currency?: string
  /** The number's own text. */
  amount?: string
}

export function openSummary(): SummaryMaker {
  const hash = createHash('sha256')
  const first = new Map<string, string>()
  const sums = new Map<string, { events: number; units: bigint | null }>()
  const total = { sent: 0, rejected: 0, duplicate: 0, conflict: 0 }

  const store = ({ event_name: name, currency, amount }: Read): void => {
    const key = JSON.stringify([name, currency?.toUpperCase() ?? null])
    const sum = sums.get(key) ?? { events: 0, units: null }
    sum.events += 1
    if (amount !== undefined) sum.units = (sum.units ?? 0n) + parseDecimal(amount)
    sums.set(key, sum)
  }

  return {
    add(line, refused) {
      total.sent += 1
      if (refused) {
        total.rejected += 1
        return
      }
      const event = read(line)
      const identity = identityOf(event, line)
      const facts = factsOf(event)
      const before = identity === null ? undefined : first.get(identity)
      if (before !== undefined) {
        total.duplicate += 1
        if (before !== facts) total.conflict += 1
        return
      }
      if (identity !== null) first.set(identity, facts)
      store(event)
    },
    wrote: text => void hash.update(text),
    end(options) {
      const { sent, rejected, duplicate, conflict } = total
      const accepted = sent - rejected
      const counts = [...sums].map(([key, { events, units }]) => {
        const [name, currency] = JSON.parse(key) as [string, string | null]
        return { event_name: name, currency, events, amount: units === null ? null : formatDecimal(units) }
      })
      counts.sort((a, b) => compare(a.event_name, b.event_name) || compare(a.currency ?? '', b.currency ?? ''))
      const stored = accepted - duplicate
      return {
        format: 1,
        options,
        sent,
        accepted,
        rejected,
        stored,
        duplicate,
        conflict,
        sha256: hash.digest('hex'),
        counts,
      }
    },
  }
}

function read(line: string): Read {
  return JSON.parse(line, function (this: unknown, key: string, value: unknown, context?: { source?: string }) {
    return key === 'amount' && typeof value === 'number' ? context?.source : value
  } as (this: unknown, key: string, value: unknown) => unknown) as Read
}

/** What makes two lines the same event: contract, "Duplicates". All lines are of one product and mode. */
function identityOf(event: Read, line: string): string | null {
  const { client_user_id: user, event_name: name, transaction_id: transaction, message_id: message } = event
  if (moneyNames.has(name) && transaction !== undefined) return JSON.stringify(['transaction', name, transaction])
  if (message !== undefined) return JSON.stringify(['message', name, user, message])
  return transaction === undefined ? null : JSON.stringify(['text', name, transaction, line])
}

/** What a second one must have alike, or it is a conflict. */
function factsOf({ client_user_id: user, currency, amount }: Read): string {
  return JSON.stringify([
    user,
    currency?.toUpperCase() ?? null,
    amount === undefined ? null : String(parseDecimal(amount)),
  ])
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
