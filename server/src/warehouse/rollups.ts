// What reports add up, kept ready as it is loaded: counts, sums, who was there and what came first, in steps of some loads
// each, made by ClickHouse from the events that these loads brought. A step is read once, laid out in memory, and added up
// from there into each rollup, as one insert of one part together with a row that says how far it got: so a rollup has
// all of a step or nothing of it, and whoever dies between two rollups goes on with the one that lacks it.
//
//   step_events                the events of the step, and what earlier steps counted and is taken off now; in memory
//   bet_results, settlements   what is needed to see that a bet was settled twice (again without harm)
//   step_users, people         a number for each user; in memory, and for good (given once)
//   step_facts                 the events with their users' numbers; in memory
//   rollup_*                   the step itself, of step_facts alone
//
// What is in memory is gone when the engine ends. A row of no product, which is handed on from one to the next, says which
// step is laid out: without it nothing is added anywhere, and whoever makes the step finds it missing.
//
// A win or a loss of a bet that brought its own result counts nothing. Whichever of the two comes later, the step that
// brings it takes the result off again.
//
// What is deleted or exchanged among the events is not taken off: the rollups are emptied before, under the name of a
// new build, and made anew from the beginning. Until they have caught up, reports are made from the events themselves.

import type { Connection } from './connection.ts'
import { gameTypeSql, isMoneySql, noPlaceSql, orderSql, resultSql } from './event-sql.ts'
import { insertWhole } from './insert-whole.ts'
import type { RollingWarehouse, RollupName, RollupStep } from './load.ts'
import { madeForReports, rollups, stepEvents, stepFacts, stepUsers } from './rollup-tables.ts'
import { createTable, factsTable } from './schema.ts'
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
  for (const { name } of madeForReports) await connection.command(`TRUNCATE TABLE ${name}`, {}, { workload: 'roll' })
  return build
}

/** The last load that each rollup has; what is of another build counts as nothing. */
async function readStepped(connection: Connection, build: string): Promise<Record<RollupName, number>> {
  const questions = Object.entries(rollups).map(
    ([name, table]) =>
      `SELECT '${name}' AS name, max(step) AS step FROM ${table.name} WHERE product = '' AND build = {build:String}`,
  )
  const rows = await connection.select<{ name: string; step: number }>('roll', questions.join(' UNION ALL '), { build })
  return Object.fromEntries(rows.map(({ name, step }) => [name, step])) as Record<RollupName, number>
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
  const run = (sql: string) => connection.command(sql, { ...step }, rollSettings)
  for (const table of [stepEvents, stepUsers, stepFacts]) {
    await run(createTable(table))
    await run(`TRUNCATE TABLE ${table.name}`)
  }
  for (const sql of [eventsSql, betResultsSql, settlementsSql, takenOffSql, usersSql, peopleSql, factsSql])
    await run(sql)
  for (const table of [stepEvents, stepUsers]) await run(`TRUNCATE TABLE ${table.name}`)
}

/**
 * One block, so that the insert is one part: there or not. One thread: users get their numbers one after the other, and
 * somebody else may want the other core. The server gives up before whoever asks does, so that nothing is asked for again
 * while it still goes on.
 */
const rollSettings = {
  insert_deduplicate: 0,
  max_insert_threads: '1',
  min_insert_block_size_rows: '1000000000',
  min_insert_block_size_bytes: '0',
  max_threads: 1,
  max_execution_time: 100,
  workload: 'roll',
} as const

/** How many rows say that a table in memory has this step: none or one. */
const stepRowsIn = (table: string) =>
  `(SELECT count() FROM ${table} WHERE product = '' AND build = {build:String} AND step = {to:UInt64})`

const eventsSql = `INSERT INTO step_events (${namesOf(stepEvents)})
  SELECT * FROM (
    SELECT '' AS build, toUInt64(0) AS step, load_seq, product, mode, key_id, event_name, timestamp, received_at, position,
      click_id, ${gameTypeSql} AS game_type, game_provider, currency, events.amount AS amount, bet_result_amount,
      ifNull(${resultSql}, 0) AS player_result, toUInt64(0) AS taken_off, client_user_id, request_id, transaction_id,
      parent_transaction_id
    FROM events WHERE load_seq > {from:UInt64} AND load_seq <= {to:UInt64}
    UNION ALL
    SELECT {build:String}, {to:UInt64}, {to:UInt64}, '', 'live', '', '', toDateTime64(0, 3, 'UTC'), toDateTime64(0, 3, 'UTC'),
      0, '', '', '', '', NULL, NULL, 0, 0, '', toUUID('00000000-0000-0000-0000-000000000000'), '', ''
  ) WHERE ${stepRowsIn('step_events')} = 0`

/** Bets that brought their result, and settlements that name a bet. */
const isOwnResultSql = "mode = 'live' AND event_name = 'bet' AND bet_result_amount IS NOT NULL AND transaction_id != ''"
const isSettlementSql = "mode = 'live' AND event_name IN ('win', 'loss') AND parent_transaction_id != ''"

const betResultsSql = `INSERT INTO bet_results (product, transaction_id, load_seq)
  SELECT product, transaction_id, load_seq FROM step_events WHERE ${isOwnResultSql}`

const settlementsSql = `INSERT INTO settlements (product, transaction_id, load_seq, request_id, position, timestamp,
    client_user_id, click_id, game_type, game_provider, currency, player_result)
  SELECT product, parent_transaction_id, load_seq, request_id, position, timestamp, client_user_id, click_id, game_type,
    game_provider, currency, player_result
  FROM step_events WHERE ${isSettlementSql}`

/** Earlier settlements of bets that come with this step: what was counted of them is taken off. */
const takenOffSql = `INSERT INTO step_events (load_seq, product, mode, timestamp, received_at, click_id, game_type,
    game_provider, currency, player_result, taken_off, client_user_id)
  SELECT own_seq, product, 'live', timestamp, timestamp, click_id, game_type, game_provider, currency, -player_result,
    settled_seq, client_user_id
  FROM (
    SELECT product, transaction_id, load_seq AS own_seq FROM step_events WHERE ${isOwnResultSql}
  ) AS b INNER JOIN (
    SELECT * EXCEPT load_seq, load_seq AS settled_seq FROM settlements WHERE (product, transaction_id) IN (
      SELECT product, transaction_id FROM step_events WHERE ${isOwnResultSql})
    LIMIT 1 BY request_id, position
  ) AS s USING (product, transaction_id)
  WHERE settled_seq < own_seq AND (SELECT count() FROM step_events WHERE taken_off > 0) = 0`

const livingSql = "SELECT DISTINCT product, client_user_id FROM step_events WHERE mode = 'live'"

/** Who has no number yet gets the next. */
const usersSql = `INSERT INTO step_users (${namesOf(stepUsers)})
  SELECT product, client_user_id, known = 0 AND product != '' AS is_new, multiIf(product = '', 0, known > 0, known,
    (SELECT max(number) FROM people) + sum(known = 0) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
  FROM (
    SELECT product, client_user_id, known FROM (${livingSql}) AS u LEFT ANY JOIN (
      SELECT product, client_user_id, number AS known FROM people WHERE (product, client_user_id) IN (${livingSql})
    ) AS p USING (product, client_user_id)
  ) WHERE (SELECT count() FROM step_users) = 0`

const peopleSql = `INSERT INTO people (product, client_user_id, number)
  SELECT product, client_user_id, number FROM step_users WHERE is_new
    AND (SELECT max(number) FROM people) < (SELECT max(number) FROM step_users WHERE is_new)`

/** Settlements whose bets are known to have their result count nothing. */
const isSettledSql = `${isSettlementSql} AND (product, parent_transaction_id) IN (
    SELECT product, transaction_id FROM bet_results
    WHERE load_seq <= {to:UInt64} AND (product, transaction_id) IN (
      SELECT product, parent_transaction_id FROM step_events WHERE ${isSettlementSql}))`

const factsSql = `INSERT INTO step_facts (${namesOf(stepFacts)})
  SELECT build, step, load_seq, product, mode, key_id, event_name, timestamp, received_at, position, click_id, game_type,
    game_provider, currency, events.amount, bet_result_amount, if(${isSettledSql}, 0, player_result), taken_off, number,
    ${orderSql}
  FROM step_events AS events LEFT ANY JOIN step_users USING (product, client_user_id)
  WHERE ${stepRowsIn('step_facts')} = 0 AND (SELECT count() FROM step_users WHERE product = '') = 1`

/** Facts that this rollup lacks, and the row of no product that says which step it is. */
const inStepSql = "(product = '' OR (load_seq > {from:UInt64} AND (taken_off = 0 OR taken_off <= {from:UInt64})))"
const liveSql = `mode = 'live' AND ${inStepSql}`
const eventsOnlySql = `taken_off = 0 AND ${inStepSql}`
const stepSql = "if(product = '', {build:String}, ''), if(product = '', {to:UInt64}, 0)"

const moneySql = `if(${isMoneySql} OR taken_off > 0, currency, '') AS money`
const amountSql = 'ifNull(toDecimal256(step_facts.amount, 18), 0)'
const sums = {
  registrations: "countIf(event_name = 'register')",
  logins: "countIf(event_name = 'login')",
  deposits: "countIf(event_name = 'deposit')",
  withdraws: "countIf(event_name = 'withdraw')",
  bets: "countIf(event_name = 'bet')",
  settlements: "countIf(event_name IN ('win', 'loss'))",
  deposit_amount: `sumIf(${amountSql}, event_name = 'deposit')`,
  withdraw_amount: `sumIf(${amountSql}, event_name = 'withdraw')`,
  stake: `sumIf(${amountSql}, event_name = 'bet')`,
  player_result: 'sum(toDecimal256(step_facts.player_result, 18))',
}
const sumNames = Object.keys(sums)
const sumsSql = Object.entries(sums)
  .map(([name, sql]) => `${sql} AS sum_${name}`)
  .join(', ')
const usersThereSql = `groupBitmapStateIf(person, person > 0 AND taken_off = 0) AS there,
  groupBitmapStateIf(person, event_name = 'deposit') AS paid`

/** Where one fact counts: for all, its game type and its provider, each by quarter of an hour and by day. */
const placesSql = ["'', ''", "'game_type', game_type", "'game_provider', game_provider"]
  .flatMap(part => [`('quarter', ${part}, quarter`, `('day', ${part}, toStartOfDay(quarter)`])
  .flatMap(place => [`${place}, money, 'sums')`, `${place}, '', 'there')`])
  .join(', ')

const selects: Record<RollupName, string> = {
  numbers: `SELECT product, ${stepSql}, place.1, place.2, place.3, place.4, place.5,
      ${sumNames.map(name => `sumIf(sum_${name}, place.6 = 'sums')`).join(', ')},
      groupBitmapMergeStateIf(there, place.6 = 'there'), groupBitmapMergeStateIf(paid, place.6 = 'sums')
    FROM (
      SELECT product, arrayJoin([${placesSql}]) AS place, there, paid, ${sumNames.map(name => `sum_${name}`).join(', ')}
      FROM (
        SELECT product, toStartOfFifteenMinutes(timestamp) AS quarter, ${moneySql}, game_type, game_provider, ${sumsSql},
          ${usersThereSql}
        FROM step_facts WHERE ${liveSql} GROUP BY product, quarter, money, game_type, game_provider
      )
    ) GROUP BY product, place.1, place.2, place.3, place.4, place.5`,
  clicked: `SELECT product, ${stepSql}, click_id, toStartOfDay(timestamp) AS day, ${moneySql}, ${sumsSql}, ${usersThereSql}
    FROM step_facts WHERE ${liveSql} AND (click_id != '' OR product = '') GROUP BY product, click_id, day, money`,
  unclicked: `SELECT product, ${stepSql}, person, toStartOfDay(timestamp) AS day, ${moneySql}, ${sumsSql}
    FROM step_facts WHERE ${liveSql} AND click_id = '' GROUP BY product, person, day, money`,
  users: `SELECT product, ${stepSql}, person,
      min(if(event_name = 'deposit', tuple(place, toString(currency), ifNull(step_facts.amount, 0), click_id,
        toString(game_type), toString(game_provider)), tuple(${noPlaceSql}, '', toDecimal128(0, 18), '', '', ''))),
      min(if(click_id != '', tuple(place, click_id), tuple(${noPlaceSql}, ''))),
      min(if(event_name = 'register', timestamp, toDateTime64('2299-01-01', 3, 'UTC'))), countIf(event_name = 'register'), countIf(event_name = 'deposit')
    FROM step_facts WHERE ${liveSql} AND ${eventsOnlySql}
      AND (event_name IN ('register', 'deposit') OR click_id != '' OR product = '')
    GROUP BY product, person`,
  late: `SELECT product, ${stepSql}, toStartOfFifteenMinutes(timestamp) AS quarter,
      toStartOfFifteenMinutes(received_at) AS received, event_name, currency, countIf(product != ''),
      count(step_facts.amount), sum(${amountSql}), min(received_at), max(received_at)
    FROM step_facts WHERE ${liveSql} AND ${eventsOnlySql} AND (received > quarter OR product = '')
    GROUP BY product, quarter, received, event_name, currency`,
  received: `SELECT product, ${stepSql}, mode, toStartOfHour(received_at) AS hour, event_name, key_id,
      countIf(product != ''), countIf(product != '' AND position = 0), min(received_at), max(received_at)
    FROM step_facts WHERE ${eventsOnlySql} GROUP BY product, mode, hour, event_name, key_id`,
  books: `SELECT product, ${stepSql}, mode, clock.1, clock.2, event_name, currency, sum(of_events), sum(of_amounts),
      sum(of_amount), sum(of_results), sum(of_result)
    FROM (
      SELECT product, mode, event_name, currency,
        arrayJoin([('event', toStartOfDay(timestamp)), ('received', toStartOfDay(received_at))]) AS clock,
        countIf(product != '') AS of_events, count(step_facts.amount) AS of_amounts, sum(${amountSql}) AS of_amount,
        count(bet_result_amount) AS of_results, sum(ifNull(toDecimal256(bet_result_amount, 18), 0)) AS of_result
      FROM step_facts WHERE ${eventsOnlySql}
      GROUP BY product, mode, event_name, currency, toStartOfDay(timestamp), toStartOfDay(received_at)
    ) GROUP BY product, mode, clock, event_name, currency`,
}

/** Adds nothing where the step is not laid out, and nothing where it is there already. */
function rollSql(name: RollupName): string {
  const table = rollups[name]
  const there = `(SELECT max(step) FROM ${table.name} WHERE product = '' AND build = {build:String})`
  return `INSERT INTO ${table.name} (${namesOf(table)}) SELECT * FROM (${selects[name]})
    WHERE ${stepRowsIn('step_facts')} = 1 AND ${there} < {to:UInt64}`
}

function namesOf(table: { columns: readonly { name: string }[] }): string {
  return table.columns.map(column => column.name).join(', ')
}
