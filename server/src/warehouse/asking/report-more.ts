// Two more reports: how far new users come (register, first deposit, second), and which events came after their day was
// over, so that a figure of that day is another one now.

import type { Connection } from '../connection.ts'
import { eventsThen } from './events-then.ts'
import { inRangeSql, liveSql, paramsOf, type ReportQuestion } from './report.ts'

export type LateQuestion = Pick<ReportQuestion, 'product' | 'from' | 'to' | 'timeZone' | 'receivedBeforeMs'>

/** `dimensionsMax`: of so many clicks only, those with the most users who registered. */
export type FunnelQuestion = LateQuestion & Pick<ReportQuestion, 'dimensionsMax'> & { byClick?: boolean }

/** Users by the click that they first came with, or all together. */
export type FunnelRow = {
  /** Empty for users without a click, and when not apart by click. */
  click_id: string
  registered: number
  deposited_once: number
  deposited_twice: number
}

/** Of users whose first `register` is in the range: who has made a deposit, and a second one, at any time since. */
export async function readFunnel(connection: Connection, question: FunnelQuestion): Promise<FunnelRow[]> {
  const live = liveSql(question)
  const events = await eventsThen(connection, question)
  const click = question.byClick === true ? "argMinIf(click_id, at, click_id != '')" : "''"
  const sql = `SELECT click AS click_id, count() AS registered, countIf(deposits >= 1) AS deposited_once,
      countIf(deposits >= 2) AS deposited_twice
    FROM (
      SELECT client_user_id, ${click} AS click, minIf(at.1, event_name = 'register') AS timestamp,
        countIf(event_name = 'register') AS registers, countIf(event_name = 'deposit') AS deposits
      FROM (
        SELECT client_user_id, event_name, click_id, tuple(events.timestamp, received_at, request_id, position) AS at
        FROM ${events} WHERE ${live}
      ) GROUP BY client_user_id
    ) WHERE registers > 0 AND ${inRangeSql}
    GROUP BY click ORDER BY registered DESC, click_id ${limitSql(question)}`
  return connection.select<FunnelRow>('ask', sql, paramsOf(question))
}

export function limitSql({ dimensionsMax }: Pick<ReportQuestion, 'dimensionsMax'>): string {
  return dimensionsMax === undefined ? '' : `LIMIT ${Math.floor(dimensionsMax)}`
}

/** Of one day, event name and currency: what was received after the day had ended. */
export type LateRow = {
  day: string
  event_name: string
  currency: string
  events: number
  /** Decimal text; null without any. */
  amount: string | null
  /** ISO 8601: when the first and the last of them came. */
  first_received_at: string
  last_received_at: string
}

export async function readLate(connection: Connection, question: LateQuestion): Promise<LateRow[]> {
  const events = await eventsThen(connection, question)
  const sql = `SELECT toString(toDate(events.timestamp, {tz:String})) AS day, event_name, currency, count() AS events,
      if(count(events.amount) = 0, NULL, toString(sum(toDecimal256(events.amount, 18)))) AS amount,
      toUnixTimestamp64Milli(min(received_at)) AS firstMs, toUnixTimestamp64Milli(max(received_at)) AS lastMs
    FROM ${events} WHERE ${liveSql(question)} AND ${inRangeSql}
      AND received_at >= toStartOfDay(addDays(toTimeZone(events.timestamp, {tz:String}), 1))
    GROUP BY day, event_name, currency ORDER BY day, event_name, currency`
  return (await connection.select<LateFound>('ask', sql, paramsOf(question))).map(lateRowOf)
}

/** As ClickHouse gives it. */
export type LateFound = Omit<LateRow, `${string}_received_at`> & { firstMs: number; lastMs: number }

export function lateRowOf<Found extends LateFound>({ firstMs, lastMs, ...row }: Found) {
  return {
    ...row,
    first_received_at: new Date(firstMs).toISOString(),
    last_received_at: new Date(lastMs).toISOString(),
  }
}
