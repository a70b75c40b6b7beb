// A lane: a few chDB connections that do one kind of work, with a bounded queue before them, so that what waits in one
// lane never holds up another. chDB keeps settings, parameters and the database on a connection from one statement to
// the next; a lane therefore says all of them before each statement, and puts back to their defaults those that the
// statement before had and this one has not.

import type { ChdbQueryStream, Session } from 'chdb'
import { ClickHouseException, isSelect, type RowsInsert, type Statement, type Summary, sqlLiteral } from './exchange.ts'

export type LaneLimits = {
  /** Statements waiting; beyond it the error 202, TOO_MANY_SIMULTANEOUS_QUERIES. */
  queueMax: number
  /** What every statement gets unless it asks otherwise. */
  settings: Record<string, string | number>
  /** Settings that a statement may lower and never raise (0 means unlimited, and counts as raising). */
  ceilings: Record<string, number>
}

export type LaneStatus = { connections: number; running: number; waiting: number; done: number; failed: number }

/** What a statement gave: all of its bytes. */
export type Answer = { bytes: Uint8Array; summary: Summary }

type Connection = { session: Session; database: string; touched: Set<string>; params: Set<string> }
type Waiter = { start: (connection: Connection) => void; fail: (reason: unknown) => void }

export class Lane {
  readonly name: string
  readonly #limits: LaneLimits
  readonly #all: Connection[]
  readonly #free: Connection[]
  #waiting: Waiter[] = []
  #running = 0
  #done = 0
  #failed = 0
  #closed = false
  #idle: (() => void) | null = null

  constructor(name: string, sessions: Session[], limits: LaneLimits) {
    this.name = name
    this.#limits = limits
    this.#all = sessions.map(session => ({ session, database: '', touched: new Set(), params: new Set() }))
    this.#free = [...this.#all]
  }

  /** Runs a statement that gives its result at once. */
  run(statement: Statement, gone: AbortSignal): Promise<Answer> {
    return this.#with(statement, gone, async connection => {
      await this.#prepare(connection, statement)
      const result = await connection.session.queryAsync(statement.sql, { format: statement.format })
      const { rowsRead: readRows, bytesRead: readBytes, elapsed: seconds } = result
      return { bytes: result.bytes(), summary: { readRows, readBytes, writtenRows: 0, writtenBytes: 0, seconds } }
    })
  }

  /** Runs an INSERT whose rows are bytes: they go to the engine as they are. */
  insert(statement: Statement, insert: RowsInsert, gone: AbortSignal): Promise<Answer> {
    return this.#with(statement, gone, async connection => {
      await this.#prepare(connection, statement)
      if (statement.rows.length === 0) return { bytes: new Uint8Array(), summary: { ...nothing } }
      const result = await connection.session.insert({
        table: insert.table.includes('.') ? insert.table : `${statement.database}.${insert.table}`,
        values: statement.rows,
        format: insert.format as 'TabSeparated',
        ...(insert.columns.length === 0 ? {} : { columns: insert.columns }),
      })
      const { rowsWritten: writtenRows, bytesWritten: writtenBytes, elapsed: seconds } = result
      return {
        bytes: new Uint8Array(),
        summary: { readRows: writtenRows, readBytes: writtenBytes, writtenRows, writtenBytes, seconds },
      }
    })
  }

  /** Runs a SELECT and hands its result on piece by piece; `take` says when it is ready for the next. */
  stream(statement: Statement, gone: AbortSignal, take: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    return this.#with(statement, gone, async connection => {
      await this.#prepare(connection, statement)
      const stream: ChdbQueryStream = connection.session.queryStream(statement.sql, {
        format: statement.format,
        signal: gone,
      })
      try {
        for await (const chunk of stream) await take(chunk.raw())
      } finally {
        stream.cancel()
      }
    })
  }

  status(): LaneStatus {
    return {
      connections: this.#all.length,
      running: this.#running,
      waiting: this.#waiting.length,
      done: this.#done,
      failed: this.#failed,
    }
  }

  /** Refuses what waits and what comes, and resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.#closed = true
    const waiting = this.#waiting
    this.#waiting = []
    for (const waiter of waiting) waiter.fail(closing())
    if (this.#running > 0) await new Promise<void>(resolve => (this.#idle = resolve))
    for (const connection of this.#all) connection.session.close()
  }

  async #with<T>(statement: Statement, gone: AbortSignal, work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#take(gone)
    this.#running += 1
    try {
      const result = await work(connection)
      this.#done += 1
      return result
    } catch (error) {
      if (isAnswer(statement, error)) this.#done += 1
      else this.#failed += 1
      throw error
    } finally {
      this.#running -= 1
      this.#release(connection)
    }
  }

  #take(gone: AbortSignal): Promise<Connection> {
    if (this.#closed) return Promise.reject(closing())
    const free = this.#free.pop()
    if (free !== undefined) return Promise.resolve(free)
    if (this.#waiting.length >= this.#limits.queueMax)
      return Promise.reject(
        new ClickHouseException(
          202,
          'TOO_MANY_SIMULTANEOUS_QUERIES',
          `Too many simultaneous queries: ${this.#waiting.length} wait in lane ${this.name}`,
        ),
      )
    return new Promise((start, fail) => {
      const waiter: Waiter = { start, fail }
      this.#waiting.push(waiter)
      gone.addEventListener(
        'abort',
        () => {
          const place = this.#waiting.indexOf(waiter)
          if (place < 0) return
          this.#waiting.splice(place, 1)
          fail(new ClickHouseException(394, 'QUERY_WAS_CANCELLED', 'The client went away before the query started'))
        },
        { once: true },
      )
    })
  }

  #release(connection: Connection): void {
    const next = this.#waiting.shift()
    if (next !== undefined) return next.start(connection)
    this.#free.push(connection)
    if (this.#running === 0) this.#idle?.()
  }

  async #prepare(connection: Connection, statement: Statement): Promise<void> {
    if (connection.database !== statement.database) {
      connection.database = ''
      await connection.session.queryAsync(`USE \`${statement.database.replaceAll('`', '')}\``)
      connection.database = statement.database
    }
    const wanted = this.#settingsOf(statement)
    const parts: string[] = []
    for (const name of connection.touched) if (!wanted.has(name)) parts.push(`${name} = DEFAULT`)
    for (const [name, value] of wanted) {
      connection.touched.add(name)
      parts.push(`${name} = ${sqlLiteral(value)}`)
    }
    for (const [name, value] of statement.params) parts.push(`param_${name} = ${sqlLiteral(value)}`)
    refuseStaleParams(connection, statement)
    if (parts.length > 0) await connection.session.queryAsync(`SET ${parts.join(', ')}`)
    for (const name of connection.touched) if (!wanted.has(name)) connection.touched.delete(name)
  }

  #settingsOf(statement: Statement): Map<string, string> {
    const wanted = new Map(Object.entries(this.#limits.settings).map(([name, value]) => [name, String(value)]))
    for (const [name, value] of statement.settings) wanted.set(name, value)
    for (const [name, ceiling] of Object.entries(this.#limits.ceilings)) {
      const value = Number(wanted.get(name) ?? 0)
      wanted.set(name, String(value > 0 && value < ceiling ? value : ceiling))
    }
    return wanted
  }
}

/** That a database or table is not there is what a question about it finds out: a fresh warehouse is asked before it is made. */
function isAnswer(statement: Statement, error: unknown): boolean {
  return isSelect(statement.sql) && /^Code: (60|81)\b/.test((error as Error).message)
}

/** A parameter cannot be taken off a connection: a statement that relies on an old one is refused, as a server would. */
function refuseStaleParams(connection: Connection, statement: Statement): void {
  for (const name of connection.params)
    if (!statement.params.has(name) && new RegExp(`\\{\\s*${name}\\s*:`).test(statement.sql))
      throw new ClickHouseException(456, 'UNKNOWN_QUERY_PARAMETER', `Substitution \`${name}\` is not set.`)
  for (const name of statement.params.keys()) connection.params.add(name)
}

const nothing: Summary = { readRows: 0, readBytes: 0, writtenRows: 0, writtenBytes: 0, seconds: 0 }

function closing(): ClickHouseException {
  return new ClickHouseException(210, 'NETWORK_ERROR', 'The engine is stopping')
}
