// What reports add up, kept ready as it is loaded: counts, sums, who was there and what came first, in steps of some loads
// each, made by ClickHouse from the events that these loads brought. A step goes into each rollup as one insert of one
// part, together with a row that says how far it got, so that a rollup has all of a step or nothing of it, and whoever
// dies between two rollups goes on with the one that lacks it.
//
//   people                     a number for each user who is new (given once; again without effect)
//   bet_results, settlements   what is needed to see that a bet was settled twice (again without harm)
//   rollup_*                   the step itself
//
// A win or a loss of a bet that brought its own result counts nothing. Whichever of the two comes later, the step that
// brings it takes the result off again.
//
// What is deleted or exchanged among the events is not taken off: the rollups are emptied before, under the name of a
// new build, and made anew from the beginning. Until they have caught up, reports are made from the events themselves.

import type { Connection } from './connection.ts'
import { gameTypeSql, isMoneySql, orderSql, resultSql } from './event-sql.ts'
import type { RollingWarehouse, RollupStep } from './load.ts'
import { betResults, factsTable, people, rollups, settlements } from './schema.ts'
import { insertWhole } from './insert-whole.ts'
import { time } from './tab-rows.ts'

type Ask = <T>(question: () => Promise<T>) => Promise<T>

export function rollingOver(connection: Connection, ask: Ask, now: () => number): RollingWarehouse {
  return {
    beginBuild: () => ask(() => beginBuild(connection, now())),
    build: () => ask(() => readBuild(connection)),
    stepped: build => ask(() => readStepped(connection, build)),
    nextStep: (from, eventsMax) => ask(() => nextStep(connection, from, eventsMax)),
    prepare: step => ask(() => prepare(connection, step)),
    roll: (name, step) => ask(() => connection.command(rollSql(name), { ...step }, rollSettings)),
  }
}

/** The name of the build that counts; null before the first. */
export async function readBuild(connection: Connection, workload: 'roll' | 'ask' = 'roll'): Promise<string | null> {
  const sql = `SELECT argMax(value, written_at) AS build FROM warehouse WHERE name = '${buildFact}' HAVING count() > 0`
  return (await connection.select<{ build: string }>(workload, sql))[0]?.build ?? null
}

const buildFact = 'rollup build'

async function beginBuild(connection: Connection, nowMs: number): Promise<string> {
  const build = crypto.randomUUID()
  const rows = {
    table: factsTable,
    count: 1,
    keys: () => [build],
    lines: () => Buffer.from(`${buildFact}\t${build}\t${time(nowMs)}\n`),
    sql: 'SELECT value AS key FROM warehouse WHERE value = {build:String}',
    params: { build },
  }
  await insertWhole(connection, rows, `rollup build ${build}`, false)
  for (const { name } of [...Object.values(rollups), people, betResults, settlements])
    await connection.command(`TRUNCATE TABLE ${name}`, {}, { workload: 'roll' })
  return build
}

/** The last load that each rollup has; what is of another build counts as nothing. */
async function readStepped(connection: Connection, build: string): Promise<Record<keyof typeof rollups, number>> {
  const questions = Object.entries(rollups).map(
    ([name, table]) =>
      `SELECT '${name}' AS name, max(step) AS step FROM ${table.name} WHERE product = '' AND build = {build:String}`,
  )
  const rows = await connection.select<{ name: string; step: number }>('roll', questions.join(' UNION ALL '), { build })
  return Object.fromEntries(rows.map(({ name, step }) => [name, step])) as Record<keyof typeof rollups, number>
}

/** The loads after `from` that make a step, up to the last that has a note; null when there are none. */
async function nextStep(connection: Connection, from: number, eventsMax: number): Promise<{ to: number } | null> {
  const sql = `SELECT seq, stored - first_value(stored) OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS events
    FROM loads WHERE seq >= {from:UInt64} ORDER BY seq LIMIT 10000`
  const rows = (await connection.select<{ seq: number; events: number }>('roll', sql, { from })).filter(
    row => row.seq > from,
  )
  const [first] = rows
  if (first === undefined) return null
  const last = rows.findLast(row => row.events <= eventsMax)
  return { to: last?.seq ?? first.seq }
}

async function prepare(connection: Connection, step: RollupStep): Promise<void> {
  const params = { ...step }
  const known = `(product, client_user_id) IN (SELECT product, client_user_id FROM events WHERE ${inStep})`
  const numbers = `INSERT INTO people (product, client_user_id, number)
    SELECT product, client_user_id, (SELECT max(number) FROM people) + rowNumberInAllBlocks() + 1
    FROM (SELECT DISTINCT product, client_user_id FROM events WHERE ${inStep}
      AND (product, client_user_id) NOT IN (SELECT product, client_user_id FROM people WHERE ${known}))`
  await connection.command(numbers, params, { ...rollSettings, max_threads: 1 })
  const own = `INSERT INTO bet_results (product, transaction_id, load_seq)
    SELECT product, transaction_id, load_seq FROM events
    WHERE ${inStep} AND event_name = 'bet' AND bet_result_amount IS NOT NULL AND transaction_id != ''`
  await connection.command(own, params, rollSettings)
  const named = `INSERT INTO settlements (product, transaction_id, load_seq, request_id, position, timestamp, client_user_id,
      click_id, game_type, game_provider, currency, player_result)
    SELECT product, parent_transaction_id, load_seq, request_id, position, timestamp, client_user_id, click_id,
      ${gameTypeSql}, game_provider, currency, ifNull(${resultSql}, 0)
    FROM events WHERE ${inStep} AND event_name IN ('win', 'loss') AND parent_transaction_id != ''`
  await connection.command(named, params, rollSettings)
}

/** One block, so that the insert is one part: there or not. */
const rollSettings = {
  insert_deduplicate: 0,
  max_insert_threads: '1',
  min_insert_block_size_rows: '1000000000',
  min_insert_block_size_bytes: '0',
  max_threads: 2,
  workload: 'roll',
} as const

const inStep = "load_seq > {from:UInt64} AND load_seq <= {to:UInt64} AND mode = 'live'"

/** Bets of the step that brought their result. */
const ownInStepSql = `SELECT product, transaction_id FROM events
  WHERE ${inStep} AND event_name = 'bet' AND bet_result_amount IS NOT NULL AND transaction_id != ''`

/** Settlements of earlier steps whose bets come with this one: what they counted is taken off. */
const takenOffSql = `SELECT product, timestamp, currency, game_type, game_provider, click_id, client_user_id, player_result
  FROM settlements WHERE load_seq <= {from:UInt64} AND (product, transaction_id) IN (${ownInStepSql})
  LIMIT 1 BY request_id, position`

/** Settlements of the step whose bets are known to have their result count nothing. */
const isSettledSql = `event_name IN ('win', 'loss') AND parent_transaction_id != '' AND (product, parent_transaction_id) IN (
    SELECT product, transaction_id FROM bet_results
    WHERE load_seq <= {to:UInt64} AND (product, transaction_id) IN (
      SELECT product, parent_transaction_id FROM events
      WHERE ${inStep} AND event_name IN ('win', 'loss') AND parent_transaction_id != ''))`

/** Events of the step as far as sums need them, and the row that says how far it got. */
const factsSql = `
  SELECT product, '' AS build, toUInt64(0) AS step, toStartOfFifteenMinutes(timestamp) AS quarter, toString(event_name) AS name,
    if(${isMoneySql}, toString(currency), '') AS money, toString(${gameTypeSql}) AS game_type,
    toString(game_provider) AS game_provider, click_id, client_user_id,
    ifNull(toDecimal256(events.amount, 18), 0) AS value, if(${isSettledSql}, 0, ifNull(${resultSql}, 0)) AS result
  FROM events WHERE ${inStep}
  UNION ALL SELECT '', {build:String}, {to:UInt64}, toDateTime(0, 'UTC'), '', '', '', '', '', '', toDecimal256(0, 18),
    toDecimal256(0, 18)`

const factsAndTakenOffSql = `${factsSql}
  UNION ALL SELECT product, '', toUInt64(0), toStartOfFifteenMinutes(timestamp), 'taken off', toString(currency),
    toString(game_type), toString(game_provider), click_id, client_user_id, toDecimal256(0, 18), -player_result
  FROM (${takenOffSql})`

const sums = {
  registrations: "countIf(name = 'register')",
  logins: "countIf(name = 'login')",
  deposits: "countIf(name = 'deposit')",
  withdraws: "countIf(name = 'withdraw')",
  bets: "countIf(name = 'bet')",
  settlements: "countIf(name IN ('win', 'loss'))",
  deposit_amount: "sumIf(value, name = 'deposit')",
  withdraw_amount: "sumIf(value, name = 'withdraw')",
  stake: "sumIf(value, name = 'bet')",
  player_result: 'sum(result)',
}
const sumNames = Object.keys(sums)
const sumsSql = Object.entries(sums)
  .map(([name, sql]) => `${sql} AS ${name}`)
  .join(', ')

/** A row is one of all, one of its game type, and one of its provider; the row that says how far it got is itself. */
const partSql = `arrayJoin(if(step = 0, [('', ''), ('game_type', game_type), ('game_provider', game_provider)], [('', '')]))`

/** With the users' numbers; the row that says how far it got has none. */
function numbered(facts: string, users = `SELECT product, client_user_id FROM events WHERE ${inStep}`): string {
  return `(${facts}) AS f LEFT JOIN (
    SELECT product, client_user_id, number FROM people WHERE (product, client_user_id) IN (${users})
  ) AS p ON p.product = f.product AND p.client_user_id = f.client_user_id`
}

const selects: Record<keyof typeof rollups, string> = {
  sums: `SELECT product, build, step, part.1, part.2, quarter, money, ${sumNames.map(name => `sum(${name})`).join(', ')}
    FROM (
      SELECT product, build, step, quarter, money, ${partSql} AS part, ${sumNames.join(', ')} FROM (
      SELECT product, build, step, quarter, money, game_type, game_provider, ${sumsSql}
      FROM (${factsAndTakenOffSql}) GROUP BY product, build, step, quarter, money, game_type, game_provider)
    ) GROUP BY product, build, step, part, quarter, money`,
  people: `SELECT product, build, step, part.1, part.2, quarter, money,
      groupBitmapMergeState(there), groupBitmapMergeState(paid)
    FROM (
      SELECT product, build, step, quarter, money, ${partSql} AS part, there, paid FROM (
      SELECT f.product AS product, build, step, quarter, money, game_type, game_provider,
        groupBitmapState(p.number) AS there, groupBitmapStateIf(p.number, name = 'deposit') AS paid
      FROM ${numbered(factsSql)} GROUP BY f.product, build, step, quarter, money, game_type, game_provider)
    ) GROUP BY product, build, step, part, quarter, money`,
  clicks: `SELECT f.product, build, step, toStartOfDay(quarter) AS day, p.number, click_id, money, ${sumsSql}
    FROM ${numbered(
      factsAndTakenOffSql,
      `SELECT product, client_user_id FROM events WHERE ${inStep}
        UNION ALL SELECT product, client_user_id FROM (${takenOffSql})`,
    )} GROUP BY f.product, build, step, day, p.number, click_id, money`,
  users: `SELECT f.product, build, step, p.number,
      argMinStateIf(tuple(timestamp, currency, sent, click_id, game_type, game_provider), place, name = 'deposit'),
      argMinStateIf(click_id, place, click_id != ''),
      minStateIf(timestamp, name = 'register'), countIf(name = 'register'), countIf(name = 'deposit')
    FROM ${numbered(`
      SELECT product, '' AS build, toUInt64(0) AS step, event_name AS name, timestamp, toString(currency) AS currency,
        ifNull(events.amount, 0) AS sent, click_id, toString(${gameTypeSql}) AS game_type,
        toString(game_provider) AS game_provider, client_user_id, ${orderSql} AS place
      FROM events WHERE ${inStep} AND (event_name IN ('register', 'deposit') OR click_id != '')
      UNION ALL SELECT '', {build:String}, {to:UInt64}, '', toDateTime64(0, 3, 'UTC'), '', toDecimal128(0, 18), '', '', '', '',
        toUInt128(0)`)}
    GROUP BY f.product, build, step, p.number`,
  late: `SELECT product, build, step, quarter, received, name, money, countIf(step = 0), countIf(step = 0 AND amount IS NOT NULL),
      sum(ifNull(toDecimal256(amount, 18), 0)), min(received_at), max(received_at)
    FROM (
      SELECT product, '' AS build, toUInt64(0) AS step, toStartOfFifteenMinutes(timestamp) AS quarter,
        toStartOfFifteenMinutes(received_at) AS received, toString(event_name) AS name, toString(currency) AS money, amount,
        received_at
      FROM events WHERE ${inStep} AND received > quarter
      UNION ALL SELECT '', {build:String}, {to:UInt64}, toDateTime(0, 'UTC'), toDateTime(0, 'UTC'), '', '', NULL,
        toDateTime64(0, 3, 'UTC')
    ) GROUP BY product, build, step, quarter, received, name, money`,
}

function rollSql(name: keyof typeof rollups): string {
  const table = rollups[name]
  return `INSERT INTO ${table.name} (${table.columns.map(column => column.name).join(', ')}) ${selects[name]}`
}
