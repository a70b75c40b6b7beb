// Puts rows into a table so that all of them are there when it resolves, whatever happened before. ClickHouse writes the
// token of a block before the block's part gets its name: a crash or a full disk in between leaves a token without rows,
// and a repetition under it is ignored. So a token only keeps a repetition from doubling what is there. Whether it is
// there is asked, after any attempt that was not answered at once, and what is absent goes in under the token's next:
//
//   <token>   <token> again 1   <token> again 2   …
//
// Each is one block per partition, there or not as a whole. The question waits in the engine's queue behind an insert
// that still runs. An insert that was answered at the first attempt is there: nothing is asked.

import type { Connection } from './connection.ts'
import { warehouseFault } from './fault.ts'
import type { Table } from './schema.ts'

/** Rows for one table, and how to tell which of them are there. */
export type Rows = {
  table: Pick<Table, 'name' | 'columns'>
  count: number
  /** One for each row, different from all others of the load. */
  keys: () => readonly string[]
  /** The lines of those whose key is wanted; all without. */
  lines: (isWanted?: (key: string) => boolean) => Buffer
  /** Asks for the keys that are there, as `key`. */
  sql: string
  params: Record<string, unknown>
}

/** `isRepeated`: an earlier attempt under this token may have begun. */
export async function insertWhole(
  connection: Connection,
  rows: Rows,
  token: string,
  isRepeated: boolean,
  onSent?: () => void,
): Promise<void> {
  if (rows.count === 0) return
  const { name } = rows.table
  const columns = rows.table.columns.map(column => column.name)
  if (!isRepeated && (await connection.insert(name, columns, rows.lines(), token, onSent)).isCertain) return
  const keys = rows.keys()
  for (let again = 0; again <= againMax; again += 1) {
    const there = new Set((await connection.select<{ key: string }>('load', rows.sql, rows.params)).map(row => row.key))
    if (keys.every(key => there.has(key))) return
    const lines = rows.lines(key => !there.has(key))
    await connection.insert(name, columns, lines, again === 0 ? token : `${token} again ${again}`)
  }
  throw warehouseFault('WAREHOUSE_FAILED', `Rows of ${name} are not there after they were inserted: ${token}`, true)
}

/** How many tokens may have been left without their rows. */
const againMax = 100
