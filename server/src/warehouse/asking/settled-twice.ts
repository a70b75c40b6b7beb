// Which events of a page belong to a bet that was settled twice: the bet brought its result itself, and a win or a loss
// names it. The two come in either order, and either may be erased or exchanged later, so this is no stored flag: the
// other side of each is looked for when events are asked for, by the bloom filters of their ids. One question for all of
// a page, since from a hundred ids or so on these leave little unread, and several questions would read it several
// times; none for a page without bets' results and settlements.

import type { Flag } from '@datapulse/contract'
import type { Connection } from '../connection.ts'
import { sqlLiteral } from '../engine/exchange.ts'

type Settling = {
  product: string
  mode: string
  event_name: string
  transaction_id: string
  parent_transaction_id: string
  bet_result_amount: string | null
  flags: string[]
}

/** What would settle a bet a second time: its own result, or a win or a loss. `id` is the bet's transaction. */
type Other = { product: string; mode: string; side: Side; id: string }
type Side = keyof typeof sides

/** Where nobody sends results with bets, that is seen first, and their ids are not read: ten times as fast. */
const sides = {
  result: { column: 'transaction_id', where: "PREWHERE bet_result_amount IS NOT NULL WHERE event_name = 'bet'" },
  settlement: { column: 'parent_transaction_id', where: "WHERE event_name IN ('win', 'loss')" },
}

/** A statement is refused from 256 KiB on: with longer ids than people have, a page takes more than one question. */
const idsBytesMax = 200_000

const flag: Flag = 'settled_twice'

/** The rows, with the flag `settled_twice` where it belongs. */
export async function flagSettledTwice<Row extends Settling>(
  connection: Connection,
  rows: readonly Row[],
): Promise<Row[]> {
  const others = rows.map(otherOf)
  const found = new Set<string>()
  for (const some of portions(others.filter(other => other !== null)))
    for (const other of await connection.select<Other>('ask', othersSql(some))) found.add(keyOf(other))
  return rows.map((row, i) => {
    const other = others[i] ?? null
    return other !== null && found.has(keyOf(other)) ? { ...row, flags: [...row.flags, flag] } : row
  })
}

/** What this event would be settled twice with; null when nothing. */
function otherOf(row: Settling): Other | null {
  const { product, mode, event_name, transaction_id, parent_transaction_id, bet_result_amount } = row
  if (event_name === 'bet' && bet_result_amount !== null && transaction_id !== '')
    return { product, mode, side: 'settlement', id: transaction_id }
  if ((event_name === 'win' || event_name === 'loss') && parent_transaction_id !== '')
    return { product, mode, side: 'result', id: parent_transaction_id }
  return null
}

/** Each once, as many together as one statement holds. */
function* portions(others: readonly Other[]): Generator<Other[]> {
  let some: Other[] = []
  let bytes = 0
  for (const other of new Map(others.map(one => [keyOf(one), one])).values()) {
    const more = Buffer.byteLength(`${literal(other.product)}, ${literal(other.id)}, `)
    if (some.length > 0 && bytes + more > idsBytesMax) {
      yield some
      some = []
      bytes = 0
    }
    some.push(other)
    bytes += more
  }
  if (some.length > 0) yield some
}

function othersSql(others: readonly Other[]): string {
  const asked = (Object.keys(sides) as Side[]).filter(side => others.some(other => other.side === side))
  return asked
    .map(side =>
      sideSql(
        side,
        others.filter(other => other.side === side),
      ),
    )
    .join('\nUNION ALL ')
}

/** Finds more than was asked for where a page is of several products or modes; who asked tells them apart. */
function sideSql(side: Side, others: readonly Other[]): string {
  const { column, where } = sides[side]
  const among = (name: 'product' | 'mode' | 'id') => [...new Set(others.map(other => literal(other[name])))].join(', ')
  return `SELECT DISTINCT product, mode, '${side}' AS side, ${column} AS id FROM events
    ${where} AND product IN (${among('product')}) AND mode IN (${among('mode')}) AND ${column} IN (${among('id')})`
}

/** In the statement, since parameters travel in a URL; a brace in an id must not look like one of them. */
function literal(value: string): string {
  return sqlLiteral(value).replaceAll('{', '\\x7B')
}

function keyOf({ product, mode, side, id }: Other): string {
  return JSON.stringify([product, mode, side, id])
}
