// What later events took from days that were over, of whatever day they are themselves. There are two ways:
//
//   first_deposits_lost   a deposit of an earlier day came, so that the first deposit of its user is on that day
//   settlements_lost      a bet came that brought its own result, so that its win or loss counts nothing any more
//
// Rollups keep what counts, not what counted once, so this is made from the events: of deposits and bets those that came
// late are found first, by two columns, and only what has to do with them is read. In which quarters of an hour there are
// any is known from a rollup, where that is up to date. A bet that tells a later day than its own win or loss, and came
// within it, is not looked for.

import type { Connection } from '../connection.ts'
import { orderSql, resultSql } from '../event-sql.ts'
import { readBuild } from '../rollup-builds.ts'
import { eventsThen } from './events-then.ts'
import { type LateFound, type LateQuestion, type LateRow, lateRowOf } from './report-more.ts'
import { canAnswer } from './rolled-report.ts'
import { type AskedOf, inRangeSql, liveSql, paramsOf } from './report.ts'

/** `events` and `amount` are what `day` lost; the rest is about the events that came. */
export type LateEffect = LateRow & {
  effect: 'first_deposits_lost' | 'settlements_lost'
  /** Days on which the first and the last of them happened. */
  first_event_day: string
  last_event_day: string
}

export async function readLateEffects(
  connection: Connection,
  question: LateQuestion,
  /** Of the rollups that are up to date; null: all events of the range are looked at. */
  build: string | null = null,
): Promise<LateEffect[]> {
  const params = paramsOf(question)
  const isRolled = build !== null && canAnswer(question)
  const asked = { ...question, events: await eventsThen(connection, question), isRolled }
  const found = await Promise.all(
    [firstDepositsSql(asked), settlementsSql(asked)].map(sql => connection.select<EffectFound>('ask', sql, params)),
  )
  // Emptied under the question, they would have told too little.
  if (isRolled && (await readBuild(connection, 'ask')) !== build) return readLateEffects(connection, question)
  return found.flat().map(row => lateRowOf(row))
}

type Asked = AskedOf<LateQuestion> & { isRolled: boolean }

type EffectFound = LateFound & Omit<LateEffect, keyof LateRow>

const daySql = (column: string) => `toDate(${column}, {tz:String})`
const fromSql = 'toDateTime64({from:String}, 3, {tz:String})'
const toSql = 'toDateTime64({to:String}, 3, {tz:String})'

/** Of pairs of what was (`was_at`, `value`, `currency`) and what came (`came_at`, `came_received`), by the day that lost. */
function lostSql(effect: LateEffect['effect'], eventName: string, pairs: string): string {
  return `SELECT toString(${daySql('was_at')}) AS day, '${eventName}' AS event_name, currency, count() AS events,
      toString(sum(toDecimal256(value, 18))) AS amount, toUnixTimestamp64Milli(min(came_received)) AS firstMs,
      toUnixTimestamp64Milli(max(came_received)) AS lastMs, '${effect}' AS effect,
      toString(${daySql('min(came_at)')}) AS first_event_day, toString(${daySql('max(came_at)')}) AS last_event_day
    FROM (${pairs}) WHERE ${daySql('came_received')} > ${daySql('was_at')}
    GROUP BY day, currency ORDER BY day, currency`
}

/** What can have come when a day of the range was over: more than so many days after its own. */
function lateSql({ isRolled }: Asked, eventName: string, { days }: { days: number }): string {
  const quarters = `SELECT at FROM rollup_late WHERE product = {product:String} AND build = '' AND event_name = '${eventName}'
      AND at < ${toSql} AND ${daySql('received')} > ${daySql('at')} + ${days}`
  return `timestamp < ${toSql} AND received_at >= addDays(${fromSql}, 1)
      AND ${daySql('received_at')} > ${daySql('timestamp')} + ${days}
      ${isRolled ? `AND toStartOfFifteenMinutes(timestamp) IN (${quarters})` : ''}`
}

/** Each deposit of users of whom one came late, beside the earliest of those that had come before it. */
function firstDepositsSql(question: Asked): string {
  const deposits = `${liveSql(question)} AND event_name = 'deposit'`
  return lostSql(
    'first_deposits_lost',
    'deposit',
    `SELECT was.1 AS was_at, was.2 AS currency, was.3 AS value, timestamp AS came_at, received_at AS came_received
      FROM (
        SELECT timestamp, received_at, place, argMin(tuple(timestamp, currency, sent, place), place) OVER (
          PARTITION BY client_user_id ORDER BY received_at, place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS was
        FROM (
          SELECT timestamp, received_at, client_user_id, toString(currency) AS currency, events.amount AS sent,
            ${orderSql} AS place
          FROM ${question.events} WHERE ${deposits} AND timestamp < ${toSql}
            AND client_user_id IN (
              SELECT client_user_id FROM ${question.events} WHERE ${deposits} AND ${lateSql(question, 'deposit', { days: 1 })})
        )
      ) WHERE place < was.4 AND was_at >= ${fromSql}
        AND ${daySql('was_at')} > ${daySql('timestamp')}`,
  )
}

function settlementsSql(question: Asked): string {
  const live = liveSql(question)
  const bets = `${live} AND event_name = 'bet' AND bet_result_amount IS NOT NULL AND ${lateSql(question, 'bet', { days: 0 })}`
  return lostSql(
    'settlements_lost',
    'bet',
    `SELECT was_at, currency, value, came_at, came_received
      FROM (
        SELECT parent_transaction_id AS transaction_id, timestamp AS was_at, received_at, currency, ${resultSql} AS value
        FROM ${question.events} WHERE ${live} AND event_name IN ('win', 'loss') AND ${inRangeSql}
          AND parent_transaction_id IN (SELECT transaction_id FROM ${question.events} WHERE ${bets})
      ) AS s INNER JOIN (
        SELECT transaction_id, timestamp AS came_at, received_at AS came_received FROM ${question.events} WHERE ${bets}
      ) AS b USING transaction_id
      WHERE came_received > s.received_at`,
  )
}
