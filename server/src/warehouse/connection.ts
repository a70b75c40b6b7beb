// How everybody but the engine talks to the warehouse: ClickHouse's stock client, over the engine's unix socket or to
// a server's URL, with the same statements. Nothing is remembered between statements, so every setting that one relies
// on is sent with it. Statements here may all be repeated (a load has its token), and are, with growing pauses, while
// the fault is one that passes. Whoever asks for one that may not (`commandOnce`) finds out what became of it.

import { Agent } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClickHouseClient, type ClickHouseSettings, createClient, type ResponseJSON } from '@clickhouse/client'
import { faultOf, type WarehouseFault } from './fault.ts'

export type ConnectionOptions = {
  /** A ClickHouse server; or else the engine's socket. */
  url?: string
  socketPath?: string
  user?: string
  password?: string
  database: string
  logger: Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>
  /** How often a statement is tried in all, and the longest pause between. */
  attemptsMax?: number
  pauseMsMax?: number
}

/** Which queue of the engine a statement goes through; on a server, the name of its workload. */
type Workload = 'load' | 'ask' | 'bulk' | 'roll' | 'status'

export type Params = Record<string, unknown>

export type Connection = {
  database: string
  /** Rows of a SELECT, which must not name a FORMAT. */
  select<Row>(workload: Workload, sql: string, params?: Params): Promise<Row[]>
  /** The same, in pages as they come; never repeated by itself. */
  stream<Row>(sql: string, params?: Params): AsyncIterable<Row[]>
  /** All rows of a SELECT as an `insert` takes them; `sql` must not name a FORMAT. Never repeated by itself. */
  lines(sql: string, params?: Params): Promise<Buffer>
  /** A statement without a result, in no database when `database` is ''. */
  command(sql: string, params?: Params, settings?: ClickHouseSettings, database?: string): Promise<void>
  /** The same, sent once: where it throws nobody knows whether it was carried out. */
  commandOnce(sql: string): Promise<void>
  /**
   * Rows in TabSeparated form, all in one block per partition, under a token: a repetition adds nothing. `isCertain` when
   * the first attempt was answered; else the token may be there without its rows (see loading.ts). `onSent` is called
   * when nearly all of the rows have left this process, and from then on only the answer is waited for.
   */
  insert(
    table: string,
    columns: readonly string[],
    rows: Buffer,
    token: string,
    onSent?: () => void,
  ): Promise<{ isCertain: boolean }>
  ping(): Promise<boolean>
  close(): Promise<void>
}

/** What the results of every SELECT look like: decimals as text, whole numbers as numbers. */
const selectSettings: ClickHouseSettings = {
  output_format_json_quote_decimals: 1,
  output_format_json_quote_64bit_integers: 0,
  output_format_decimal_trailing_zeros: 0,
  // The wide columns of a page are read for its rows alone, not for all rows that were looked at.
  query_plan_max_limit_for_lazy_materialization: '2000',
} as ClickHouseSettings

/** What has a deletion or an update done when it is answered. */
export const settledSettings = { lightweight_deletes_sync: '2', mutations_sync: '2' } as const

/** What makes an insert one block per partition, parsed as written, and durable when it is answered. */
const insertSettings: ClickHouseSettings = {
  async_insert: 0,
  insert_deduplicate: 1,
  max_insert_threads: '1',
  input_format_parallel_parsing: 0,
  max_insert_block_size: '4194304',
  min_insert_block_size_rows: '4194304',
  min_insert_block_size_bytes: '4294967296',
  max_partitions_per_insert_block: '1000',
  date_time_input_format: 'basic',
  input_format_tsv_detect_header: 0,
  input_format_tsv_empty_as_default: 0,
  input_format_tsv_crlf_end_of_line: 0,
  input_format_tsv_allow_variable_number_of_columns: 0,
}

/** Makes a connection; nothing is sent until the first statement. */
export function connect(options: ConnectionOptions): Connection {
  const client = clientOf(options)
  const { database } = options
  const attemptsMax = options.attemptsMax ?? 6
  const pauseMsMax = options.pauseMsMax ?? 2_000
  const repeat = <T>(work: () => Promise<T>) =>
    repeatWhile(fault => fault.retry, work, attemptsMax, pauseMsMax, options.logger)
  /** Somebody waits for the answer: an engine that just starts again is waited for, one that is busy is not. */
  const repeatBriefly = <T>(work: () => Promise<T>) =>
    repeatWhile(fault => fault.code === 'WAREHOUSE_AWAY', work, Math.min(4, attemptsMax), pauseMsMax, options.logger)

  return {
    database,
    select: <Row>(workload: Workload, sql: string, params: Params = {}) =>
      (workload === 'load' || workload === 'roll' ? repeat : repeatBriefly)(async () => {
        const settings = { ...selectSettings, workload }
        const result = await client.query({
          query: sql,
          query_params: params,
          format: 'JSONCompact',
          clickhouse_settings: settings,
        })
        return rowsOf<Row>(await result.json<unknown[]>())
      }),
    stream: (sql, params = {}) => streamRows(client, sql, params),
    lines: (sql, params = {}) => readLines(client, sql, params),
    command: (sql, params = {}, settings = {}, within = database) =>
      repeat(async () => {
        const statement = { query: sql, query_params: params, clickhouse_settings: { workload: 'load', ...settings } }
        if (within === database) await client.command(statement)
        else await commandOutside(options, statement)
      }),
    commandOnce: async sql => {
      try {
        await client.command({ query: sql, clickhouse_settings: { workload: 'load' } as ClickHouseSettings })
      } catch (error) {
        throw faultOf(error)
      }
    },
    insert: async (table, columns, rows, token, onSent) => {
      let attempts = 0
      await repeat(async () => {
        attempts += 1
        const query = `INSERT INTO ${database}.${table} (${columns.join(', ')}) FORMAT TabSeparated`
        const settings = { ...insertSettings, insert_deduplication_token: token }
        const values = Readable.from(piecesOf(rows, onSent), { objectMode: false })
        const { stream } = await client.exec({ query, values, clickhouse_settings: settings })
        for await (const _ of stream);
      })
      return { isCertain: attempts === 1 }
    },
    ping: async () => (await client.ping()).success,
    close: () => client.close(),
  }
}

/** Names come once, not in each row: of many rows with many columns they are most of the bytes. */
function rowsOf<Row>({ meta = [], data }: ResponseJSON<unknown[]>): Row[] {
  return data.map(values => {
    const row: Record<string, unknown> = {}
    for (const [index, { name }] of meta.entries()) row[name] = values[index]
    return row as Row
  })
}

/** As the other side takes them: a socket holds little, so that the last piece is asked for when the others are gone. */
function* piecesOf(rows: Buffer, onSent?: () => void): Generator<Buffer> {
  for (let at = 0; at < rows.length; at += pieceBytes) yield rows.subarray(at, at + pieceBytes)
  onSent?.()
}

const pieceBytes = 256 * 1024

function clientOf(options: ConnectionOptions): ClickHouseClient {
  const local = options.socketPath
  const settings = {
    database: options.database,
    request_timeout: 120_000,
    max_open_connections: 8,
    log: { level: 127 as never },
    ...(options.user === undefined ? {} : { username: options.user }),
    ...(options.password === undefined ? {} : { password: options.password }),
  }
  if (local === undefined) return createClient({ ...settings, url: options.url ?? 'http://localhost:8123' })
  const agent = new Agent({ socketPath: local, keepAlive: true, maxSockets: 8 } as object)
  return createClient({ ...settings, url: 'http://localhost', http_agent: agent })
}

/** A statement that is not about our database, which may not be there yet. */
async function commandOutside(options: ConnectionOptions, statement: { query: string }): Promise<void> {
  const outside = clientOf({ ...options, database: 'default' })
  try {
    await outside.command(statement)
  } finally {
    await outside.close()
  }
}

async function* streamRows<Row>(client: ClickHouseClient, sql: string, params: Params): AsyncIterable<Row[]> {
  try {
    const result = await client.query({
      query: sql,
      query_params: params,
      format: 'JSONCompactEachRow',
      clickhouse_settings: { ...selectSettings, workload: 'bulk', max_execution_time: 0 },
    })
    for await (const rows of result.stream<Row>()) yield rows.map(row => row.json<Row>() as Row)
  } catch (error) {
    throw faultOf(error)
  }
}

async function readLines(client: ClickHouseClient, sql: string, params: Params): Promise<Buffer> {
  try {
    const settings = { ...selectSettings, workload: 'bulk', max_execution_time: 0 }
    const query = `${sql} FORMAT TabSeparated`
    const { stream } = await client.exec({ query, query_params: params, clickhouse_settings: settings })
    const pieces: Buffer[] = []
    for await (const piece of stream) pieces.push(piece as Buffer)
    return Buffer.concat(pieces)
  } catch (error) {
    throw faultOf(error)
  }
}

/** A pause as short as an engine's start is not worth a line. */
const toldFromAttempt = 4

async function repeatWhile<T>(
  passes: (fault: WarehouseFault) => boolean,
  work: () => Promise<T>,
  attemptsMax: number,
  pauseMsMax: number,
  logger: ConnectionOptions['logger'],
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const fault: WarehouseFault = faultOf(error)
      if (!passes(fault) || attempt >= attemptsMax) throw fault
      const pauseMs = Math.min(pauseMsMax, 50 * 2 ** attempt)
      const told = { code: fault.code, attempt, pauseMs, reason: fault.message }
      if (attempt >= toldFromAttempt) logger.warn(told, 'warehouse: trying again')
      await sleep(pauseMs)
    }
  }
}
