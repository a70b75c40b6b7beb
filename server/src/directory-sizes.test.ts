// What a data directory takes on the disk, by kind.

import assert from 'node:assert/strict'
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { after, it } from 'node:test'
import { openDirectorySizes } from './directory-sizes.ts'

const dir = mkdtempSync(join(tmpdir(), 'datapulse-sizes-'))
after(() => rmSync(dir, { recursive: true }))

it('counts by kind, what has two names once, and again when it is due', async () => {
  mkdirSync(join(dir, 'log/deep'), { recursive: true })
  mkdirSync(join(dir, 'warehouse'))
  writeFileSync(join(dir, 'log/deep/one'), Buffer.alloc(100_000, 1))
  writeFileSync(join(dir, 'warehouse/part'), Buffer.alloc(50_000, 1))
  linkSync(join(dir, 'warehouse/part'), join(dir, 'warehouse/held'))
  writeFileSync(join(dir, 'accounts.db'), Buffer.alloc(10_000, 1))
  let nowMs = 1_000
  const kindOf = (name: string) => (name === 'log' || name === 'warehouse' ? name : 'rest')
  const sizes = openDirectorySizes({ dir, kindOf, now: () => nowMs, everyMs: 60_000 })
  assert.equal(sizes.read(), null)
  const counted = async () => {
    for (;;) {
      const found = sizes.read()
      if (found !== null && found.countedMs === nowMs) return found.bytes
      await turn()
    }
  }
  const { log = 0, warehouse = 0, rest = 0 } = await counted()
  assert.ok(log >= 100_000 && log < 150_000, String(log))
  assert.ok(warehouse >= 50_000 && warehouse < 90_000, String(warehouse))
  assert.ok(rest >= 10_000 && rest < 20_000, String(rest))

  rmSync(join(dir, 'log'), { recursive: true })
  nowMs += 59_999
  assert.equal(sizes.read()?.bytes['log'], log, 'it is not due yet')
  nowMs += 1
  assert.equal((await counted())['log'], undefined)
})
