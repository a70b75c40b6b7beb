// The numbers of an operator's business, by day, hour or in one, by currency or converted, for the whole product or by
// click, game type or provider. What each number means is docs/reference/reports.md; a test holds this file to a plain
// reading of it (report.plain.ts). Live events only. Sums, quotients and products are Decimal256.
//
// Three questions go side by side and their rows are put together by (time, dimension, currency):
//   people   registrations, logins, active users: no money, currency ''
//   money    deposits, withdrawals, bets and results, each on its own day
//   firsts   first deposits, each user's earliest of all, on its day
//
// `receivedBeforeMs` leaves out what was received later, everywhere, and what did not stand yet (events-then.ts), so that a
// figure can be had again.

import type { Connection, Params } from '../connection.ts'
import { clickNumberSql, gameTypeSql, isMoneySql, orderSql, resultSql } from '../event-sql.ts'
import { ratesNowSql } from '../rates.ts'
import { eventsThen } from './events-then.ts'

export type ReportDimension = 'click_id' | 'game_type' | 'game_provider'

export type ReportQuestion = {
  product: string
  /** Days in `timeZone`, `2026-06-01`: the first, and the one behind the last. */
  from: string
  to: string
  /** IANA name; `UTC` by default. */
  timeZone?: string
  /** What rows are apart by in time; all in one with `none`. */
  bucket: 'day' | 'hour' | 'none'
  dimension?: ReportDimension
  /** Of so many values of the dimension only: those with the most deposits, then registrations. */
  dimensionsMax?: number
  /** Amounts in US dollars, by the rate of each event's month (UTC). */
  converted?: boolean
  /** Unix milliseconds. */
  receivedBeforeMs?: number
}

/** A question to be asked of the events: `events` is where they are. */
export type AskedOf<Question> = Question & { events: string }

/** Amounts are decimal text. `time` is `2026-06-01`, `2026-06-01T13:00:00+0000`, or empty. */
export type ReportRow = {
  time: string
  /** Empty without a dimension, and of what has none. */
  dimension: string
  /** Upper case; empty for what has no money. */
  currency: string
  registrations: number
  logins: number
  active_users: number
  ftd_count: number
  ftd_amount: string
  deposit_count: number
  deposit_amount: string
  depositors: number
  withdraw_count: number
  withdraw_amount: string
  bet_count: number
  stake: string
  player_result: string
  ggr: string
  /** Money events whose month has no rate for their currency: counted, and in no amount. 0 when not converted. */
  unconverted_count: number
}

export async function readReport(connection: Connection, question: ReportQuestion): Promise<ReportRow[]> {
  const params = paramsOf(question)
  const asked = { ...question, events: await eventsThen(connection, question) }
  const found = await Promise.all(
    [peopleSql, moneySql, firstsSql].map(sql => connection.select<Found>('ask', sql(asked), params)),
  )
  const numbers = new Map<string, bigint>()
  for (const { dimension = '', number } of found.flat())
    if (number !== undefined) numbers.set(dimension, BigInt(number))
  return leading(together(found), question.dimensionsMax, numbers)
}

/**
 * Rows of the values of the dimension that have the most deposits, then registrations, then the least in `numbers`; as
 * rolled-report.ts picks them.
 */
export function leading(
  rows: ReportRow[],
  max: number | undefined,
  numbers: ReadonlyMap<string, bigint> = new Map(),
): ReportRow[] {
  if (max === undefined) return rows
  const ranks = new Map<string, { deposits: number; registrations: number }>()
  for (const { dimension, deposit_count, registrations } of rows) {
    const rank = ranks.get(dimension) ?? { deposits: 0, registrations: 0 }
    ranks.set(dimension, {
      deposits: rank.deposits + deposit_count,
      registrations: rank.registrations + registrations,
    })
  }
  const order = [...ranks].toSorted(
    ([a, one], [b, other]) =>
      other.deposits - one.deposits ||
      other.registrations - one.registrations ||
      compare(numbers.get(a) ?? 0n, numbers.get(b) ?? 0n) ||
      compare(a, b),
  )
  const kept = new Set(order.slice(0, max).map(([dimension]) => dimension))
  return rows.filter(row => kept.has(row.dimension))
}

/** `number`: of a click, see clickNumberSql. */
type Found = Partial<ReportRow> & { told?: string; number?: string }

/** Rows of several questions about the same, one for each time, dimension and currency. */
export function together(answers: readonly (readonly Found[])[]): ReportRow[] {
  const rows = new Map<string, ReportRow>()
  for (const found of answers.flat()) {
    const {
      time: bucket = '',
      dimension = '',
      told,
      currency = told ?? '',
      number: _number,
      settlements: _settlements,
      ...numbers
    } = found as Found & {
      settlements?: number
    }
    const time = timeOf(bucket)
    const key = `${time}\n${currency}\n${dimension}`
    const row = rows.get(key) ?? { ...nothing, time, dimension, currency }
    // First deposits without a rate are counted among the deposits already.
    const unconverted_count = row.unconverted_count + (numbers.unconverted_count ?? 0)
    rows.set(key, Object.assign(row, numbers, { unconverted_count }))
  }
  return [...rows.values()].toSorted(
    (a, b) => compareTimes(a.time, b.time) || compare(a.dimension, b.dimension) || compare(a.currency, b.currency),
  )
}

/** An hour as RFC 3339 has it, `2026-06-01T13:00:00+08:00`; the database writes no colon into the offset. */
function timeOf(bucket: string): string {
  return bucket.replace(/([+-]\d\d)(\d\d)$/, '$1:$2').replace('+00:00', 'Z')
}

/** An hour that comes twice, as clocks are set back, comes with the larger offset first. */
function compareTimes(a: string, b: string): number {
  return compare(a.slice(0, 19), b.slice(0, 19)) || (a === b ? 0 : Date.parse(a) - Date.parse(b))
}

const nothing = {
  registrations: 0,
  logins: 0,
  active_users: 0,
  ftd_count: 0,
  ftd_amount: '0',
  deposit_count: 0,
  deposit_amount: '0',
  depositors: 0,
  withdraw_count: 0,
  withdraw_amount: '0',
  bet_count: 0,
  stake: '0',
  player_result: '0',
  ggr: '0',
  unconverted_count: 0,
}

function compare<Value extends string | bigint>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function paramsOf({
  product,
  from,
  to,
  timeZone = 'UTC',
  receivedBeforeMs,
}: Omit<ReportQuestion, 'bucket'>): Params {
  return {
    product,
    from,
    to,
    tz: timeZone,
    ...(receivedBeforeMs !== undefined && { receivedBeforeMs }),
  }
}

/** Of all live events of the product that count at all. */
export function liveSql({ receivedBeforeMs }: Pick<ReportQuestion, 'receivedBeforeMs'>): string {
  const before =
    receivedBeforeMs === undefined ? '' : "AND received_at < fromUnixTimestamp64Milli({receivedBeforeMs:Int64}, 'UTC')"
  return `product = {product:String} AND mode = 'live' ${before}`
}

export const inRangeSql =
  'timestamp >= toDateTime64({from:String}, 3, {tz:String}) AND timestamp < toDateTime64({to:String}, 3, {tz:String})'

export function bucketSql({ bucket }: ReportQuestion, column = 'timestamp'): string {
  if (bucket === 'none') return "''"
  if (bucket === 'day') return `toString(toDate(${column}, {tz:String}))`
  return `formatDateTime(toTimeZone(${column}, {tz:String}), '%Y-%m-%dT%H:00:00%z')`
}

/** The events, with the dimension as `dimension`: an event without a click is its user's first click's. */
function eventsSql(question: AskedOf<ReportQuestion>, columns: string, condition: string): string {
  const live = liveSql(question)
  const where = `WHERE ${live} AND ${condition}`
  if (question.dimension === 'click_id')
    return `SELECT ${columns}, if(click_id != '', click_id, first_click) AS dimension FROM ${question.events}
      LEFT JOIN (
        SELECT client_user_id, argMin(click_id, ${orderSql}) AS first_click
        FROM ${question.events} WHERE ${live} AND click_id != '' GROUP BY client_user_id
      ) AS clicks USING client_user_id ${where}`
  return `SELECT ${columns}, ${dimensionSql(question)} AS dimension FROM ${question.events} ${where}`
}

function dimensionSql({ dimension }: ReportQuestion): string {
  if (dimension === 'game_type') return gameTypeSql
  return dimension === 'game_provider' ? 'game_provider' : "''"
}

function peopleSql(question: AskedOf<ReportQuestion>): string {
  const number = question.dimension === 'click_id' ? `toString(${clickNumberSql('dimension')}) AS number,` : ''
  return `SELECT ${bucketSql(question)} AS time, dimension, '' AS currency, ${number}
      countIf(event_name = 'register') AS registrations, countIf(event_name = 'login') AS logins,
      uniqExact(client_user_id) AS active_users
    FROM (${eventsSql(question, 'timestamp, event_name, client_user_id', inRangeSql)}) GROUP BY time, dimension`
}

/** A win or a loss of a bet that brought its result itself adds nothing. */
function isSettledSql(question: AskedOf<ReportQuestion>): string {
  const live = liveSql(question)
  return `event_name IN ('win', 'loss') AND parent_transaction_id != '' AND parent_transaction_id IN (
    SELECT transaction_id FROM ${question.events} WHERE ${live} AND event_name = 'bet' AND bet_result_amount IS NOT NULL
      AND transaction_id IN (
        SELECT parent_transaction_id FROM ${question.events}
        WHERE ${live} AND event_name IN ('win', 'loss') AND ${inRangeSql} AND parent_transaction_id != ''))`
}

function moneySql(question: AskedOf<ReportQuestion>): string {
  const columns = `timestamp, event_name, client_user_id, currency, toDecimal256(events.amount, 18) AS value,
    if(${isSettledSql(question)}, NULL, ${resultSql}) AS result`
  const sum = (name: string) => `sumIf(value, event_name = '${name}')`
  return moneyOfMonthsSql(
    question,
    `SELECT ${bucketSql(question)} AS time, dimension, ${monthSql} AS month, currency,
        countIf(event_name = 'deposit') AS deposits, countIf(event_name = 'withdraw') AS withdraws,
        countIf(event_name = 'bet') AS bets, countIf(event_name IN ('win', 'loss')) AS settlements,
        ${sum('deposit')} AS deposit_amount, ${sum('withdraw')} AS withdraw_amount, ${sum('bet')} AS stake,
        sum(result) AS player_result, uniqExactStateIf(client_user_id, event_name = 'deposit') AS persons
      FROM (${eventsSql(question, columns, `${isMoneySql} AND ${inRangeSql}`)})
      GROUP BY time, dimension, month, currency`,
    () => 'uniqExactMerge(m.persons) AS depositors,',
  )
}

const monthSql = "toYYYYMM(toTimeZone(timestamp, 'UTC'))"

function firstsSql(question: AskedOf<ReportQuestion>): string {
  const live = liveSql(question)
  const columns = 'timestamp, received_at, request_id, position, client_user_id, currency, events.amount AS sent'
  const users =
    question.dimension === undefined
      ? `SELECT ${columns}, '' AS dimension FROM ${question.events} WHERE ${live} AND event_name = 'deposit'`
      : eventsSql(question, columns, "event_name = 'deposit'")
  return firstsOfMonthsSql(
    question,
    `SELECT ${bucketSql(question)} AS time, dimension, ${monthSql} AS month, currency, count() AS firsts, sum(value) AS amount
      FROM (
        SELECT earliest.1 AS timestamp, earliest.2 AS currency, toDecimal256(earliest.3, 18) AS value, earliest.4 AS dimension
        FROM (
          SELECT argMin(tuple(timestamp, currency, sent, dimension), ${orderSql}) AS earliest
          FROM (${users}) GROUP BY client_user_id
        )
      ) WHERE ${inRangeSql} GROUP BY time, dimension, month, currency`,
  )
}

/**
 * Sums by month (UTC) and currency, put together: by currency, or in dollars. `counted` is what else is told; it may tell
 * amounts by `text`, too.
 */
export function moneyOfMonthsSql(
  question: ReportQuestion,
  summed: string,
  counted: (text: (name: string) => string) => string,
): string {
  const { currency, of, join, isUnconverted } = conversionSql(question)
  const text = (name: string) => `toString(sum(ifNull(${of(`m.${name}`)}, 0)))`
  return `SELECT time, dimension, ${currency} AS told, ${counted(text)}
      sum(m.deposits) AS deposit_count, ${text('deposit_amount')} AS deposit_amount,
      sum(m.withdraws) AS withdraw_count, ${text('withdraw_amount')} AS withdraw_amount,
      sum(m.bets) AS bet_count, ${text('stake')} AS stake,
      ${text('player_result')} AS player_result, toString(-sum(ifNull(${of('m.player_result')}, 0))) AS ggr,
      sum(if(${isUnconverted}, m.deposits + m.withdraws + m.bets + m.settlements, 0)) AS unconverted_count
    FROM (${summed}) AS m ${join} GROUP BY time, dimension, told`
}

export function firstsOfMonthsSql(question: ReportQuestion, summed: string): string {
  const { currency, of, join } = conversionSql(question)
  return `SELECT time, dimension, ${currency} AS told, sum(m.firsts) AS ftd_count,
      toString(sum(ifNull(${of('m.amount')}, 0))) AS ftd_amount
    FROM (${summed}) AS m ${join} GROUP BY time, dimension, told`
}

/** How amounts are told: as they are, by currency, or each month's sum in dollars, by that month's rate. */
function conversionSql({ converted }: ReportQuestion) {
  if (converted !== true)
    return { currency: 'm.currency', of: (value: string) => value, join: '', isUnconverted: 'false' }
  return {
    currency: "if(m.currency = '', '', 'USD')",
    of: (value: string) =>
      `if(m.currency = 'USD', ${value}, if(r.rate = 0, NULL, divideDecimal(${value}, toDecimal256(r.rate, 18), 18)))`,
    join: `LEFT JOIN (${ratesNowSql}) AS r ON r.month = m.month AND r.currency = m.currency`,
    isUnconverted: "m.currency != 'USD' AND r.rate = 0",
  }
}
