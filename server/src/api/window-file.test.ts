// The admissions on disk when a minute has more of them than a file takes.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readAdmissions, WindowFile } from './window-file.ts'

const fail = (fault: unknown) => assert.fail(String(fault))

test('a file that is full takes no more of its minute, says so once, and the next begins anew', t => {
  const directory = mkdtempSync(join(tmpdir(), 'window-file-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const told: string[] = []
  const file = new WindowFile(directory, [], (_fault, what) => told.push(what), 100)
  const add = (from: number) => {
    for (let i = from; i < from + 10; i++) {
      file.add('key_a', i, 1)
      file.flush()
    }
  }
  add(1000)
  assert.deepEqual(told, ['admissions are not written down: a restart within a minute would refill windows'])
  const kept = readAdmissions(directory, 0, fail).length
  assert.ok(kept > 0 && kept < 10)
  file.rotate()
  add(2000)
  assert.equal(told.length, 2)
  assert.ok(readAdmissions(directory, 1999, fail).length > 0)
  file.close()
})
