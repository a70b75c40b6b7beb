// A pipeline has the name of the one before it only on the directory, the machine and the boot of that one.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { leaseOwner } from './lease-owner.ts'

const place = mkdtempSync(join(tmpdir(), 'owner-'))
after(() => rmSync(place, { recursive: true, force: true }))

function dataDir(name: string): string {
  const dir = join(place, name)
  mkdirSync(join(dir, 'run'), { recursive: true })
  return dir
}

test('a name is kept for as long as the system is up', () => {
  const dir = dataDir('kept')
  const first = leaseOwner(dir, 'boot-1')
  assert.equal(leaseOwner(dir, 'boot-1'), first)
  const second = leaseOwner(dir, 'boot-2')
  assert.notEqual(second, first)
  assert.equal(leaseOwner(dir, 'boot-2'), second)
  assert.notEqual(leaseOwner(dataDir('another'), 'boot-2'), second)
})

test('without a name of the boot, or after what cannot be read, a start has a name of its own', () => {
  const dir = dataDir('strange')
  assert.notEqual(leaseOwner(dir, null), leaseOwner(dir, null))
  writeFileSync(join(dir, 'run', 'pipeline.owner'), 'boot-1')
  const made = leaseOwner(dir, 'boot-1')
  assert.match(made, /^[0-9a-f-]{36}$/)
  assert.equal(leaseOwner(dir, 'boot-1'), made)
})
