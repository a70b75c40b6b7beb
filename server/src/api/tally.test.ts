// The door's books: written once, kept when they cannot be, bounded, and balanced.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogFault, LogRecord } from '../log/record.ts'
import { Tally } from './tally.ts'

const full: LogFault = { code: 'LOG_DISK_FULL', message: 'full', retryAfterSeconds: 5 }

function open() {
  const records: LogRecord[] = []
  const log = {
    fault: null as LogFault | null,
    append(record: LogRecord, done: (fault: LogFault | null) => void) {
      if (log.fault === null) records.push(record)
      setImmediate(() => done(log.fault))
    },
  }
  const entries = () => records.map(record => JSON.parse(Buffer.from(record.body).toString()))
  return { log, records, entries, tally: new Tally(log, () => 1_000) }
}

test('what was rejected is written once, by product, key and code', async () => {
  const { tally, records, entries } = open()
  tally.reject('casino', 'key_a', 'VALIDATION_ERROR', 5)
  tally.reject('casino', 'key_a', 'VALIDATION_ERROR', 2)
  tally.reject('casino', 'key_b', 'RATE_LIMITED', 1)
  tally.reject('', '', 'UNAUTHORIZED', 1)
  assert.equal(await tally.flush(), true)
  assert.equal(await tally.flush(), true)
  assert.deepEqual(entries(), [
    [
      { product: 'casino', keyId: 'key_a', code: 'VALIDATION_ERROR', events: 7, requests: 2 },
      { product: 'casino', keyId: 'key_b', code: 'RATE_LIMITED', events: 1, requests: 1 },
      { product: '', keyId: '', code: 'UNAUTHORIZED', events: 1, requests: 1 },
    ],
  ])
  const [record] = records
  assert.deepEqual(
    [record?.kind, record?.product, record?.keyId, record?.events, record?.receivedMs],
    ['tally', '', '', 0, 1_000],
  )
})

test('a refusal that the reply does not explain is counted as what it is, and told by the code of the reply', async () => {
  const { tally, entries } = open()
  const countedAs = { product: 'casino', keyId: 'key_a', code: 'KEY_REVOKED' } as const
  tally.reject('', '', 'UNAUTHORIZED', 1, countedAs)
  await tally.flush()
  assert.deepEqual(entries(), [[{ ...countedAs, events: 1, requests: 1 }]])
  assert.deepEqual(tally.status().requestsByCode, { UNAUTHORIZED: 1 })
})

test('an append that fails keeps the counts, and later ones add to them', async () => {
  const { tally, log, entries } = open()
  log.fault = full
  tally.reject('casino', 'key_a', 'STORAGE_UNAVAILABLE', 3)
  const flushed = tally.flush()
  tally.reject('casino', 'key_a', 'STORAGE_UNAVAILABLE', 4)
  assert.equal(await flushed, false)
  log.fault = null
  assert.equal(await tally.flush(), true)
  assert.deepEqual(entries(), [
    [{ product: 'casino', keyId: 'key_a', code: 'STORAGE_UNAVAILABLE', events: 7, requests: 2 }],
  ])
})

test('entries are bounded, and no count is lost by it', async () => {
  const { tally, entries } = open()
  for (let i = 0; i < 12_000; i++) tally.reject('casino', `key_${i}`, 'RATE_LIMITED', 1)
  await tally.flush()
  const list = entries()[0] as { product: string; keyId: string; events: number }[]
  assert.equal(list.length, 10_001)
  assert.equal(list.at(-1)?.events, 2_000)
  assert.equal(list.at(-1)?.keyId, '')
})

test('received = accepted + rejected + waiting', () => {
  const { tally } = open()
  tally.receive(10)
  tally.accept(4)
  tally.reject('casino', 'key_a', 'VALIDATION_ERROR', 5)
  tally.countCode('NOT_FOUND')
  const { eventsReceived, eventsAccepted, eventsRejected, eventsWaiting, requestsByCode } = tally.status()
  assert.deepEqual([eventsReceived, eventsAccepted, eventsRejected, eventsWaiting], [10, 4, 5, 1])
  assert.deepEqual(requestsByCode, { VALIDATION_ERROR: 1, NOT_FOUND: 1 })
})

test('where the log keeps products apart each part has a record, and only what one refuses is kept', async () => {
  const { tally, log, records, entries } = open()
  Object.assign(log, { partOf: (product: string) => (product === 'casino' ? 1 : 0) })
  const { append } = log
  log.append = (record, done) => (record.product === 'casino' ? setImmediate(() => done(full)) : append(record, done))
  for (const product of ['', 'casino', 'sports']) tally.reject(product, '', 'UNAUTHORIZED', 1)
  assert.equal(await tally.flush(), false)
  assert.deepEqual(
    entries().map(part => part.map(({ product }: { product: string }) => product)),
    [['', 'sports']],
  )
  log.append = append
  assert.equal(await tally.flush(), true)
  assert.deepEqual(
    records.map(record => record.product),
    ['', 'casino'],
  )
})
