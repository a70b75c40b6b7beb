// Sums that are equal are equal, and whatever differs is named; and the file that says where an installation went.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { MovedSum } from '../warehouse/load.ts'
import { type Migrated, movedProblem, readMigrated, writeMigrated } from './migrated-file.ts'
import { difference } from './migration.ts'

const sum: MovedSum = {
  table: 'events',
  product: 'casino',
  mode: 'live',
  name: 'deposit',
  currency: 'USD',
  rows: 2,
  amount: '100.000000000000000001',
  result: '0',
  hash: '18446744073709551615',
}

test('what differs is named', () => {
  const other: MovedSum = { ...sum, table: 'rates', product: '', mode: '', name: '', currency: '' }
  assert.equal(difference([sum, other], [other, { ...sum }]), null)
  const where = 'events deposit USD of casino (live)'
  assert.equal(difference([sum], [{ ...sum, rows: 3 }]), `rows of ${where} must be 2: got 3`)
  assert.equal(difference([sum], [{ ...sum, hash: '1' }]), `hash of ${where} must be ${sum.hash}: got 1`)
  assert.equal(difference([sum, other], [sum]), 'rows of rates must be 2: got none')
  assert.equal(difference([sum], [sum, other]), 'there must be 1 groups of rows: got 2')
})

test('the data directory says where everything went, and a server heeds it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'migrated-'))
  try {
    assert.deepEqual([readMigrated(folder), movedProblem(folder)], [null, null])
    const to = {
      log: 'nats://127.0.0.1:4222',
      accounts: 'nats://127.0.0.1:4222',
      warehouse: 'w',
      database: 'd',
      shares: 4,
    }
    const begun: Migrated = {
      format: 1,
      id: 'a',
      state: 'under way',
      begun_at: 'now',
      ended_at: null,
      to,
      done: ['accounts'],
    }
    writeMigrated(folder, begun)
    assert.deepEqual(readMigrated(folder), begun)
    assert.match(movedProblem(folder) ?? '', /is being moved to nats:.* run `datapulse migrate` again/)
    writeMigrated(folder, { ...begun, state: 'done', ended_at: '2026-06-01T00:00:00.000Z' })
    assert.match(movedProblem(folder) ?? '', /was moved to nats:\S+ at 2026-06-01T00:00:00.000Z/)
    writeFileSync(join(folder, 'migrated.json'), '{"format":2}')
    assert.throws(() => movedProblem(folder), /its format must be 1: got 2/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
