// Keys that nobody has: listed by the hour, over a restart, and bounded whatever is tried.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { limits } from '../limits.ts'
import { listUnknownKeys, UnknownKeys } from './unknown-keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'unknown-keys-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const hourMs = 3_600_000
const startMs = 480_000 * hourMs
let directories = 0

function open(directory = join(folder, `${directories++}`)) {
  const warned: string[] = []
  const keys = new UnknownKeys(directory, { warn: (_fields, message) => void warned.push(message) })
  const list = (sinceMs = startMs, untilMs = startMs + hourMs) => listUnknownKeys(directory, sinceMs, untilMs, 1_000)
  return { directory, keys, list, warned }
}

const key = (n: number) => `dp_live_${String(n).padStart(40, '0')}`
/** Whose first 12 characters are its own. */
const ownKey = (n: number) => `${String(n).padStart(12, 'k')}${'x'.repeat(36)}`

test('a key is listed by its first characters and the address, with how often and when', () => {
  const { keys, list } = open()
  keys.count(key(1), '203.0.113.1', startMs + 10)
  keys.count(key(2), '203.0.113.1', startMs + 20)
  keys.count(key(1), '203.0.113.2', startMs + 30)
  keys.count('', '203.0.113.1', startMs + 40)
  keys.flush()
  keys.count(key(1), '203.0.113.1', startMs + 50)
  keys.close()
  assert.deepEqual(
    list().map(row => ({ ...row })),
    [
      { prefix: 'dp_live_0000', address: '203.0.113.1', requests: 3, firstMs: startMs + 10, lastMs: startMs + 50 },
      { prefix: '', address: '203.0.113.1', requests: 1, firstMs: startMs + 40, lastMs: startMs + 40 },
      { prefix: 'dp_live_0000', address: '203.0.113.2', requests: 1, firstMs: startMs + 30, lastMs: startMs + 30 },
    ],
  )
})

test('of something short no more than half is told, and nothing that could move a terminal', () => {
  const { keys, list } = open()
  for (const sent of ['password12', 'x', '\u009b31m*, drop table; x x x x']) keys.count(sent, 'a', startMs)
  keys.close()
  assert.deepEqual(
    list()
      .map(({ prefix }) => prefix)
      .toSorted(),
    ['?', '?31m??_drop_'.replaceAll('_', '?'), 'passw'].toSorted(),
  )
})

test('a restart goes on where it was, and times are asked for by the hour', () => {
  const { directory, keys, list } = open()
  keys.count(key(1), 'a', startMs)
  keys.count(key(1), 'a', startMs + 5 * hourMs)
  keys.close()
  const next = open(directory)
  next.keys.count(key(1), 'a', startMs + 5 * hourMs + 1)
  next.keys.close()
  assert.equal(list(startMs, startMs + 6 * hourMs)[0]?.requests, 3)
  assert.equal(list(startMs + hourMs, startMs + 6 * hourMs)[0]?.requests, 2)
  assert.deepEqual(list(startMs + hourMs, startMs + 2 * hourMs), [])
})

test('a flood of keys of one address hides nobody, and a flood of addresses is bounded; every request is counted', () => {
  const { directory, keys, list } = open()
  for (let n = 0; n < 1_000; n++) keys.count(ownKey(n), 'guesser', startMs + n)
  keys.count(key(1), 'partner', startMs + 2_000)
  const rows = list.bind(null)
  keys.flush()
  assert.equal(rows().filter(({ address }) => address === 'guesser').length, limits.unknownKeysPerAddressMax + 1)
  assert.equal(rows().find(({ prefix }) => prefix === '*')?.requests, 1_000 - limits.unknownKeysPerAddressMax)
  assert.equal(rows().find(({ address }) => address === 'partner')?.requests, 1)
  for (let n = 0; n < 10_000; n++) keys.count(ownKey(n), `10.0.${n >> 8}.${n & 255}`, startMs + 3_000 + n)
  keys.close()
  assert.equal(rows().length, limits.unknownKeysPerHourMax + 1)
  assert.equal(
    rows().reduce((sum, { requests }) => sum + requests, 0),
    11_001,
  )
  // The bound holds over a restart within the hour.
  const again = open(directory)
  for (let n = 0; n < 1_000; n++) again.keys.count(ownKey(n), `10.9.${n >> 8}.${n & 255}`, startMs + 20_000 + n)
  again.keys.close()
  assert.equal(rows().length, limits.unknownKeysPerHourMax + 1)
})

test('what is too old is forgotten', () => {
  const { directory, keys } = open()
  keys.count(key(1), 'a', startMs)
  keys.count(key(1), 'a', startMs + limits.unknownKeysHoursMax * hourMs)
  keys.close()
  const all = listUnknownKeys(directory, 0, Number.MAX_SAFE_INTEGER, 10)
  assert.deepEqual(
    all.map(({ firstMs }) => firstMs),
    [startMs + limits.unknownKeysHoursMax * hourMs],
  )
})

test('a file of a newer server is left alone, and nothing stops for it', () => {
  const { directory, keys } = open()
  keys.close()
  const file = new DatabaseSync(join(directory, 'unknown-keys.db'))
  file.exec('PRAGMA user_version = 2')
  file.close()
  const again = open(directory)
  again.keys.count(key(1), 'a', startMs)
  again.keys.close()
  assert.equal(again.warned.length, 1)
  assert.deepEqual(again.list(), [])
})

test('where none ever came there is none', () => {
  assert.deepEqual(listUnknownKeys(join(folder, 'nowhere'), 0, startMs, 10), [])
})
