// The micro-benchmark runs, small, and computes what it computed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measurePipeline } from '../../../bench/micro/pipeline.bench.ts'

test('the micro-benchmark of the pipeline runs in its small size', async () => {
  const { measured, hash } = await measurePipeline({ events: 60, batchEvents: 20, identities: 400, chunk: 50 })
  assert.equal(hash, 'dcbf0a085972')
  for (const { name, eventsPerSecond } of measured) assert(eventsPerSecond > 0, name)
})
