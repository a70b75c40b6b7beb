// Socket paths: as wanted while short enough, else short, owned and always the same.

import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { socketPathFor } from './socket-path.ts'

test('a short path is used as it is, a long one becomes a short one, the same every time', async () => {
  const root = await mkdtemp(join(tmpdir(), 'socket-'))
  const short = join(root, 'run', 'engine.sock')
  assert.deepEqual(socketPathFor(short), { path: short, moved: false })
  assert.equal((await stat(dirname(short))).mode & 0o777, 0o700)
  const long = join(root, 'd'.repeat(60), 'd'.repeat(60), 'engine.sock')
  const moved = socketPathFor(long)
  assert.equal(moved.moved, true)
  assert(Buffer.byteLength(moved.path) <= 100, moved.path)
  assert.deepEqual(socketPathFor(long), moved)
  assert.notEqual(socketPathFor(`${long}2`).path, moved.path)
  assert.equal((await stat(dirname(moved.path))).mode & 0o777, 0o700)
  await rm(root, { recursive: true })
})
