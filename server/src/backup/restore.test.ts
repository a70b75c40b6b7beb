// What is put back is compared to the last row and digit; and a folder is told from one that cannot take a backup.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { folderProblem } from './backup.ts'
import type { EventSum, Measured } from './needs.ts'
import { compare } from './restore.ts'

const sum: EventSum = {
  product: 'demo',
  mode: 'live',
  event_name: 'deposit',
  currency: 'USD',
  events: 2,
  amount: '100.000000000000000001',
  bet_result_amount: '0',
  identities: '18446744073709551617',
}
const told: Measured = { rows: { events: 2, loads: 1 }, sums: [sum] }

test('equal warehouses are equal, and whatever differs is named', () => {
  compare(told, structuredClone(told))
  const differs = (found: Measured, how: RegExp) => assert.throws(() => compare(told, found), how)
  differs({ ...told, rows: { events: 2, loads: 2 } }, /loads must have 1 rows: got 2/)
  differs({ ...told, rows: { events: 2 } }, /loads must have 1 rows: got 0/)
  differs({ ...told, sums: [] }, /events of deposit USD of demo \(live\) must be 2: got none/)
  differs(
    { ...told, sums: [{ ...sum, amount: '100' }] },
    /amount of deposit .* must be 100\.000000000000000001: got 100/,
  )
  differs({ ...told, sums: [{ ...sum, identities: '1' }] }, /identities of deposit/)
  differs({ ...told, sums: [{ ...sum, mode: 'test' }] }, /got none/)
  differs({ ...told, sums: [sum, { ...sum, product: 'other' }] }, /there must be 1 groups of events: got 2/)
})

test('a backup goes into a folder that is empty or not there, and never into the data directory', async t => {
  const root = await mkdtemp(join(tmpdir(), 'backup-test-'))
  t.after(() => rm(root, { recursive: true }))
  const data = join(root, 'data')
  await mkdir(join(data, 'empty'), { recursive: true })
  await mkdir(join(root, 'full'))
  await mkdir(join(root, 'disk', 'lost+found'), { recursive: true })
  await writeFile(join(root, 'full', 'x'), '')
  await symlink(data, join(root, 'link'))
  assert.equal(await folderProblem(join(root, 'new'), data), null)
  assert.match(String(await folderProblem(join(root, 'new', 'below'), data)), /new must be there: it is not/)
  assert.equal(await folderProblem(join(root, 'disk'), data), null)
  assert.equal(await folderProblem(`${data}-beside`, data), null)
  assert.match(String(await folderProblem(join(root, 'full'), data)), /must be empty or not there: it holds x/)
  for (const inside of [
    data,
    join(data, 'empty'),
    join(root, 'link'),
    join(root, 'link', 'new'),
    join(data, 'a', '..', 'b'),
  ])
    assert.match(String(await folderProblem(inside, data)), /outside of the data directory/, inside)
  assert.match(String(await folderProblem(join(root, 'full', 'x', 'y'), data)), /Cannot back up to .* because/)
})
