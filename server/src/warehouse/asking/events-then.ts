// The events as they stood at a moment, for whoever asks for what was received before it. That is the events' table, with
// one exception: where it was decided since that another event takes the place of the one that stood (resolving.ts), the
// one that stood then is told and the other is not. It is the first one of the earliest such decision, and is kept among
// the duplicates, or stands again. Without such decisions, as nearly always, the table is asked as it is.

import { gameTypes } from '../../steps/game-type.ts'
import type { Connection } from '../connection.ts'

export type ThenQuestion = { product: string; receivedBeforeMs?: number }

/** What reports read of an event. */
const columns = [
  ...['product', 'mode', 'request_id', 'position', 'received_at', 'event_name', 'timestamp', 'client_user_id'],
  ...['click_id', 'game_type', 'game_provider', 'transaction_id', 'parent_transaction_id', 'amount', 'currency'],
  ...['bet_result', 'bet_result_amount'],
].join(', ')

/** What stands behind FROM, under the name `events`; with the parameters of the question. */
export async function eventsThen(connection: Connection, question: ThenQuestion): Promise<string> {
  const { product, receivedBeforeMs } = question
  if (receivedBeforeMs === undefined) return 'events'
  const sql = `SELECT count() AS decisions FROM resolutions WHERE ${decidedSinceSql}`
  const [found] = await connection.select<{ decisions: number }>('ask', sql, { product, receivedBeforeMs })
  return found?.decisions === 0 ? 'events' : stoodThenSql
}

const momentSql = "fromUnixTimestamp64Milli({receivedBeforeMs:Int64}, 'UTC')"
const decidedSinceSql = `product = {product:String} AND mode = 'live' AND stands = 'later' AND state = 'done'
    AND decided_at >= ${momentSql}`
const liveSql = `product = {product:String} AND mode = 'live' AND received_at < ${momentSql}`
const isStoodSql = `(request_id, position) IN (
    SELECT first.1, first.2 FROM (
      SELECT argMin(tuple(first_request_id, first_position), decided_at) AS first
      FROM resolutions WHERE ${decidedSinceSql} GROUP BY identity))`

/** Duplicates do not have their canonical game type: as steps/game-type.ts says. */
function canonicalSql(): string {
  const fold = (word: string) => word.replaceAll('_', '')
  const pairs = Object.entries(gameTypes).flatMap(([type, words]) => [type, ...words].map(word => [fold(word), type]))
  const list = (at: 0 | 1) => `[${pairs.map(pair => `'${pair[at]}'`).join(', ')}]`
  return `transform(lower(replaceRegexpAll(game_type, '[\\\\s_.-]+', '')), ${list(0)}, ${list(1)}, '')`
}

const stoodThenSql = `(
    SELECT ${columns}, toString(canonical_game_type) AS canonical_game_type FROM events
    WHERE ${liveSql} AND (${isStoodSql} OR identity NOT IN (SELECT identity FROM resolutions WHERE ${decidedSinceSql}))
    UNION ALL
    SELECT ${columns}, ${canonicalSql()} AS canonical_game_type FROM duplicates WHERE ${liveSql} AND ${isStoodSql}
  ) AS events`
