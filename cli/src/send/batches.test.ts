// Batches are within their limits and in order; of a source that pauses, what came does not wait for what does not come.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { gatherBatches } from './batches.ts'
import type { Piece } from './pieces.ts'

const piece = (line: number): Piece => ({ line, text: `{"a":${line}}`, problem: null })
const linesOf = (batches: Piece[][]) => batches.map(batch => batch.map(({ line }) => line))

it('fills batches up to their events and bytes', async () => {
  const pieces = async function* () {
    for (let line = 1; line <= 5; line++) yield piece(line)
  }
  const gather = async (events: number, bytes: number) =>
    linesOf(await Array.fromAsync(gatherBatches(pieces(), { events, bytes, waitMs: null })))
  assert.deepEqual(await gather(2, 1_000), [[1, 2], [3, 4], [5]])
  assert.deepEqual(await gather(100, 20), [[1, 2], [3, 4], [5]])
  assert.deepEqual(await gather(100, 1), [[1], [2], [3], [4], [5]])
})

it('gives what it has when the source pauses, and loses nothing of what comes later', async () => {
  const pause = Promise.withResolvers<void>()
  const pieces = async function* () {
    yield piece(1)
    yield piece(2)
    await pause.promise
    yield piece(3)
  }
  const batches = gatherBatches(pieces(), { events: 100, bytes: 1_000, waitMs: 5 })
  const first = await batches.next()
  pause.resolve()
  assert.deepEqual(linesOf([first.value!, ...(await Array.fromAsync(batches))]), [[1, 2], [3]])
})

it('passes on the fault of the source, behind what came before it', async () => {
  const pieces = async function* () {
    yield piece(1)
    throw new Error('cut off')
  }
  await assert.rejects(Array.fromAsync(gatherBatches(pieces(), { events: 9, bytes: 99, waitMs: 5 })), /cut off/)
})
