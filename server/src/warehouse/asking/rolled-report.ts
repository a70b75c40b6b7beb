// The same reports as report.ts and report-more.ts, from the rollups (../rollups.ts) instead of from the events: a
// hundredth of the rows. A test holds them to the plain reading and to each other.
// They are there for whatever is asked of all that was received: `receivedBeforeMs` asks for less, and by click a day of
// another time zone, or an hour, is asked for, which rollups of clicks do not have; both are null here, and made from the events.
// So is what was asked for while the rollups were emptied under it.

import type { Connection, Params } from '../connection.ts'
import { noPlaceSql, timeOfPlaceSql } from '../event-sql.ts'
import { readBuild } from '../rollups.ts'
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
} from './report-more.ts'

/** Rows, or null when rollups cannot answer this. */
export async function readRolledReport(
  connection: Connection,
  build: string,
  question: ReportQuestion,
): Promise<ReportRow[] | null> {
  if (!canAnswer(question)) return null
  if (question.dimension === 'click_id') return readByClick(connection, build, question)
  const sqls = [...[peopleSql, moneySql].map(sql => sql(question, plainRows(question))), firstsSql(question)]
  const rows = await askAll<Partial<ReportRow>>(connection, build, sqls, paramsOf(question))
  return rows && leading(together(rows), question.dimensionsMax)
}

/** The clicks that are told of are picked first, so that only their rows are added up, some hundreds at a time. */
async function readByClick(
  connection: Connection,
  build: string,
  question: ReportQuestion,
): Promise<ReportRow[] | null> {
  if ((question.timeZone ?? 'UTC') !== 'UTC' || question.bucket === 'hour') return null
  const params = paramsOf(question)
  const rows: ReportRow[] = []
  for (const clicks of inPieces(await leadersOf(connection, question))) {
    const sqls = [numbersByClickSql(question, byClickSql(clicks)), firstsSql(question, clicks.sql)]
    const found = await askAll<Partial<ReportRow>>(connection, build, sqls, params)
    if (found === null) return null
    rows.push(...together([...peopleAndMoney(found[0] ?? []), found[1] ?? []]))
  }
  return together([rows])
}

/** Most often enough of the clicks have a deposit or a register, and the rest need not be looked at. */
async function leadersOf(connection: Connection, question: ReportQuestion): Promise<string[]> {
  const { dimensionsMax } = question
  for (const among of dimensionsMax === undefined ? (['all'] as const) : (['ranked', 'all'] as const)) {
    const found = await connection.select<{ dimension: string }>('ask', leadersSql(question, among), paramsOf(question))
    if (among === 'all' || found.length === dimensionsMax) return found.map(({ dimension }) => dimension)
  }
  return []
}

/** Rows without a currency tell of the people alone, the others of the money alone. */
function peopleAndMoney(rows: readonly (Partial<ReportRow> & { told?: string })[]): Partial<ReportRow>[][] {
  const people = rows
    .filter(({ told }) => told === '')
    .map(({ time = '', dimension = '', registrations = 0, logins = 0, active_users = 0 }) => {
      return { time, dimension, currency: '', registrations, logins, active_users }
    })
  const money = rows
    .filter(({ told }) => told !== '')
    .map(({ registrations: _, logins: __, active_users: ___, ...rest }) => rest)
  return [people, money]
}

type Clicks = { sql: string; hasNone: boolean }

/** As lists of literals, each short enough for a statement that names it three times; `hasNone`: what has no click, too. */
function* inPieces(texts: readonly string[]): Generator<Clicks> {
  let piece: string[] = []
  let length = 0
  const made = (): Clicks => ({ sql: piece.join(', '), hasNone: piece.includes("''") })
  for (const text of texts) {
    const literal = `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
    if (length + literal.length > literalsMax) {
      yield made()
      piece = []
      length = 0
    }
    piece.push(literal)
    length += literal.length + 2
  }
  if (piece.length > 0) yield made()
}

/** Characters; a statement has 256 KiB at most. */
const literalsMax = 40_000

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
    GROUP BY click ORDER BY registered DESC, click_id`
  return (await askAll<FunnelRow>(connection, build, [sql], paramsOf(question)))?.[0] ?? null
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
  const found = await askAll<LateFound>(connection, build, [sql], paramsOf(question))
  return found?.[0]?.map(lateRowOf) ?? null
}

/** Whether rollups can; days of all zones begin at a quarter of an hour since the seventies. */
export function canAnswer({ receivedBeforeMs, from }: Pick<ReportQuestion, 'receivedBeforeMs' | 'from'>): boolean {
  return receivedBeforeMs === undefined && from >= '1973'
}

/** Null when another build counts by the time that all was read. */
async function askAll<Row>(connection: Connection, build: string, sqls: string[], params: Params) {
  const found = await Promise.all(sqls.map(sql => connection.select<Row>('ask', sql, params)))
  return (await readBuild(connection, 'ask')) === build ? found : null
}

const ours = "product = {product:String} AND build = ''"

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

/** Rows to be added up: `at`, `dimension`, `currency`, the sums, and users as states of bitmaps. */
type Rows = { from: string; where: string; dimension: string }

function plainRows(question: ReportQuestion): Rows {
  const where = `${ours} AND part = '${question.dimension ?? ''}' AND ${spanSql(question)}`
  return { from: 'rollup_numbers AS r', where, dimension: 'value' }
}

/** Users who were there at all are in the rows without a currency. */
function peopleSql(question: ReportQuestion, { from, where, dimension }: Rows): string {
  return `SELECT ${bucketSql(question, 'at')} AS time, ${dimension} AS dimension, '' AS currency,
      sum(r.registrations) AS registrations, sum(r.logins) AS logins, groupBitmapMerge(r.active) AS active_users
    FROM ${from} WHERE ${where} GROUP BY time, dimension HAVING active_users > 0`
}

function moneySql(question: ReportQuestion, { from, where, dimension }: Rows): string {
  return moneyOfMonthsSql(
    question,
    `SELECT ${bucketSql(question, 'at')} AS time, ${dimension} AS dimension, toYYYYMM(at) AS month, currency,
        ${sumsOf('r', sumNames)}, groupBitmapMergeState(r.depositors) AS persons
      FROM ${from} WHERE ${where} AND currency != '' GROUP BY time, dimension, month, currency`,
    'groupBitmapMerge(m.persons) AS depositors,',
  )
}

/** People and money in one: what is read is much more than what comes of it. Rows without a currency are of people. */
function numbersByClickSql(question: ReportQuestion, rows: string): string {
  return moneyOfMonthsSql(
    question,
    `SELECT ${bucketSql(question, 'at')} AS time, dimension, toYYYYMM(at) AS month, currency,
        ${sumsOf('r', ['registrations', 'logins', ...sumNames])},
        groupBitmapMergeState(r.active) AS there, groupBitmapMergeState(r.depositors) AS persons
      FROM ${rows} GROUP BY time, dimension, month, currency`,
    `sum(m.registrations) AS registrations, sum(m.logins) AS logins, groupBitmapMerge(m.there) AS active_users,
      groupBitmapMerge(m.persons) AS depositors,`,
    "GROUPING SETS ((time, dimension, told), (time, dimension)) HAVING if(grouping(told) = 1, active_users > 0, told != '')",
  )
}

/** The first click of each user who has one. */
const clicksSql = (
  among = '',
) => `SELECT person, argMin(first_click.click_id, first_click.place) AS first FROM rollup_users
    WHERE ${ours} AND first_click.place != ${noPlaceSql} ${among} GROUP BY person`

/** What belongs to these clicks: what came with them, and what came without any, of users who first came with one of them. */
function byClickSql({ sql, hasNone }: Clicks): string {
  const names = ['registrations', 'logins', ...sumNames]
  // Those users are few, and looked up once; users without any click are told by not being among the others.
  const picked = `(SELECT groupArray((person, first)) FROM (${clicksSql()}) WHERE first IN (${sql}))`
  const theirs = hasNone
    ? `person NOT IN (SELECT person FROM (${clicksSql()}) WHERE first NOT IN (${sql}))`
    : 'person IN (SELECT arrayJoin(picked).1)'
  return `(
      SELECT at, click_id AS dimension, currency, ${names.join(', ')}, active, depositors FROM rollup_clicked
      WHERE ${ours} AND ${within('at')} AND click_id IN (${sql})
      UNION ALL
      SELECT * FROM (
        WITH ${picked} AS picked
        SELECT at, first AS dimension, currency, ${names.map(name => `sum(u.${name})`).join(', ')},
          groupBitmapState(u.person) AS active, groupBitmapStateIf(u.person, u.deposits > 0) AS depositors
        FROM (SELECT * FROM rollup_unclicked WHERE ${ours} AND ${within('at')} AND ${theirs}) AS u
        LEFT JOIN (SELECT one.1 AS person, one.2 AS first FROM (SELECT arrayJoin(picked) AS one)) AS clicks USING person
        GROUP BY at, dimension, currency
      )
    ) AS r`
}

function sumsOf(table: string, names: readonly string[]): string {
  return names.map(name => `sum(${table}.${name}) AS ${name}`).join(', ')
}

/**
 * The clicks with the most deposits, then registrations, as many as are asked for; `ranked`: without those that have
 * neither among what came without a click.
 */
function leadersSql({ dimensionsMax }: ReportQuestion, among: 'ranked' | 'all'): string {
  const isRanked = among === 'all' ? '' : 'AND (deposits > 0 OR registrations > 0)'
  const unclicked = `rollup_unclicked WHERE ${ours} AND ${within('at')} ${isRanked}`
  return `SELECT dimension FROM (
      SELECT click_id AS dimension, sum(deposits) AS made, sum(registrations) AS came FROM rollup_clicked
      WHERE ${ours} AND ${within('at')} GROUP BY click_id
      UNION ALL
      SELECT first, sum(u.made), sum(u.came) FROM (
        SELECT person, sum(deposits) AS made, sum(registrations) AS came FROM ${unclicked} GROUP BY person
      ) AS u LEFT JOIN (${clicksSql(`AND person IN (SELECT person FROM ${unclicked})`)}) AS clicks USING person GROUP BY first
    ) GROUP BY dimension ORDER BY sum(made) DESC, sum(came) DESC, dimension
    ${dimensionsMax === undefined ? '' : `LIMIT ${Math.floor(dimensionsMax)}`}`
}

/** Each user's first deposit; one without a click belongs to the first click of its user. */
function firstsSql(question: ReportQuestion, clicks = ''): string {
  const of = (name: string, column = 'first_deposit') => `argMin(${column}.${name}, ${column}.place)`
  const { dimension } = question
  const own = dimension === undefined ? "''" : of(dimension)
  const isOfClicks = clicks === '' ? '' : `AND dimension IN (${clicks})`
  return firstsOfMonthsSql(
    question,
    `SELECT ${bucketSql(question, 'at')} AS time, dimension, toYYYYMM(at) AS month, currency, count() AS firsts,
        sum(toDecimal256(deposit, 18)) AS amount
      FROM (
        SELECT min(first_deposit.place) AS place, ${timeOfPlaceSql('place')} AS at, ${of('currency')} AS currency,
          ${of('amount')} AS deposit,
          ${dimension === 'click_id' ? `if(${own} != '', ${own}, ${of('click_id', 'first_click')})` : own} AS dimension
        FROM rollup_users WHERE ${ours} GROUP BY person HAVING place != ${noPlaceSql}
      ) WHERE ${within('at')} ${isOfClicks} GROUP BY time, dimension, month, currency`,
  )
}
