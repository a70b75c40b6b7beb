// What waits in the log goes to the logs of its shares in order, each record once, wherever whoever moves it is killed; a tally
// is divided; what cannot be read, and what somebody else put there, is told and not passed over.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryLog } from '../pipeline/testing/memory-log.ts'
import type { LogRecord } from '../log/record.ts'
import { measureQueue, moveQueue } from './queue.ts'

const shares = 3
const shareOf = (product: string) => (product === '' ? 0 : Number(product.at(-1)))

const record = (n: number, more: Partial<LogRecord> = {}): LogRecord => ({
  kind: 'batch',
  requestId: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
  product: `p${n % shares}`,
  keyId: 'k',
  mode: 'live',
  receivedMs: n,
  events: 2,
  body: Buffer.from(`[${n},"${'x'.repeat(4_000)}"]`),
  ...more,
})

const tally = (n: number, ...products: string[]) =>
  record(n, {
    kind: 'tally',
    product: '',
    events: 0,
    body: Buffer.from(JSON.stringify(products.map(product => ({ product, events: 1 })))),
  })

/** Logs of shares in memory; `fails` says at which append, before or after it. */
function target() {
  const logs: LogRecord[][] = Array.from({ length: shares }, () => [])
  let [appends, failsAt, isKept] = [0, Number.POSITIVE_INFINITY, false]
  return {
    logs,
    dieAt(at: number, kept: boolean) {
      ;[appends, failsAt, isKept] = [0, at, kept]
    },
    async logEnd(share: number) {
      const own = logs[share] as LogRecord[]
      const events = own.reduce((sum, one) => sum + one.events, 0)
      return { offset: own.length, events, lastRequest: own.at(-1)?.requestId ?? null }
    },
    async append(share: number, records: readonly LogRecord[]) {
      const dies = appends++ >= failsAt
      if (!dies || isKept) logs[share]?.push(...records)
      if (dies) throw new Error('killed')
    },
  }
}

const filled = () => {
  const log = openMemoryLog('log')
  for (let n = 0; n < 4_000; n++) log.append(n % 97 === 96 ? tally(n, 'p2', 'p0', 'p2', '') : record(n))
  return log
}

test('each record is there once and in order, whoever dies meanwhile', async () => {
  const log = filled()
  const from = 10
  const plain = target()
  const ends = await moveQueue(log, from, shareOf, shares, plain, () => {})
  const queued = await measureQueue(log, from)
  assert.equal(queued.records, 3_990)
  assert.equal(
    ends.reduce((sum, { events }) => sum + events, 0),
    queued.events,
  )
  assert.equal(plain.logs.flat().filter(({ kind }) => kind !== 'tally').length, queued.records - Math.floor(3_990 / 97))
  for (const [share, records] of plain.logs.entries()) {
    for (const { kind, product, body } of records)
      if (kind === 'tally')
        for (const row of JSON.parse(String(body)) as { product: string }[]) assert.equal(shareOf(row.product), share)
      else assert.equal(shareOf(product), share)
    const times = records.map(({ receivedMs }) => receivedMs)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
  }
  for (const kept of [false, true])
    for (const at of [0, 1, 3, 5]) {
      const broken = target()
      broken.dieAt(at, kept)
      await assert.rejects(
        moveQueue(log, from, shareOf, shares, broken, () => {}),
        /killed/,
      )
      broken.dieAt(1, kept)
      await assert.rejects(
        moveQueue(log, from, shareOf, shares, broken, () => {}),
        /killed/,
      )
      broken.dieAt(Number.POSITIVE_INFINITY, false)
      assert.deepEqual(await moveQueue(log, from, shareOf, shares, broken, () => {}), ends)
      assert.deepEqual(broken.logs, plain.logs)
    }
})

test('what cannot be read, and what is of somebody else, is told', async () => {
  const log = filled()
  log.damage(20, 22)
  await assert.rejects(measureQueue(log, 10), /all of it that is not loaded must be readable: at 20, the test says so/)
  await measureQueue(log, 22)
  const strange = target()
  strange.logs[1]?.push(record(9_001))
  await assert.rejects(
    moveQueue(log, 22, shareOf, shares, strange, () => {}),
    /stream datapulse-log-1 must be of this move/,
  )
  const more = target()
  await moveQueue(log, 22, shareOf, shares, more, () => {})
  more.logs[2]?.push(record(9_002))
  await assert.rejects(
    moveQueue(log, 22, shareOf, shares, more, () => {}),
    /stream datapulse-log-2 must be of this move/,
  )
})
