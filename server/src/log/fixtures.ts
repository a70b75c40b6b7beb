// What the log's tests share: a folder, a logger that remembers, records, and awaiting forms of `append` and reading.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type LogWriterOptions, openLogWriter } from './log.ts'
import type { DamagedRange, LogFault, LogReader, LogRecord, LogWriter, StoredRecord } from './record.ts'

export const limits = {
  segmentBytesMax: 256 * 1024,
  commitBytesMax: 1024 * 1024,
  commitRecordsMax: 256,
  pendingBytesMax: 8 * 1024 * 1024,
}

type KeptLine = { level: string; details: object; message: string }

export function keepingLogger() {
  const lines: KeptLine[] = []
  const at = (level: string) => (details: object, message: string) => {
    lines.push({ level, details, message })
  }
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}

export async function logFolder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'log-test-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

export async function writerIn(
  t: TestContext,
  dir: string,
  options: Partial<LogWriterOptions> = {},
): Promise<LogWriter> {
  const writer = await openLogWriter({
    dir,
    limits,
    now: Date.now,
    logger: keepingLogger(),
    freeBytesMin: 0,
    ...options,
  })
  t.after(() => writer.close())
  return writer
}

export function recordOf(requestId: string, bytes = 20, events = 1): LogRecord {
  const body = Buffer.alloc(bytes, requestId)
  return { kind: 'batch', requestId, product: 'demo', keyId: 'key_1', mode: 'live', receivedMs: 1, events, body }
}

export function append(writer: LogWriter, record: LogRecord): Promise<LogFault | null> {
  return new Promise(resolve => {
    writer.append(record, resolve)
  })
}

/** Appends records named `<from>`, `<from + 1>` …, each in a commit of its own. */
export async function appendEach(writer: LogWriter, from: number, count: number, bytes = 20): Promise<void> {
  for (let i = from; i < from + count; i++) {
    const fault = await append(writer, recordOf(String(i), bytes))
    if (fault !== null) throw new Error(fault.message)
  }
}

export type Everything = { records: StoredRecord[]; damage: DamagedRange[]; next: number; nextEvents: number }

/** Reads on from `offset` until nothing more comes. */
export async function readAll(reader: LogReader, offset = 0, recordsMax = 100): Promise<Everything> {
  const all: Everything = { records: [], damage: [], next: offset, nextEvents: 0 }
  for (;;) {
    const result = await reader.read(all.next, { recordsMax, bytesMax: 1_000_000 })
    all.nextEvents = result.nextEvents
    if (result.next === all.next) return all
    all.records.push(...result.records)
    all.damage.push(...result.damage)
    all.next = result.next
  }
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 10))
}
