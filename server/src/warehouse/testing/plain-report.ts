// The report once more, as plainly as its definitions read (docs/reference/reports.md): loops over events and BigInt sums.
// It shares no code with the report; tests hold the two together.

import type { EventRow } from '../load.ts'

export type PlainQuestion = {
  product: string
  fromMs: number
  toMs: number
  bucketOf: (ms: number) => string
  dimension?: 'click_id' | 'game_type' | 'game_provider'
  /** By `2026-06 EUR`: units for one dollar. */
  rates?: ReadonlyMap<string, string>
  receivedBeforeMs?: number
}

type Group = Record<string, bigint>

const scale = 10n ** 18n

/** Rows by `time|dimension|currency`, with numbers as text; only what is not zero. */
export function plainReport(rows: readonly EventRow[], question: PlainQuestion): Map<string, Record<string, string>> {
  const { product, fromMs, toMs, bucketOf, rates, receivedBeforeMs = Number.POSITIVE_INFINITY } = question
  const live = rows
    .filter(
      ({ origin }) => origin.product === product && origin.mode === 'live' && origin.receivedMs < receivedBeforeMs,
    )
    .toSorted(inTime)
  const clicks = new Map<string, string>()
  for (const { event } of live)
    if (event.clickId !== '' && !clicks.has(event.userId)) clicks.set(event.userId, event.clickId)
  const ownResults = new Set(
    live
      .filter(({ event }) => event.name === 'bet' && event.betResultAmount !== null)
      .map(({ event }) => event.transactionId),
  )
  const groups = new Map<string, Group>()
  const people = new Map<string, Set<string>>()
  const dimensionOf = ({ event, derived }: EventRow) => {
    if (question.dimension === 'click_id') return event.clickId || (clicks.get(event.userId) ?? '')
    if (question.dimension === 'game_type') return derived.gameType || event.gameType
    return question.dimension === 'game_provider' ? event.gameProvider : ''
  }
  const add = (row: EventRow, currency: string, name: string, value: bigint) => {
    const key = [bucketOf(row.event.eventMs), dimensionOf(row), currency].join('|')
    const group = groups.get(key) ?? {}
    group[name] = (group[name] ?? 0n) + value
    groups.set(key, group)
  }
  const addPerson = (row: EventRow, currency: string, name: string) => {
    const key = [bucketOf(row.event.eventMs), dimensionOf(row), currency, name].join('|')
    const seen = people.get(key) ?? new Set()
    people.set(key, seen)
    if (!seen.has(row.event.userId)) add(row, currency, name, 1n)
    seen.add(row.event.userId)
  }
  /** `2026-06 EUR` of what has to be converted; null of what needs none. */
  const rateKeyOf = ({ event }: EventRow): string | null =>
    rates === undefined || event.currency === 'USD'
      ? null
      : `${new Date(event.eventMs).toISOString().slice(0, 7)} ${event.currency}`
  const isUnconverted = (row: EventRow): boolean => {
    const key = rateKeyOf(row)
    return key !== null && !rates!.has(key)
  }
  /** What has to be converted is added up by month and currency first, under a name of its own. */
  const addMoney = (row: EventRow, name: string, value: bigint) => {
    const key = rateKeyOf(row)
    if (isUnconverted(row)) return
    if (key === null) add(row, row.event.currency, name, value)
    else add(row, 'USD', `${name}@${key}`, value)
  }
  const firsts = new Set<string>()
  for (const row of live) {
    const { event } = row
    const isFirst = event.name === 'deposit' && !firsts.has(event.userId)
    if (isFirst) firsts.add(event.userId)
    if (event.eventMs < fromMs || event.eventMs >= toMs) continue
    addPerson(row, '', 'active_users')
    if (event.name === 'register') add(row, '', 'registrations', 1n)
    if (event.name === 'login') add(row, '', 'logins', 1n)
    if (!['deposit', 'withdraw', 'bet', 'win', 'loss'].includes(event.name)) continue
    const currency = rates === undefined ? event.currency : 'USD'
    const value = units(event.amount as string)
    if (isUnconverted(row)) add(row, currency, 'unconverted_count', 1n)
    if (event.name === 'deposit') {
      add(row, currency, 'deposit_count', 1n)
      addMoney(row, 'deposit_amount', value)
      addPerson(row, currency, 'depositors')
      if (isFirst) {
        add(row, currency, 'ftd_count', 1n)
        addMoney(row, 'ftd_amount', value)
      }
    }
    if (event.name === 'withdraw') {
      add(row, currency, 'withdraw_count', 1n)
      addMoney(row, 'withdraw_amount', value)
    }
    if (event.name === 'bet') {
      add(row, currency, 'bet_count', 1n)
      addMoney(row, 'stake', value)
      if (event.betResultAmount !== null) addResult(row, event.betResultAmount, event.betResult === 'loss')
    }
    if (event.name === 'win' || event.name === 'loss') {
      const isSettled = event.parentTransactionId !== '' && ownResults.has(event.parentTransactionId)
      if (!isSettled) addResult(row, event.amount as string, event.name === 'loss')
    }
  }
  function addResult(row: EventRow, amount: string, isLoss: boolean): void {
    const value = units(amount)
    const result = isLoss && value > 0n ? -value : value
    addMoney(row, 'player_result', result)
    addMoney(row, 'ggr', -result)
  }
  for (const group of groups.values()) convert(group, rates)
  return shown(groups)
}

/** Each month's sum of a currency by its rate, to 18 digits. */
function convert(group: Group, rates: ReadonlyMap<string, string> | undefined): void {
  for (const [name, value] of Object.entries(group)) {
    const [plain = '', key] = name.split('@')
    if (key === undefined) continue
    group[plain] = (group[plain] ?? 0n) + (value * scale) / units(rates?.get(key) as string)
    delete group[name]
  }
}

function inTime(a: EventRow, b: EventRow): number {
  const byTime = a.event.eventMs - b.event.eventMs || a.origin.receivedMs - b.origin.receivedMs
  return (
    byTime ||
    (a.origin.requestId < b.origin.requestId ? -1 : a.origin.requestId > b.origin.requestId ? 1 : 0) ||
    a.origin.position - b.origin.position
  )
}

const amounts = ['ftd_amount', 'deposit_amount', 'withdraw_amount', 'stake', 'player_result', 'ggr']

function shown(groups: Map<string, Group>): Map<string, Record<string, string>> {
  const rows = new Map<string, Record<string, string>>()
  for (const [key, group] of groups) {
    const numbers = Object.entries(group).filter(([, value]) => value !== 0n)
    const texts = numbers.map(([name, value]) => [name, amounts.includes(name) ? textOf(value) : String(value)])
    if (texts.length > 0) rows.set(key, Object.fromEntries(texts) as Record<string, string>)
  }
  return rows
}

function units(text: string): bigint {
  const isNegative = text.startsWith('-')
  const [whole = '0', fraction = ''] = (isNegative ? text.slice(1) : text).split('.')
  const value = BigInt(whole) * scale + BigInt(fraction.padEnd(18, '0'))
  return isNegative ? -value : value
}

function textOf(value: bigint): string {
  const size = value < 0n ? -value : value
  const fraction = String(size % scale)
    .padStart(18, '0')
    .replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${size / scale}${fraction === '' ? '' : `.${fraction}`}`
}
