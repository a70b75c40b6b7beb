// The engine: chDB on one data directory, in this process alone, behind ClickHouse's HTTP interface on a unix socket
// that only its owner can use. Lanes keep kinds of work apart: `load` (every INSERT and whatever asks for the
// workload `load`), `ask` (everything else, with limits), `bulk` (the workload `bulk`: one long read at a time,
// streamed, so that its size does not matter), `roll` (the workload `roll`: what is kept ready for reports) and `status`
// (the workload `status`: how the warehouse is). A native abort ends this process; whoever started it starts it again,
// which is fast and safe: what was answered 200 is on disk.

import { isUtf8 } from 'node:buffer'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Session } from 'chdb'
import { engineArguments } from './engine-arguments.ts'
import {
  ClickHouseException,
  isSelect,
  readRowsInsert,
  readStatement,
  type Statement,
  statusOf,
  summaryHeader,
} from './exchange.ts'
import { Lane, type LaneStatus } from './lane.ts'
import { type TableSync, tableSync } from './table-sync.ts'

type Logger = Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>

export type EngineOptions = {
  /** Data directory of chDB; made when it is not there. */
  dir: string
  /** At most 100 bytes or so, see socket-path.ts. A socket left by a dead process is replaced. */
  socketPath: string
  logger: Logger
  /** One question: seconds, bytes, waiting questions. */
  askSecondsMax: number
  askMemoryBytesMax: number
  askQueueMax: number
  /** One loading statement: seconds, waiting statements; and waiting long reads. */
  loadSecondsMax: number
  loadQueueMax: number
  bulkQueueMax: number
  /** Memory of the whole engine; beyond it statements fail with MEMORY_LIMIT_EXCEEDED. */
  memoryBytesMax: number
  /** Body of one request; beyond it 413. */
  bodyBytesMax: number
}

export type EngineStatus = {
  version: string
  rssBytes: number
  requests: number
  load: LaneStatus
  ask: LaneStatus
  bulk: LaneStatus
}

export type Engine = {
  socketPath: string
  status(): EngineStatus
  /** Answers what runs, refuses the rest, closes the data directory. */
  close(): Promise<void>
}

/** How long a stop waits for questions. */
const stopMs = 5_000

type Lanes = { load: Lane; ask: Lane; bulk: Lane; roll: Lane; status: Lane; sync: TableSync }

/** Opens the data directory and serves it. Resolves when the first request can be answered. */
export async function runEngine(options: EngineOptions): Promise<Engine> {
  const { logger } = options
  const started = performance.now()
  await mkdir(options.dir, { recursive: true })
  const lanes = openLanes(options)
  const { bodyBytesMax } = options
  let requests = 0
  const version = await chdbVersion(lanes.load)
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, response) => {
    requests += 1
    answer(lanes, bodyBytesMax, request, response).catch(error => {
      logger.error({ err: error }, 'engine: a request failed in an unforeseen way')
      response.destroy()
    })
  })
  await listen(server, options.socketPath)
  logger.info({ dir: options.dir, version, openMs: Math.round(performance.now() - started) }, 'engine: open')
  return {
    socketPath: options.socketPath,
    status: () => ({
      version,
      rssBytes: process.memoryUsage.rss(),
      requests,
      load: lanes.load.status(),
      ask: lanes.ask.status(),
      bulk: lanes.bulk.status(),
    }),
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeIdleConnections()
      // A question that runs long is not waited for; its connection dies with the process.
      const asked = Promise.all([lanes.ask, lanes.bulk, lanes.roll, lanes.status].map(lane => lane.close()))
      await Promise.race([asked, sleep(stopMs, undefined, { ref: false })])
      await lanes.load.close()
      server.closeAllConnections()
      await closed
      logger.info({}, 'engine: closed')
    },
  }
}

function openLanes(options: EngineOptions): Lanes {
  const connectionArgs = engineArguments({ memoryBytesMax: options.memoryBytesMax })
  const open = () => new Session(options.dir, { connectionArgs })
  const askMemory = options.askMemoryBytesMax
  const ceilings = { max_execution_time: options.askSecondsMax, max_memory_usage: askMemory, max_threads: 2 }
  const asking = {
    // Else a statement has a thread for each 4 GiB that are free: one.
    max_threads_min_free_memory_per_thread: 0,
    max_bytes_before_external_group_by: Math.floor(askMemory / 2),
    max_bytes_before_external_sort: Math.floor(askMemory / 2),
    max_result_bytes: 128 * 1024 * 1024,
  }
  const load = new Lane('load', [open()], {
    queueMax: options.loadQueueMax,
    settings: { max_threads: 2 },
    ceilings: { max_execution_time: options.loadSecondsMax },
  })
  return {
    load,
    ask: new Lane('ask', [open(), open()], { queueMax: options.askQueueMax, settings: asking, ceilings }),
    bulk: new Lane('bulk', [open()], {
      queueMax: options.bulkQueueMax,
      settings: { max_threads: 1, max_block_size: 16_384, preferred_block_size_bytes: 1_000_000 },
      ceilings: { max_memory_usage: askMemory },
    }),
    roll: new Lane('roll', [open()], {
      queueMax: options.bulkQueueMax,
      settings: { max_threads: 2, max_bytes_before_external_group_by: Math.floor(askMemory / 2) },
      ceilings: { max_execution_time: options.loadSecondsMax, max_memory_usage: askMemory * 2 },
    }),
    status: new Lane('status', [open()], { queueMax: options.askQueueMax, settings: asking, ceilings }),
    sync: tableSync(options.dir, (database, table) => findTable(load, database, table)),
  }
}

async function findTable(lane: Lane, database: string, table: string): Promise<string[]> {
  const query =
    'SELECT arrayJoin(data_paths) FROM system.tables WHERE database = {database:String} AND name = {table:String}'
  const search = new URLSearchParams({ query, param_database: database, param_table: table, default_format: 'TSVRaw' })
  const { bytes } = await lane.run(readStatement(search, Buffer.alloc(0)), new AbortController().signal)
  return Buffer.from(bytes)
    .toString()
    .split('\n')
    .filter(path => path !== '')
}

async function chdbVersion(lane: Lane): Promise<string> {
  const statement = readStatement(new URLSearchParams({ query: 'SELECT version()' }), Buffer.alloc(0))
  const { bytes } = await lane.run(statement, new AbortController().signal)
  return Buffer.from(bytes).toString().trim()
}

async function listen(server: Server, socketPath: string): Promise<void> {
  await rm(socketPath, { force: true })
  const before = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(socketPath, resolve)
    })
  } finally {
    process.umask(before)
  }
  await chmod(socketPath, 0o600)
}

async function answer(
  lanes: Lanes,
  bodyBytesMax: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://engine')
  if (url.pathname === '/ping' || (url.pathname === '/' && request.method === 'GET' && url.search === ''))
    return void response.end('Ok.\n')
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  let queryId = ''
  try {
    const body = await readBody(request, bodyBytesMax)
    const statement = readStatement(url.searchParams, body)
    queryId = statement.queryId
    response.setHeader('X-ClickHouse-Query-Id', queryId)
    response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
    await execute(lanes, statement, gone.signal, response)
  } catch (error) {
    refuse(response, error)
  }
}

async function execute(lanes: Lanes, statement: Statement, gone: AbortSignal, response: ServerResponse): Promise<void> {
  const workload = statement.settings.get('workload') ?? 'ask'
  const insert = statement.rows.length > 0 || /^\s*INSERT\b/i.test(statement.sql) ? readRowsInsert(statement.sql) : null
  if (insert !== null) {
    const answer = await lanes.load.insert(statement, insert, gone)
    const [table = '', database = statement.database] = insert.table.split('.').toReversed()
    await lanes.sync.table(database, table)
    return send(response, answer)
  }
  if (statement.rows.length > 0) {
    if (!isUtf8(statement.rows))
      throw new ClickHouseException(48, 'NOT_IMPLEMENTED', 'Rows of this statement must be UTF-8 text')
    statement.sql = `${statement.sql}\n${statement.rows.toString('utf8')}`
  }
  if (workload === 'bulk' && isSelect(statement.sql)) {
    await lanes.bulk.stream(statement, gone, bytes => write(response, gone, bytes))
    return void response.end()
  }
  const lane =
    workload === 'roll' || workload === 'status'
      ? lanes[workload]
      : workload === 'load' || /^\s*INSERT\b/i.test(statement.sql)
        ? lanes.load
        : lanes.ask
  // What takes the place of a table must be on disk before the names are.
  const exchange = /^\s*EXCHANGE\s+TABLES\s+(\w+)\s+AND\s+(\w+)/i.exec(statement.sql)
  for (const table of exchange?.slice(1) ?? []) await lanes.sync.whole(statement.database, table)
  if (exchange !== null) await lanes.sync.names(statement.database)
  const answer = await lane.run(statement, gone)
  if (/^\s*(EXCHANGE|RENAME)\b/i.test(statement.sql)) await lanes.sync.names(statement.database)
  // Rows that ClickHouse wrote itself, or took away, are in parts whose names are not synced either.
  const changed = /^\s*(?:DELETE\s+FROM|ALTER\s+TABLE|INSERT\s+INTO)\s+(\w+)/i.exec(statement.sql)?.[1]
  if (changed !== undefined) await lanes.sync.table(statement.database, changed)
  send(response, answer)
}

function send(response: ServerResponse, answer: Awaited<ReturnType<Lane['run']>>): void {
  response.setHeader('X-ClickHouse-Summary', summaryHeader(answer.summary))
  response.setHeader('Content-Length', answer.bytes.length)
  response.end(answer.bytes)
}

/** An error before the first byte is told as ClickHouse tells it; after it, the connection is cut. */
function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy()
  const sentence = error instanceof Error ? error.message : String(error)
  const code = Number(/Code:\s*(\d+)/.exec(sentence)?.[1] ?? 1001)
  const text = sentence.startsWith('Code:') ? sentence : `Code: ${code}. DB::Exception: ${sentence} (STD_EXCEPTION)`
  response.statusCode = statusOf(code)
  response.setHeader('X-ClickHouse-Exception-Code', code)
  response.end(`${text}\n`)
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity')
    throw new ClickHouseException(48, 'NOT_IMPLEMENTED', `Content-Encoding ${encoding} is not supported`)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > bytesMax)
      throw new ClickHouseException(307, 'TOO_MANY_BYTES', `A body must be at most ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}

async function write(response: ServerResponse, gone: AbortSignal, bytes: Uint8Array): Promise<void> {
  if (gone.aborted) throw new ClickHouseException(394, 'QUERY_WAS_CANCELLED', 'The client went away')
  if (response.write(bytes)) return
  await new Promise<void>(resolve => {
    const on = () => {
      response.off('drain', on)
      gone.removeEventListener('abort', on)
      resolve()
    }
    response.on('drain', on)
    gone.addEventListener('abort', on, { once: true })
  })
}
