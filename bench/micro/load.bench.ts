// How fast events get into the warehouse: writing the lines, a whole load through the socket, and beside it the same
// rows inserted as JSONEachRow into a table without indexes, dedup or sync ("raw"), and how long a small load takes.
// Run: node bench/micro/load.bench.ts [loads] [eventsPerLoad]. Prints one JSON object; `hash` is of the lines written.

import { createHash } from 'node:crypto'
import { connect } from '../../server/src/warehouse/connection.ts'
import type { EventRow } from '../../server/src/warehouse/load.ts'
import { events } from '../../server/src/warehouse/schema.ts'
import { eventLines } from '../../server/src/warehouse/tab-rows.ts'
import { type EngineProcess, silentLogger, startEngine } from '../../server/src/warehouse/testing/engine-process.ts'
import { madeEvents, madeLoad, startMs } from '../../server/src/warehouse/testing/made-loads.ts'

export type LoadBench = {
  encodeRowsPerSecond: number
  loadRowsPerSecond: number
  rawRowsPerSecond: number
  ratio: number
  smallLoadMsMedian: number
  rssMegabytesMax: number
  hash: string
}

/** Measures with so many loads of so many events each. */
export async function benchLoad(loads: number, eventsPerLoad: number): Promise<LoadBench> {
  const batches = Array.from({ length: 4 }, (_, seed) => madeEvents(seed, eventsPerLoad, startMs + seed * 3_600_000))
  const [first] = batches as [EventRow[]]
  const hash = createHash('sha256').update(eventLines(first, 1)).digest('hex').slice(0, 16)
  const encodeSeconds = medianSeconds(5, () => void eventLines(first, 1))
  const engine = await startEngine()
  try {
    const loading = await measureLoads(engine, batches, loads)
    const rawRowsPerSecond = await measureRaw(engine, batches, Math.max(2, Math.ceil(loads / 2)))
    return {
      encodeRowsPerSecond: Math.round(eventsPerLoad / encodeSeconds),
      ...loading,
      rawRowsPerSecond,
      ratio: loading.loadRowsPerSecond / rawRowsPerSecond,
      hash,
    }
  } finally {
    await engine.remove()
  }
}

async function measureLoads(engine: EngineProcess, batches: EventRow[][], loads: number) {
  const warehouse = engine.warehouse()
  await warehouse.ready()
  let rssMegabytesMax = 0
  const started = performance.now()
  for (let seq = 1; seq <= loads; seq += 1) {
    await warehouse.loading.load(madeLoad(seq, batches[seq % batches.length] as EventRow[]))
    if (seq % 5 === 0) rssMegabytesMax = Math.max(rssMegabytesMax, (await engine.status()).rssBytes / 1e6)
  }
  const seconds = (performance.now() - started) / 1000
  const rows = batches.length === 0 ? 0 : loads * (batches[0] as EventRow[]).length
  const times: number[] = []
  for (let seq = loads + 1; seq <= loads + 15; seq += 1) {
    const before = performance.now()
    await warehouse.loading.load(madeLoad(seq, madeEvents(seq, 10)))
    times.push(performance.now() - before)
  }
  await warehouse.close()
  return {
    loadRowsPerSecond: Math.round(rows / seconds),
    smallLoadMsMedian: Math.round(times.sort((a, b) => a - b)[7] as number),
    rssMegabytesMax: Math.round(rssMegabytesMax),
  }
}

/** The same rows as JSONEachRow, encoded beforehand, into a plain table. */
async function measureRaw(engine: EngineProcess, batches: EventRow[][], loads: number): Promise<number> {
  const connection = connect({ socketPath: engine.socketPath, database: 'raw', logger: silentLogger })
  await connection.command('CREATE DATABASE raw', {}, {}, 'default')
  const columns = events.columns.map(column => `\`${column.name}\` ${column.type}`)
  await connection.command(
    `CREATE TABLE events (${columns.join(', ')}) ENGINE = MergeTree ORDER BY (${events.orderBy})`,
  )
  const bodies = batches.map(rows => Buffer.from(rows.map(row => JSON.stringify(plainRow(row))).join('\n')))
  const started = performance.now()
  for (let index = 0; index < loads; index += 1) {
    const body = bodies[index % bodies.length] as Buffer
    const search = new URLSearchParams({ query: 'INSERT INTO raw.events FORMAT JSONEachRow', async_insert: '0' })
    const url = `/?${search.toString()}`
    await post(engine.socketPath, url, body)
  }
  const seconds = (performance.now() - started) / 1000
  await connection.close()
  return Math.round((loads * (batches[0] as EventRow[]).length) / seconds)
}

async function post(socketPath: string, path: string, body: Buffer): Promise<void> {
  const { request } = await import('node:http')
  await new Promise<void>((resolve, reject) => {
    const sent = request({ socketPath, path, method: 'POST' }, response => {
      response.resume()
      response.once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error('raw insert refused'))))
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

function plainRow({ origin, event, identity, raw }: EventRow): Record<string, unknown> {
  const id = `${identity.slice(0, 8)}-${identity.slice(8, 12)}-${identity.slice(12, 16)}-${identity.slice(16, 20)}-${identity.slice(20)}`
  return {
    product: origin.product,
    mode: origin.mode,
    key_id: origin.keyId,
    request_id: origin.requestId,
    position: origin.position,
    received_at: (origin.receivedMs / 1000).toFixed(3),
    log_offset: origin.logOffset,
    load_seq: 1,
    identity: id,
    event_name: event.name,
    timestamp: (event.eventMs / 1000).toFixed(3),
    client_user_id: event.userId,
    click_id: event.clickId,
    ip_address: event.ipAddress,
    user_agent: event.userAgent,
    game_type: event.gameType,
    game_provider: event.gameProvider,
    transaction_id: event.transactionId,
    parent_transaction_id: event.parentTransactionId,
    message_id: event.messageId,
    amount: event.amount,
    currency: event.currency,
    currency_sent: event.currencySent,
    is_crypto: event.isCrypto,
    bet_result: event.betResult,
    bet_result_amount: event.betResultAmount,
    flags: event.flags,
    raw,
  }
}

function medianSeconds(times: number, work: () => void): number {
  const seconds: number[] = []
  for (let index = 0; index < times; index += 1) {
    const started = performance.now()
    work()
    seconds.push((performance.now() - started) / 1000)
  }
  return seconds.sort((a, b) => a - b)[Math.floor(times / 2)] as number
}

if (import.meta.main) {
  const [loads = 50, eventsPerLoad = 20_000] = process.argv.slice(2).map(Number)
  console.log(JSON.stringify(await benchLoad(loads, eventsPerLoad), null, 2))
}
