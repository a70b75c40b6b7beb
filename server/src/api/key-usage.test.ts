// How much a key is used: counted as the limit counts, written once it is due, kept when it cannot be.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogFault, LogRecord } from '../log/record.ts'
import { KeyUsage } from './key-usage.ts'
import type { DoorKey } from './keys-in-use.ts'

const startMs = 1_750_000_000_000
const full: LogFault = { code: 'LOG_DISK_FULL', message: 'full', retryAfterSeconds: 5 }
const key = keyOf('key_a')

function keyOf(id: string, rateLimit = 60): DoorKey {
  return { id, product: 'casino', mode: 'live', prefix: 'dp_live_abcd', rateLimit, scopes: ['ingest'] }
}

type Told = { keyId: string; slotMs: number; requests: number }
type Entry = { keyId: string; usage: Record<string, number> }

function open() {
  const clock = { nowMs: startMs }
  const records: LogRecord[] = []
  const log = {
    fault: null as LogFault | null,
    append(record: LogRecord, done: (fault: LogFault | null) => void) {
      if (log.fault === null) records.push(record)
      setImmediate(() => done(log.fault))
    },
  }
  const usage = new KeyUsage(log, () => clock.nowMs)
  /** What was written since the last call, without the source. */
  const written = () =>
    records.splice(0).map(({ kind, events, body }) => {
      assert.deepEqual([kind, events], ['tally', 0])
      const entries = JSON.parse(Buffer.from(body).toString()) as Entry[]
      return entries.map(({ keyId, usage: { source: _source, ...told } }) => ({ keyId, ...told }) as Told)
    })
  return { clock, log, usage, written, records }
}

const counts = { slotMs: startMs, limit: 60, peak: 0, requests: 0, overLimit: 0, rejected: 0, events: 0 }

test('what a key asked for is told with all of its slot so far, and nothing where nothing is new', async () => {
  const { clock, usage, written } = open()
  usage.ask(key, clock.nowMs, true)
  usage.accept(key, 20)
  usage.see(key, 41)
  await usage.flush()
  assert.deepEqual(written(), [[{ keyId: 'key_a', ...counts, peak: 41, requests: 1, events: 20 }]])
  clock.nowMs += 4_000
  usage.ask(key, clock.nowMs, true)
  usage.reject(key)
  usage.ask(key, clock.nowMs, false)
  usage.see(key, 40)
  await usage.flush()
  assert.deepEqual(written(), [], 'not due yet')
  clock.nowMs += 1_000
  await usage.flush()
  const whole = { keyId: 'key_a', ...counts, peak: 41, requests: 2, overLimit: 1, rejected: 1, events: 20 }
  assert.deepEqual(written(), [[whole]])
  clock.nowMs += 60_000
  await usage.flush()
  assert.deepEqual(written(), [])
})

test('a slot that is over is written at once, and what comes later is of the next', async () => {
  const { clock, usage, written } = open()
  usage.ask(key, clock.nowMs, true)
  await usage.flush()
  written()
  usage.ask(key, clock.nowMs + 1_000, true)
  clock.nowMs += 10_000
  usage.ask(key, clock.nowMs, true)
  // One that was received before, and about which the limit was asked elsewhere.
  usage.ask(key, clock.nowMs - 50, true)
  await usage.flush(true)
  assert.deepEqual(written(), [
    [
      { keyId: 'key_a', ...counts, requests: 2 },
      { keyId: 'key_a', ...counts, slotMs: startMs + 10_000, requests: 2 },
    ],
  ])
})

test('a clock that is set back counts where it stands', async () => {
  const { clock, usage, written } = open()
  usage.ask(key, clock.nowMs, true)
  clock.nowMs -= 3_600_000
  usage.ask(key, clock.nowMs, true)
  await usage.flush(true)
  assert.deepEqual(
    written()
      .flat()
      .map(({ slotMs, requests }) => [slotMs, requests]),
    [
      [startMs, 1],
      [startMs - 3_600_000, 1],
    ],
  )
})

test('what cannot be written is kept, of slots that are over and of the one that is not', async () => {
  const { clock, log, usage, written } = open()
  log.fault = full
  usage.ask(key, clock.nowMs, true)
  clock.nowMs += 10_000
  usage.ask(key, clock.nowMs, true)
  const flushed = usage.flush(true)
  usage.ask(key, clock.nowMs, true)
  assert.equal(await flushed, false)
  clock.nowMs += 10_000
  assert.equal(await usage.flush(), false)
  log.fault = null
  assert.equal(await usage.flush(), true)
  assert.deepEqual(
    written()
      .flat()
      .map(({ slotMs, requests }) => [slotMs, requests]),
    [
      [startMs, 1],
      [startMs + 10_000, 2],
    ],
  )
})

test('a limit that is raised within a slot is the one that is told', async () => {
  const { clock, usage, written } = open()
  usage.ask(key, clock.nowMs, true)
  usage.ask(keyOf('key_a', 600), clock.nowMs, true)
  await usage.flush()
  assert.deepEqual(written(), [[{ keyId: 'key_a', ...counts, limit: 600, requests: 2 }]])
})

test('two processes are told apart', async () => {
  const [one, other] = [open(), open()]
  for (const { usage, clock } of [one, other]) {
    usage.ask(key, clock.nowMs, true)
    await usage.flush()
  }
  const sourceOf = ({ records: [record] }: typeof one) =>
    (JSON.parse(Buffer.from(record!.body).toString()) as [{ usage: { source: number } }])[0].usage.source
  assert.notEqual(sourceOf(one), sourceOf(other))
})
