// How fast the log makes records durable, and gives them back: appenders that each wait for the disk before the next
// append, beside a bare write + fdatasync of the same bytes one after another. The hash is of all that was read back.
// `node bench/micro/log.bench.ts [folder]`, pinned to one core for the figures in docs; a unit test runs the small size.

import { createHash } from 'node:crypto'
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { limits } from '../../server/src/limits.ts'
import { openLogReader, openLogWriter } from '../../server/src/log/log.ts'
import type { LogRecord } from '../../server/src/log/record.ts'

export type LogSize = { name: string; records: number; bodyBytes: number; appenders: number }

export type LogMeasured = {
  name: string
  recordsPerSecond: number
  megabytesPerSecond: number
  ackMsP50: number
  ackMsP99: number
  fdatasyncMsP50: number
  fdatasyncMsP99: number
  readRecordsPerSecond: number
  hash: string
}

export async function measureLog(size: LogSize, folder = tmpdir()): Promise<LogMeasured> {
  const dir = await mkdtemp(join(folder, 'log-bench-'))
  const logger = { info: () => {}, warn: () => {}, error: (_: object, message: string) => console.error(message) }
  try {
    const writer = await openLogWriter({ dir: join(dir, 'log'), limits, now: Date.now, logger })
    const started = performance.now()
    const ackMs = await appendAll(size, (record, done) => writer.append(record, done))
    const seconds = (performance.now() - started) / 1000
    await writer.close()
    const { hash, recordsPerSecond: readRecordsPerSecond } = await readBack(join(dir, 'log'), logger)
    const syncMs = bareSyncs(join(dir, 'bare'), size)
    return {
      name: size.name,
      recordsPerSecond: Math.round(size.records / seconds),
      megabytesPerSecond: Math.round((size.records * size.bodyBytes) / seconds / 1e6),
      ackMsP50: quantile(ackMs, 0.5),
      ackMsP99: quantile(ackMs, 0.99),
      fdatasyncMsP50: quantile(syncMs, 0.5),
      fdatasyncMsP99: quantile(syncMs, 0.99),
      readRecordsPerSecond,
      hash,
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

type Append = (record: LogRecord, done: (fault: { message: string } | null) => void) => void

function appendAll(size: LogSize, append: Append): Promise<number[]> {
  const ackMs: number[] = []
  const bodies = Array.from({ length: 16 }, (_, i) => Buffer.alloc(size.bodyBytes, `{"n":${i},"event_name":"deposit"}`))
  let sent = 0
  return new Promise((resolve, reject) => {
    const next = () => {
      if (sent === size.records) return
      const started = performance.now()
      append(recordOf(sent, bodies[sent++ % bodies.length]!), fault => {
        if (fault !== null) return reject(new Error(fault.message))
        ackMs.push(performance.now() - started)
        if (ackMs.length === size.records) resolve(ackMs)
        else next()
      })
    }
    for (let i = 0; i < size.appenders; i++) next()
  })
}

function recordOf(n: number, body: Uint8Array): LogRecord {
  const requestId = `01935b1e-7c1e-7f3a-8d2e-${String(n).padStart(12, '0')}`
  return {
    kind: 'event',
    requestId,
    product: 'demo',
    keyId: 'key_0001',
    mode: 'live',
    receivedMs: 1_790_000_000_000,
    events: 1,
    body,
  }
}

async function readBack(dir: string, logger: Parameters<typeof openLogReader>[0]['logger']) {
  const reader = await openLogReader({ dir, logger })
  const hash = createHash('sha256')
  let readMs = 0
  let at = 0
  for (;;) {
    const before = performance.now()
    const result = await reader.read(at, { recordsMax: limits.loadEventsMax, bytesMax: limits.loadBytesMax })
    readMs += performance.now() - before
    if (result.next === at || result.damage.length > 0) break
    for (const record of result.records) hash.update(record.requestId).update(record.body.subarray(0, 64))
    at = result.next
  }
  await reader.close()
  const seconds = Math.max(readMs, 0.001) / 1000
  return { hash: hash.digest('hex').slice(0, 12), recordsPerSecond: Math.round(at / seconds) }
}

/** The same bytes, in groups as large as there are appenders, each written and synced before the next. */
function bareSyncs(path: string, size: LogSize): number[] {
  const group = Buffer.alloc(Math.min(size.bodyBytes * size.appenders, limits.commitBytesMax), 'x')
  const file = openSync(path, 'w')
  const ms: number[] = []
  for (let i = 0; i < Math.min(500, Math.ceil(size.records / size.appenders)); i++) {
    const started = performance.now()
    writeSync(file, group)
    fdatasyncSync(file)
    ms.push(performance.now() - started)
  }
  closeSync(file)
  return ms
}

function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return Math.round(value * 100) / 100
}

if (import.meta.main) {
  for (const size of [
    { name: '64 appenders, 366 bytes', records: 200_000, bodyBytes: 366, appenders: 64 },
    { name: '16 appenders, 220 KB', records: 1_500, bodyBytes: 220_000, appenders: 16 },
    { name: '1 appender, 366 bytes', records: 1_500, bodyBytes: 366, appenders: 1 },
  ]) {
    console.log(JSON.stringify(await measureLog(size, process.argv[2])))
  }
}
