// The whole month: all players' lives in the order of sending, with retries, conflicts and mistakes mixed in. The same
// options give the same events, byte for byte.

import { formatDecimal, parseDecimal } from './decimal.ts'
import { live } from './life.ts'
import { makeMistake } from './mistakes.ts'
import { makePlayer } from './player.ts'
import { choose, openRandom, type Random } from './random.ts'
import { moneyNames, nameOf, type Sent } from './sent.ts'

export type MonthOptions = {
  /** Lines in all, retries and mistakes included. */
  events: number
  users: number
  days: number
  seed: string
  /** Shares of all lines. */
  mistakes: number
  retries: number
  untilMs: number
}

/** Of the retries, those that come back with another amount. */
const conflictShare = 0.1

export function makeMonth(options: MonthOptions): Sent[] {
  const random = openRandom(`datapulse ${options.seed}`)
  const again = Math.round(options.events * options.retries)
  const first = makeLives(random, options, options.events - again)
  makeMistakes(random, first, Math.round(options.events * options.mistakes))
  const retries = makeRetries(random, first, again)
  // Where too few events can be told again, plain ones fill the number.
  const missing = again - retries.length
  const more = missing === 0 ? [] : makeLives(random, { ...options, users: 1, seed: `${options.seed}+` }, missing, 'x')
  return [...first, ...retries, ...more].sort((a, b) => a.sentMs - b.sentMs)
}

function makeLives(random: Random, options: MonthOptions, count: number, idPrefix = ''): Sent[] {
  if (count === 0) return []
  const span = { fromMs: options.untilMs - options.days * 86_400_000, untilMs: options.untilMs }
  const users = Math.max(1, Math.min(options.users, count))
  const weights = Array.from({ length: users }, () => random.pareto(1.3))
  let ids = 0
  const makeId = () => `${idPrefix}${(++ids).toString(36)}${random.hex(6)}`
  const all: Sent[] = []
  let weightLeft = weights.reduce((sum, weight) => sum + weight, 0)
  let left = count
  weights.forEach((weight, index) => {
    const later = users - index - 1
    const fair = later === 0 ? left : Math.round((left * weight) / weightLeft)
    const mine = Math.max(1, Math.min(fair, left - later))
    weightLeft -= weight
    left -= mine
    const player = makePlayer(random, index + 1, Math.max(1, users))
    for (const sent of live(random, player, mine, span, makeId)) all.push(sent)
  })
  return all
}

function makeMistakes(random: Random, events: Sent[], count: number): void {
  const chosen = choose(random, count, events.length)
  events.forEach((sent, index) => {
    if (chosen[index] === 0) return
    if (makeMistake(random, sent) === 'rejected') sent.meant = 'mistake'
  })
}

/** Sends again what has an identity: most at once or after minutes, as clients do that lost a reply. */
function makeRetries(random: Random, events: Sent[], count: number): Sent[] {
  const able = events.filter(sent => sent.meant === 'event' && hasIdentity(sent))
  const chosen = choose(random, count, able.length)
  return able.filter((_, index) => chosen[index] === 1).map(sent => sendAgain(random, sent))
}

/** At once or after minutes, now and then with another amount. */
export function sendAgain(random: Random, sent: Sent): Sent {
  const sentMs = sent.sentMs + 1 + random.exponential(random.chance(0.8) ? 2_000 : 1_800_000)
  const isConflict = moneyNames.has(nameOf(sent)) && random.chance(conflictShare)
  const fields = new Map(sent.fields)
  if (isConflict) fields.set('amount', otherAmount(random, sent.fields.get('amount')!))
  return { fields, sentMs, meant: isConflict ? 'conflict' : 'duplicate' }
}

/** Whether a second one is known again. */
export function hasIdentity(sent: Sent): boolean {
  return sent.fields.has('message_id') || (moneyNames.has(nameOf(sent)) && sent.fields.has('transaction_id'))
}

/** Another amount of the same currency: one that is a little larger, in whole units. */
function otherAmount(random: Random, text: string): string {
  const units = parseDecimal(text.replaceAll('"', ''))
  return formatDecimal(units + BigInt(1 + random.below(50)) * 10n ** 18n)
}
