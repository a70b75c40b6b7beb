// The same reports as report.ts and report-more.ts, from the rollups (../rollups.ts) instead of from the events: a
// hundredth of the rows. A test holds them to the plain reading and to each other.
// They are there for whatever is asked of all that was received: `receivedBeforeMs` asks for less, and by click a day of
// another time zone, or an hour, is asked for, which rollups of clicks do not have; both are null here, and made from the events.
// So is what was asked for while the rollups were emptied under it.

import type { Connection, Params } from '../connection.ts'
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
  const rows = await askAll<Partial<ReportRow>>(connection, build, plainSqls(question), paramsOf(question))
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
  const leaders = await connection.select<{ dimension: string }>('ask', leadersSql(question), params)
  const rows: ReportRow[] = []
  for (const clicks of inPieces(leaders.map(leader => leader.dimension))) {
    const sqls = [clickPeopleSql(question, clicks), clickMoneySql(question, clicks), firstsSql(question, clicks)]
    const found = await askAll<Partial<ReportRow>>(connection, build, sqls, params)
    if (found === null) return null
    rows.push(...together(found))
  }
  return together([rows])
}

/** As lists of literals, each short enough for a statement that names it three times. */
function* inPieces(texts: readonly string[]): Generator<string> {
  let piece: string[] = []
  let length = 0
  for (const text of texts) {
    const literal = `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
    if (length + literal.length > literalsMax) {
      yield piece.join(', ')
      piece = []
      length = 0
    }
    piece.push(literal)
    length += literal.length + 2
  }
  if (piece.length > 0) yield piece.join(', ')
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
      SELECT ${question.byClick === true ? 'argMinMerge(first_click)' : "''"} AS click, minMerge(first_register) AS timestamp,
        sum(registers) AS times, sum(deposits) AS made
      FROM rollup_users WHERE product = {product:String} AND build = '' GROUP BY person
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

/** Days of all zones begin at a quarter of an hour since the seventies. */
function canAnswer({ receivedBeforeMs, from }: Pick<ReportQuestion, 'receivedBeforeMs' | 'from'>): boolean {
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

/** Rows of this dimension; all are of the empty one. */
function ofDimension({ dimension }: ReportQuestion): string {
  return `part = '${dimension ?? ''}'`
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

function plainSqls(question: ReportQuestion): string[] {
  const [time, dimension] = [bucketSql(question, 'at'), 'value']
  const there = `WHERE ${ours} AND ${ofDimension(question)} AND ${within('at')}`
  const currency = question.converted === true ? "'USD'" : 'currency'
  const sums = sumNames.map(name => `sum(${name}) AS ${name}`).join(', ')
  return [
    `SELECT ${time} AS time, ${dimension} AS dimension, '' AS currency, sum(rollup_sums.registrations) AS registrations,
      sum(rollup_sums.logins) AS logins FROM rollup_sums ${there} GROUP BY time, dimension
      HAVING registrations > 0 OR logins > 0`,
    `SELECT ${time} AS time, ${dimension} AS dimension, '' AS currency, groupBitmapMerge(active) AS active_users
      FROM rollup_people ${there} GROUP BY time, dimension`,
    `SELECT ${time} AS time, ${dimension} AS dimension, ${currency} AS told, groupBitmapMerge(rollup_people.depositors) AS depositors
      FROM rollup_people ${there} AND currency != '' GROUP BY time, dimension, told HAVING depositors > 0`,
    moneyOfMonthsSql(
      question,
      `SELECT ${time} AS time, ${dimension} AS dimension, toYYYYMM(at) AS month, currency, ${sums}
        FROM rollup_sums ${there} AND currency != '' GROUP BY time, dimension, month, currency`,
    ),
    firstsSql(question),
  ]
}

/** The first click of each user who has one. */
const clicksSql = `SELECT person, argMinMerge(first_click) AS first FROM rollup_users WHERE ${ours} GROUP BY person`

/**
 * Rows of users by day: each belongs to its click, or to that which its user first came with. What is surely of others is left
 * out before anything else is read.
 */
function byClickSql(clicks: string): string {
  return `SELECT * FROM (
      SELECT *, if(click_id != '', click_id, first) AS dimension
      FROM rollup_clicks LEFT JOIN (${clicksSql}) AS clicks USING person
      WHERE ${ours} AND ${within('at')} AND if(click_id != '', click_id IN (${clicks}),
        person NOT IN (SELECT person FROM (${clicksSql}) WHERE first NOT IN (${clicks})))
    ) WHERE dimension IN (${clicks})`
}

/** The clicks with the most deposits, then registrations, as many as are asked for. */
function leadersSql({ dimensionsMax }: ReportQuestion): string {
  return `SELECT dimension FROM (
      SELECT if(click_id != '', click_id, first) AS dimension, made, came FROM (
        SELECT person, click_id, sum(deposits) AS made, sum(registrations) AS came FROM rollup_clicks
        WHERE ${ours} AND ${within('at')} GROUP BY person, click_id
      ) AS c LEFT JOIN (${clicksSql}) AS clicks USING person
    ) GROUP BY dimension ORDER BY sum(made) DESC, sum(came) DESC, dimension
    ${dimensionsMax === undefined ? '' : `LIMIT ${Math.floor(dimensionsMax)}`}`
}

function clickPeopleSql(question: ReportQuestion, clicks: string): string {
  return `SELECT ${bucketSql(question, 'at')} AS time, dimension, '' AS currency, sum(r.registrations) AS registrations, sum(r.logins) AS logins,
      uniqExact(person) AS active_users FROM (${byClickSql(clicks)}) AS r GROUP BY time, dimension`
}

function clickMoneySql(question: ReportQuestion, clicks: string): string {
  const sums = sumNames.map(name => `sum(r.${name}) AS ${name}`).join(', ')
  const depositors = 'groupBitmapStateIf(person, r.deposits > 0) AS persons'
  return moneyOfMonthsSql(
    question,
    `SELECT ${bucketSql(question, 'at')} AS time, dimension, toYYYYMM(at) AS month, currency, ${sums}, ${depositors}
      FROM (${byClickSql(clicks)}) AS r WHERE currency != '' GROUP BY time, dimension, month, currency`,
    'groupBitmapMerge(m.persons) AS depositors,',
  )
}

function firstsSql(question: ReportQuestion, clicks = ''): string {
  const parts = { click_id: 'first.4', game_type: 'first.5', game_provider: 'first.6' }
  const part = question.dimension === undefined ? "''" : parts[question.dimension]
  const dimension = question.dimension === 'click_id' ? `if(${part} != '', ${part}, click)` : part
  return firstsOfMonthsSql(
    question,
    `SELECT ${bucketSql(question, 'timestamp')} AS time, dimension, toYYYYMM(timestamp) AS month, currency,
        count() AS firsts, sum(value) AS amount
      FROM (
        SELECT first.1 AS timestamp, first.2 AS currency, toDecimal256(first.3, 18) AS value, ${dimension} AS dimension
        FROM (
          SELECT argMinMerge(first_deposit) AS first, argMinMerge(first_click) AS click, sum(deposits) AS made
          FROM rollup_users WHERE ${ours} GROUP BY person
        ) WHERE made > 0
      ) ${clicks === '' ? 'WHERE true' : `WHERE dimension IN (${clicks})`} AND ${within('timestamp')}
      GROUP BY time, dimension, month, currency`,
  )
}
