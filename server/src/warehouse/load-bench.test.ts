// The small size of the load benchmark runs, so that it cannot rot.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { benchLoad } from '../../../bench/micro/load.bench.ts'

test('the benchmark of loading runs, and its lines are those it always wrote', async () => {
  const figures = await benchLoad(2, 200)
  assert.equal(figures.hash, '31cfe97e5126c76f')
  assert(figures.loadRowsPerSecond > 0 && figures.rawRowsPerSecond > 0)
})
