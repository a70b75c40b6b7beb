// What /metrics says is what Prometheus' format wants, and docs/reference/metrics.md and the table of metrics say the same.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Latency } from './api/latency.ts'
import { collectMetrics, openRoleMetrics } from './metrics.ts'
import { metricsPage } from './metrics-page.ts'
import { openRoleSocket, socketPath } from './role-socket.ts'

test('the buckets of a histogram come in increasing order, and what they count does not fall', async t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'datapulse-metrics-'))
  const latency = new Latency()
  for (const ms of [0.1, 3, 3, 1_500, 60_000]) latency.observe(ms)
  const status = () => ({ api: { latency: latency.status() } })
  const socket = await openRoleSocket(socketPath(dataDir, 'api'), {
    status,
    metrics: openRoleMetrics('api', status).collect,
  })
  t.after(async () => {
    await socket.close()
    rmSync(dataDir, { recursive: true })
  })
  const text = await collectMetrics(dataDir, ['api'])
  const found = [...text.matchAll(/^datapulse_request_seconds_bucket\{le="([^"]+)",role="api"\} (\d+)$/gm)]
  const bounds = found.map(([, le]) => (le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)))
  assert.deepEqual(
    bounds,
    bounds.toSorted((a, b) => a - b),
  )
  assert.deepEqual([bounds.length, bounds[0], bounds.at(-1)], [15, 0.0005, Number.POSITIVE_INFINITY])
  assert.deepEqual(
    found.map(([, , count]) => Number(count)),
    [1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 5],
  )
  assert.match(text, /^datapulse_request_seconds_count\{role="api"\} 5$/m)
})

test('the page is what the table makes; `node tools/write-pages.ts` writes it anew', () => {
  assert.equal(readFileSync(join(import.meta.dirname, '../../docs/reference/metrics.md'), 'utf8'), metricsPage())
})
