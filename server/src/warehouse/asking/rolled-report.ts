// The same reports as report.ts and report-more.ts, from the rollups (../rollups.ts) instead of from the events: a
// hundredth of the rows. A test holds them to the plain reading and to each other.
// They are there for whatever is asked of all that was received: `receivedBeforeMs` asks for less, and by click a day of
// another time zone, or an hour, is asked for, which rollups of clicks do not have; both are null here, and made from the events.
// So is what was asked for while the rollups were emptied under it.

import {
  atOfPeriodSql,
  type ClickValue,
  keyOf,
  periodsSql,
  type userValues,
  whatOf,
  whatOfKeySql,
} from '../click-sums.ts'
import type { Connection, Params } from '../connection.ts'
import { readBuild } from '../rollup-builds.ts'
import {
  bucketSql,
  firstsOfMonthsSql,
  leading,
  moneyOfMonthsSql,
  paramsOf,
  type ReportQuestion,
  type ReportRow,
  together,
} from './report.ts'
import {
  type FunnelQuestion,
  type FunnelRow,
  type LateQuestion,
  type LateRow,
  lateRowOf,
  type LateFound,
  limitSql,
} from './report-more.ts'

/** Rows, or null when rollups cannot answer this. */
export async function readRolledReport(
  connection: Connection,
  build: string,
  question: ReportQuestion,
): Promise<ReportRow[] | null> {
  if (!canAnswer(question)) return null
  if (question.dimension === 'click_id') return readByClick(connection, build, question)
  const sqls = [peopleSql(question), moneySql(question), firstsSql(question)]
  const rows = await askAll<Partial<ReportRow>>(connection, sqls, paramsOf(question))
  return ifStill(connection, build, () => leading(together(rows), question.dimensionsMax))
}

/**
 * The clicks that are told of are picked first, by what they are ranked by, and the rest is read of their rows alone. Each
 * in two statements at once, since the engine does most of one statement's work on one core.
 */
async function readByClick(
  connection: Connection,
  build: string,
  question: ReportQuestion,
): Promise<ReportRow[] | null> {
  if ((question.timeZone ?? 'UTC') !== 'UTC' || question.bucket === 'hour') return null
  const params = paramsOf(question)
  const leaders = halves.map(half => leadersSql(question, half))
  const ranked = await askAll<Ranked>(connection, leaders, params)
  const clicks = ranked.flat().toSorted(compareRanks).slice(0, question.dimensionsMax)
  const pieces = piecesOf(clicks, Math.min(Math.ceil(clicks.length / 2), clicksOfStatementMax))
  const sqls = pieces.map(some => byClickSql(question, some))
  const rows = await askAll<Partial<ReportRow>>(connection, sqls, params)
  return ifStill(connection, build, () => together(rows))
}

/** A statement may have 256 KiB, and a click's number takes 40 bytes of them. */
const clicksOfStatementMax = 5_000

function piecesOf<Item>(all: readonly Item[], size: number): Item[][] {
  const pieces: Item[][] = []
  for (let at = 0; at < all.length; at += size) pieces.push(all.slice(at, at + size))
  return pieces
}

/** `click`: its number, as text. */
type Ranked = { click: string; made: number; registered: number }

function compareRanks(a: Ranked, b: Ranked): number {
  return b.made - a.made || b.registered - a.registered || (BigInt(a.click) < BigInt(b.click) ? -1 : 1)
}

/** Of the numbers of clicks, which are hashes. */
const halves = [`r.click < toUInt128('${2n ** 127n}')`, `r.click >= toUInt128('${2n ** 127n}')`]

/** The clicks of a half with the most deposits, then registrations, as many as are asked for. */
function leadersSql(question: ReportQuestion, half: string): string {
  return `SELECT toString(r.click) AS click, sum(r.deposits) AS made, sum(r.registrations) AS registered
    FROM rollup_click_ranks AS r
    WHERE ${ours} AND ${half} AND ${spansSql({ ...question, bucket: 'none' }, ranksSql)}
    GROUP BY r.click HAVING sum(r.events) > 0
    ORDER BY made DESC, registered DESC, r.click ${limitSql(question)} SETTINGS max_threads = 1`
}

function ranksSql(grain: string, from: string, to: string): string {
  const at = (day: string) => `toDateTime64('${day}', 3, 'UTC')`
  return `(grain = '${grain}' AND at >= ${at(from)} AND at < ${at(to)})`
}

export async function readRolledFunnel(
  connection: Connection,
  build: string,
  question: FunnelQuestion,
): Promise<FunnelRow[] | null> {
  if (!canAnswer(question)) return null
  const sql = `SELECT click AS click_id, count() AS registered, countIf(made >= 1) AS deposited_once,
      countIf(made >= 2) AS deposited_twice
    FROM (
      SELECT ${question.byClick === true ? 'argMin(first_click.click_id, first_click.place)' : "''"} AS click,
        min(first_register) AS timestamp, sum(registers) AS times, sum(deposits) AS made
      FROM rollup_users WHERE ${ours} GROUP BY person
    ) WHERE times > 0 AND ${within('timestamp')}
    GROUP BY click ORDER BY registered DESC, click_id ${limitSql(question)}`
  const rows = await connection.select<FunnelRow>('ask', sql, paramsOf(question))
  return ifStill(connection, build, () => rows)
}

export async function readRolledLate(
  connection: Connection,
  build: string,
  question: LateQuestion,
): Promise<LateRow[] | null> {
  if (!canAnswer(question)) return null
  const sql = `SELECT toString(toDate(at, {tz:String})) AS day, event_name, currency, sum(rollup_late.events) AS events,
      if(sum(amounts) = 0, NULL, toString(sum(rollup_late.amount))) AS amount,
      toUnixTimestamp64Milli(min(first_received)) AS firstMs, toUnixTimestamp64Milli(max(last_received)) AS lastMs
    FROM rollup_late WHERE product = {product:String} AND build = '' AND ${within('at')}
      AND received >= toStartOfDay(addDays(toTimeZone(at, {tz:String}), 1))
    GROUP BY day, event_name, currency ORDER BY day, event_name, currency`
  const rows = await connection.select<LateFound>('ask', sql, paramsOf(question))
  return ifStill(connection, build, () => rows.map(lateRowOf))
}

/** Whether rollups can; days of all zones begin at a quarter of an hour since the seventies. */
export function canAnswer({ receivedBeforeMs, from }: Pick<ReportQuestion, 'receivedBeforeMs' | 'from'>): boolean {
  return receivedBeforeMs === undefined && from >= '1973'
}

function askAll<Row>(connection: Connection, sqls: string[], params: Params): Promise<Row[][]> {
  return Promise.all(sqls.map(sql => connection.select<Row>('ask', sql, params)))
}

/** What is made of all that was read; null when another build counts by then, which is asked while it is made. */
async function ifStill<Made>(connection: Connection, build: string, make: () => Made): Promise<Made | null> {
  const counting = readBuild(connection, 'ask')
  const made = make()
  return (await counting) === build ? made : null
}

/** What says of a step that it is there has no product. */
const ours = 'product = {product:String}'

function within(column: string): string {
  return `${column} >= toDateTime64({from:String}, 3, {tz:String}) AND ${column} < toDateTime64({to:String}, 3, {tz:String})`
}

/**
 * Rows of the range: whole days of UTC where these will do, and quarters of an hour where the range begins and ends within
 * one, or days or hours of another zone are asked for.
 */
function spanSql({ bucket, timeZone = 'UTC' }: ReportQuestion): string {
  if (bucket === 'hour' || (bucket === 'day' && timeZone !== 'UTC')) return `grain = 'quarter' AND ${within('at')}`
  if (timeZone === 'UTC') return `grain = 'day' AND ${within('at')}`
  const firstDay = "toStartOfDay(toDateTime({from:String}, {tz:String}) + INTERVAL 86399 SECOND, 'UTC')"
  const lastDay = "toStartOfDay(toDateTime({to:String}, {tz:String}), 'UTC')"
  return `${within('at')} AND (grain = 'day' AND at >= ${firstDay} AND at < ${lastDay}
    OR grain = 'quarter' AND (at < ${firstDay} OR at >= ${lastDay}))`
}

const sumNames = [
  'deposits',
  'withdraws',
  'bets',
  'settlements',
  'deposit_amount',
  'withdraw_amount',
  'stake',
  'player_result',
] as const

const numbersSql = (question: ReportQuestion) =>
  `rollup_numbers AS r WHERE ${ours} AND part = '${question.dimension ?? ''}' AND ${spanSql(question)}`

/** Users who were there at all are in the rows without a currency. */
function peopleSql(question: ReportQuestion): string {
  return `SELECT ${bucketSql(question, 'at')} AS time, value AS dimension, '' AS currency,
      sum(r.registrations) AS registrations, sum(r.logins) AS logins, groupBitmapMerge(r.active) AS active_users
    FROM ${numbersSql(question)} GROUP BY time, dimension HAVING active_users > 0`
}

function moneySql(question: ReportQuestion): string {
  return moneyOfMonthsSql(
    question,
    `SELECT ${bucketSql(question, 'at')} AS time, value AS dimension, toYYYYMM(at) AS month, currency,
        ${sumsOf('r', sumNames)}, groupBitmapMergeState(r.depositors) AS persons
      FROM ${numbersSql(question)} AND currency != '' GROUP BY time, dimension, month, currency`,
    () => 'groupBitmapMerge(m.persons) AS depositors,',
  )
}

/**
 * Registrations, logins and users who were there at all have no money, and stand in the rows without a currency; depositors
 * by currency.
 */
function byClickSql(question: ReportQuestion, clicks: readonly Ranked[]): string {
  const counts = ['registrations', 'logins', 'deposits', 'withdraws', 'bets', 'settlements', 'firsts'] as const
  const amounts = ['deposit_amount', 'withdraw_amount', 'stake', 'player_result', 'first_amount'] as const
  const sumOf = (name: ClickValue) =>
    name === 'deposits'
      ? `arraySum(arrayFilter(${isOf('deposits')}, amounts, keys))`
      : `amounts[indexOf(keys, ${keyOf(name)})]`
  const isOf = (name: ClickValue) => `(amount, key) -> ${whatOfKeySql('key')} = ${whatOf(name)}`
  const users = (name: (typeof userValues)[number]) =>
    `arrayFilter((key, amount) -> ${whatOfKeySql('key')} = ${whatOf(name)} AND amount > 0, keys, amounts)`
  // What moved to another click has left nothing behind.
  const isThere = 'length(active) + length(paid) + withdraws + bets + settlements > 0'
  const sums = `SELECT time, text AS dimension, month, currency,
      ${counts.map(name => `toInt64(${sumOf(name)}) AS ${name}`).join(', ')},
      ${amounts.map(name => `${sumOf(name)} AS ${name}`).join(', ')},
      ${users('events')} AS active, ${users('deposits')} AS paid
    FROM (
      SELECT ${bucketSql(question, atOfPeriodSql)} AS time, click, toYYYYMM(${atOfPeriodSql}) AS month, currency,
        any(r.click_id) AS text, sumMap(r.sums) AS summed, summed.1 AS keys, summed.2 AS amounts
      FROM rollup_clicks AS r WHERE ${ours} AND ${spansSql(question, periodsSql)} AND click IN (
          SELECT toUInt128(arrayJoin(splitByChar(',', '${clicks.map(({ click }) => click).join()}'))))
      GROUP BY time, click, month, currency
    ) WHERE ${isThere}`
  const told = moneyOfMonthsSql(
    question,
    sums,
    text => `sum(m.registrations) AS registrations, sum(m.logins) AS logins, uniqExactArray(m.active) AS active_users,
      uniqExactArray(m.paid) AS depositors, sum(m.firsts) AS ftd_count, ${text('first_amount')} AS ftd_amount,`,
  )
  return `${told} SETTINGS max_threads = 1`
}

function sumsOf(table: string, names: readonly string[]): string {
  return names.map(name => `sum(${table}.${name}) AS ${name}`).join(', ')
}

/** Thirds of months where the range has them whole, and days for the rest or where they are asked for. Days are of UTC. */
function spansSql(
  { bucket, from, to }: ReportQuestion,
  spanSql: (grain: 'dekad' | 'day', from: string, to: string) => string,
): string {
  const first = firstDekad(from)
  const behind = lastDekad(to)
  if (bucket === 'day' || first >= behind) return spanSql('day', from, to)
  const spans = [spanSql('dekad', first, behind), spanSql('day', from, first), spanSql('day', behind, to)]
  return `(${spans.join(' OR ')})`
}

/** The first one that begins on that day or later: on the 1st, the 11th or the 21st of a month. */
function firstDekad(day: string): string {
  return [...Array(dekadDaysMax).keys()].map(n => addDays(day, n)).find(isDekad) ?? day
}

/** The last one that begins on that day or earlier. */
function lastDekad(day: string): string {
  return [...Array(dekadDaysMax).keys()].map(n => addDays(day, -n)).find(isDekad) ?? day
}

const dekadDaysMax = 11
const isDekad = (day: string) => ['01', '11', '21'].includes(day.slice(8))

function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10)
}

/** First deposits by their time. */
function firstsSql(question: ReportQuestion): string {
  return firstsOfMonthsSql(
    question,
    `SELECT ${bucketSql(question, 'at')} AS time, value AS dimension, toYYYYMM(at) AS month, currency,
        sum(r.firsts) AS firsts, sum(r.first_amount) AS amount
      FROM rollup_firsts AS r WHERE ${ours} AND part = '${question.dimension ?? ''}' AND ${within('at')}
      GROUP BY time, dimension, month, currency HAVING firsts > 0`,
  )
}
