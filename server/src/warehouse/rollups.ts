// What reports add up, kept ready as it is loaded: counts, sums, who was there and what came first, in steps of some loads
// each, made by ClickHouse from the events that these loads brought. A step is read once, laid out in memory, and added up
// from there into each rollup, as one insert of one part together with a row that says how far it got: so a rollup has
// all of a step or nothing of it, and whoever dies between two rollups goes on with the one that lacks it.
//
//   step_events                the events of the step, and what earlier steps counted and is taken off now; in memory
//   bet_results, settlements   what is needed to see that a bet was settled twice (again without harm)
//   step_users, people         a number for each user; in memory, and for good (given once)
//   step_facts                 the events with their users' numbers; in memory
//   step_clicks                first clicks of these users, before and after the step; in memory
//   step_click_users           what it changes of their clicks; in memory
//   rollup_*                   the step itself, of step_facts, and where users come to have another first deposit or first
//                              click, of what stood before
//
// What is in memory is gone when the engine ends. A row of no product, which is handed on from one to the next, says which
// step is laid out: without it nothing is added anywhere, and whoever makes the step finds it missing.
//
// A win or a loss of a bet that brought its own result counts nothing. Whichever of the two comes later, the step that
// brings it takes the result off again. Likewise the step that brings an earlier first deposit or first click of a user
// takes off what stood in its place, and moves what belongs to the user's first click: so nobody who asks has to look at
// each user. These rollups are made before those that say what stood (rollup_click_users, rollup_users).
//
// What is deleted or exchanged among the events is not taken off: the rollups are emptied before, under the name of a
// new build, and made anew from the beginning. Until they have caught up, reports are made from the events themselves.

import { clickValues, keySql, periodSql, sumsType, type userValues } from './click-sums.ts'
import type { Connection } from './connection.ts'
import {
  clickNumberSql,
  gameTypeSql,
  isMoneySql,
  noPlaceSql,
  orderSql,
  resultSql,
  timeOfPlaceSql,
} from './event-sql.ts'
import type { RollingWarehouse, RollupName, RollupStep } from './load.ts'
import { beginBuild, nextStep, readStepped, readyBuild } from './rollup-builds.ts'
import { rollups, stepClicks, stepClickUsers, stepEvents, stepFacts, stepUsers } from './rollup-tables.ts'
import { createTable } from './schema.ts'

type Ask = <T>(question: () => Promise<T>) => Promise<T>

export function rollingOver(connection: Connection, ask: Ask, now: () => number): RollingWarehouse {
  return {
    beginBuild: () => ask(() => beginBuild(connection, now())),
    build: () => ask(() => readyBuild(connection, now())),
    stepped: build => ask(() => readStepped(connection, build)),
    nextStep: (from, eventsMax) => ask(() => nextStep(connection, from, eventsMax)),
    prepare: step => ask(() => prepare(connection, step)),
    roll: (name, step) => ask(() => connection.command(rollSql(name), { ...step }, rollSettings)),
    merge: () => ask(() => merge(connection)),
  }
}

async function prepare(connection: Connection, step: RollupStep): Promise<void> {
  const run = (sql: string) => connection.command(sql, { ...step }, rollSettings)
  for (const table of [stepEvents, stepUsers, stepClicks, stepClickUsers, stepFacts]) {
    await run(createTable(table))
    await run(`TRUNCATE TABLE ${table.name}`)
  }
  for (const sql of [
    eventsSql,
    betResultsSql,
    settlementsSql,
    takenOffSql,
    usersSql,
    peopleSql,
    factsSql,
    clicksOfUsersSql,
    clickUsersSql(),
  ])
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
  // Rows of one key are put together when parts are merged, and when they are asked for: here it costs a quarter of a step.
  optimize_on_insert: 0,
  max_threads: 1,
  max_execution_time: 100,
  workload: 'roll',
} as const

/** In a queue of its own: steps and questions go on meanwhile. */
async function merge(connection: Connection): Promise<void> {
  for (const { name } of [rollups.clickRanks, rollups.clicks])
    await connection.command(
      `OPTIMIZE TABLE ${name} FINAL`,
      {},
      { workload: 'bulk', optimize_skip_merged_partitions: 1 },
    )
}

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
  WHERE taken_off <= {from:UInt64} AND ${stepRowsIn('step_facts')} = 0 AND (SELECT count() FROM step_users WHERE product = '') = 1`

const liveSql = "mode = 'live'"
const eventsOnlySql = 'taken_off = 0'

/** Of earlier steps and of this one. */
const clicksOfUsersSql = `INSERT INTO step_clicks (${namesOf(stepClicks)})
  SELECT product, person, if(min(place_was) = ${noPlaceSql}, '', argMin(click_id, place_was)), argMin(click_id, place)
  FROM (
    SELECT product, person, first_click.place AS place, place AS place_was, first_click.click_id AS click_id
    FROM rollup_users WHERE build = '' AND product IN (SELECT product FROM step_users WHERE product != '')
      AND person IN (SELECT number FROM step_users WHERE NOT is_new) AND first_click.place != ${noPlaceSql}
    UNION ALL
    SELECT product, person, place, ${noPlaceSql}, click_id
    FROM step_facts WHERE ${eventsOnlySql} AND ${liveSql} AND click_id != ''
  ) WHERE (SELECT count() FROM step_clicks) = 0 GROUP BY product, person`

const stepSql = "if(product = '', {build:String}, ''), if(product = '', {to:UInt64}, 0)"

const moneySql = `if(${isMoneySql} OR taken_off > 0, currency, '') AS money`
const amountSql = 'ifNull(toDecimal256(step_facts.amount, 18), 0)'
const counts = {
  registrations: "countIf(event_name = 'register')",
  logins: "countIf(event_name = 'login')",
  deposits: "countIf(event_name = 'deposit')",
  withdraws: "countIf(event_name = 'withdraw')",
  bets: "countIf(event_name = 'bet')",
  settlements: "countIf(event_name IN ('win', 'loss'))",
}
const amounts = {
  deposit_amount: `sumIf(${amountSql}, event_name = 'deposit')`,
  withdraw_amount: `sumIf(${amountSql}, event_name = 'withdraw')`,
  stake: `sumIf(${amountSql}, event_name = 'bet')`,
  player_result: 'sum(toDecimal256(step_facts.player_result, 18))',
}
const eventsCount = { events: "countIf(taken_off = 0 AND product != '')" }
const sumNames = Object.keys({ ...counts, ...amounts })
const sumsSql = namedSums({ ...counts, ...amounts })
const usersThereSql = `groupBitmapStateIf(person, person > 0 AND taken_off = 0) AS there,
  groupBitmapStateIf(person, event_name = 'deposit') AS paid`

/** Where one fact counts: for all, its game type and its provider, each by quarter of an hour and by day. */
const placesSql = ["'', ''", "'game_type', game_type", "'game_provider', game_provider"]
  .flatMap(part => [`('quarter', ${part}, quarter`, `('day', ${part}, toStartOfDay(quarter)`])
  .flatMap(place => [`${place}, money, 'sums')`, `${place}, '', 'there')`])
  .join(', ')

/** The row that says which step it is, with these columns: nothing, in the types of what follows. */
function markedSql(columns: string[]): string {
  // Each has a name of its own: of columns of one name, the first would be taken for all. And `'' AS product` would be what
  // the condition means: every fact would give a row.
  const named = columns.map((sql, n) => `${sql} AS column_${n}`)
  return `SELECT product, build, step, ${named.join(', ')} FROM step_facts WHERE product = ''`
}

/** Of that row, where it is 0: constants of several types would be taken for each other. */
const noCountSql = 'toInt64(taken_off)'
const noAmountSql = 'toDecimal256(taken_off, 18)'
const noClickSql = 'toUInt128(taken_off)'
const noMapSql = `CAST(([], []), '${sumsType}')`
const noTimeSql = "toDateTime(0, 'UTC')"
const balanceNames = ['events', ...sumNames]
const noBalances = balanceNames.map(name => (name in amounts ? noAmountSql : noCountSql))

/**
 * First deposits that change with the step, of users of whom it is not the same, as `change`: 1 or -1, its place, its
 * currency, its amount, its game type, its provider, its click; and whether it is another deposit (`is_another`), not the same under another
 * click. What stood before is taken off and what stands now is added.
 */
function firstChangesSql(): string {
  const deposits = `FROM step_facts WHERE ${eventsOnlySql} AND ${liveSql} AND event_name = 'deposit'`
  const moving = 'FROM step_clicks WHERE click_was != click_is'
  const columns = ['currency', 'amount', 'own', 'game_type', 'game_provider']
  const at = { was: `if(is_known, place, ${noPlaceSql})`, is: 'place' }
  const first = (when: 'was' | 'is') =>
    [
      `min(${at[when]}) AS place_${when}`,
      ...columns.map(name => `argMin(${name}, ${at[when]}) AS ${name}_${when}`),
    ].join(', ')
  const change = (sign: 1 | -1, when: 'was' | 'is') =>
    `(toInt64(${sign}), place_${when}, currency_${when}, toDecimal256(amount_${when}, 18), game_type_${when}, game_provider_${when},
          if(own_${when} != '', own_${when}, click_${when}))`
  return `SELECT product, place_was != place_is AS is_another, change FROM (
        SELECT product, person, ${first('was')}, ${first('is')} FROM (
          SELECT product, person, true AS is_known, first_deposit.place AS place, first_deposit.currency AS currency,
            first_deposit.amount AS amount, first_deposit.click_id AS own, first_deposit.game_type AS game_type,
            first_deposit.game_provider AS game_provider
          FROM rollup_users WHERE build = '' AND product IN (SELECT DISTINCT product FROM step_facts WHERE product != '')
            AND first_deposit.place != ${noPlaceSql}
            AND person IN (SELECT person ${deposits} UNION ALL SELECT person ${moving})
          UNION ALL
          SELECT product, person, false, place, toString(currency), ifNull(step_facts.amount, 0), click_id,
            toString(game_type), toString(game_provider) ${deposits}
        ) GROUP BY product, person
      ) AS d LEFT ANY JOIN step_clicks USING (product, person)
      ARRAY JOIN [${change(-1, 'was')}, ${change(1, 'is')}] AS change
      WHERE change.2 != ${noPlaceSql} AND (is_another OR (click_was != click_is AND own_is = ''))`
}

function firstsSql(): string {
  const parts = ["('', '')", "('game_type', change.5)", "('game_provider', change.6)"]
  return `${markedSql(["''", "''", noTimeSql, "''", noCountSql, noAmountSql])}
    UNION ALL
    SELECT product, '', 0, part.1, part.2, toStartOfFifteenMinutes(${timeOfPlaceSql('change.2')}), change.3, change.1,
      change.1 * change.4
    FROM (${firstChangesSql()}) ARRAY JOIN [${parts.join(', ')}] AS part WHERE is_another`
}

/**
 * Balances by day, click, user and currency: the facts of the step under their own click or the first one of their user, and
 * what earlier facts without a click have to move where that is another now.
 */
function clickUsersSql(): string {
  const moving = 'SELECT product, person, click_was, click_is FROM step_clicks WHERE click_was != click_is'
  const sums = Object.entries({ ...eventsCount, ...counts, ...amounts })
  const signed = ([name, sql]: [string, string]) => (name in amounts ? sql : `toInt64(${sql})`)
  const facts = sums.map(sum => `${signed(sum)} AS sum_${sum[0]}`).join(', ')
  const moved = balanceNames.map(name => `move.1 * u.${name}`).join(', ')
  return `INSERT INTO step_click_users (${namesOf(stepClickUsers)})
    SELECT product, text, ${clickNumberSql('text')}, person, own, day, money, ${balanceNames.map(name => `sum_${name}`).join(', ')}
    FROM (
      SELECT product, if(click_id != '', click_id, click_is) AS text, person, click_id != '' AS own,
        toStartOfDay(timestamp) AS day, ${moneySql}, ${facts}
      FROM step_facts LEFT ANY JOIN step_clicks USING (product, person) WHERE ${liveSql} AND product != ''
      GROUP BY product, text, person, own, day, money
      UNION ALL
      SELECT product, move.2, person, false, at, toString(u.currency), ${moved}
      FROM (
        SELECT * FROM rollup_click_users WHERE build = '' AND step = 0 AND NOT is_own
          AND (product, click, person) IN (SELECT product, ${clickNumberSql('click_was')}, person FROM (${moving}))
      ) AS u INNER JOIN (${moving}) AS m USING (product, person)
      ARRAY JOIN [(toInt64(-1), click_was), (toInt64(1), click_is)] AS move
    ) WHERE (SELECT count() FROM step_click_users) = 0`
}

/** step_click_users by day and these, put together before it is written. */
function byDaySql(values: readonly string[], keys: string[]): string {
  return `SELECT product, at, ${keys.join(', ')}, any(s.click_id) AS text, ${values.map(name => `sum(s.${name}) AS sum_${name}`).join(', ')}
    FROM step_click_users AS s GROUP BY product, at, ${keys.join(', ')}`
}

const clickTimesSql = `[('day', at), ('dekad', ${dekadSql('at')})] AS time`

/**
 * What each click's maps gain, for its day and its third of a month: users who were there, whatever the currency; by currency who
 * made deposits, counts and sums; and first deposits.
 */
function clicksSql(): string {
  const number = (sql: string) => `toDecimal256(${sql}, 18)`
  const personsOf = (name: (typeof userValues)[number]) => `groupArray(${keySql(name, 'person')})`
  const numbersOf = (name: (typeof userValues)[number]) => `groupArray(${number(`sum_${name}`)})`
  const names = clickValues.filter(name => sumNames.includes(name) && name !== 'deposits')
  const keys = names.map(name => keySql(name)).join(', ')
  const sums = names.map(name => number(`sum(sum_${name})`)).join(', ')
  return `${markedSql([noClickSql, 'toUInt32(taken_off)', "''", "''", noMapSql])}
    UNION ALL
    SELECT product, '', 0, click, ${periodSql('time.1', 'time.2')} AS period, money, any(text), sumMap(keys, amounts) AS sums
    FROM (
      SELECT product, at, click, '' AS money, any(d.text) AS text,
        ${personsOf('events')} AS keys, ${numbersOf('events')} AS amounts
      FROM (${byDaySql(['events'], ['click', 'person'])}) AS d GROUP BY product, at, click
      UNION ALL
      SELECT product, at, click, toString(currency), any(d.text),
        arrayConcat(${personsOf('deposits')}, [${keys}]), arrayConcat(${numbersOf('deposits')}, [${sums}])
      FROM (${byDaySql(['deposits', ...names], ['click', 'currency', 'person'])}) AS d
      GROUP BY product, at, click, currency
      UNION ALL
      SELECT product, toStartOfDay(${timeOfPlaceSql('change.2')}), ${clickNumberSql('change.7')}, change.3, change.7,
        [${keySql('firsts')}, ${keySql('first_amount')}], [${number('change.1')}, ${number('change.1 * change.4')}]
      FROM (${firstChangesSql()})
    ) ARRAY JOIN ${clickTimesSql} GROUP BY product, click, period, money HAVING notEmpty(sums.1)`
}

function clickRanksSql(): string {
  const names = ['events', 'deposits', 'registrations']
  return `${markedSql(["'day'", noTimeSql, noClickSql, noCountSql, noCountSql, noCountSql])}
    UNION ALL
    SELECT product, '', 0, time.1, time.2, click, ${names.map(name => `sum_${name}`).join(', ')}
    FROM (${byDaySql(names, ['click'])}) ARRAY JOIN ${clickTimesSql}`
}

/** The third of its month in which a day is: it begins on the 1st, the 11th or the 21st. */
function dekadSql(day: string): string {
  return `addDays(toDateTime(toStartOfMonth(${day}), 'UTC'), 10 * least(2, intDiv(toDayOfMonth(${day}) - 1, 10)))`
}

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
  firsts: firstsSql(),
  clicks: clicksSql(),
  clickRanks: clickRanksSql(),
  clickUsers: `${markedSql([noClickSql, 'person', 'false', noTimeSql, "''", ...noBalances])}
    UNION ALL
    SELECT product, '', 0, click, person, is_own, at, currency, ${balanceNames.join(', ')} FROM step_click_users`,
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

function namedSums(sums: Record<string, string>): string {
  return Object.entries(sums)
    .map(([name, sql]) => `${sql} AS sum_${name}`)
    .join(', ')
}

function namesOf(table: { columns: readonly { name: string }[] }): string {
  return table.columns.map(column => column.name).join(', ')
}
