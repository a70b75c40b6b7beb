// What a chart of usage draws: a point for each stretch of the time, and the limit as it was.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pointsOf, type UsageBucket, type UsageOfOne } from './usage.ts'

const startMs = Date.parse('2026-03-01T12:00:00Z')
const minuteMs = 60_000

function bucket(minute: number, more: Partial<UsageBucket>): UsageBucket {
  const counts = { requests: 1, over_limit: 0, rejected: 0, events: 1, peak: 1, rate_limit: 60 }
  return { at: new Date(startMs + minute * minuteMs).toISOString(), ...counts, ...more }
}

function usage(buckets: UsageBucket[]): UsageOfOne {
  return {
    key_id: 'key_1',
    rate_limit: 600,
    now: { requests: 0, over_limit: 0 },
    requests: 0,
    over_limit: 0,
    rejected: 0,
    events: 0,
    asked_max: 0,
    peak: null,
    last_over_limit_at: null,
    suggested_rate_limit: null,
    verdict: 'good',
    since: new Date(startMs + 30_000).toISOString(),
    until: new Date(startMs + 5 * minuteMs + 1).toISOString(),
    bucket_seconds: 60,
    buckets,
  }
}

test('every stretch has a point, the first and the last too, which are not whole', () => {
  const points = pointsOf(usage([bucket(1, { peak: 40, events: 9, rejected: 2 })]))
  assert.deepEqual(
    points.map(({ atMs, peak, events, wrong }) => [(atMs - startMs) / minuteMs, peak, events, wrong]),
    [
      [0, 0, 0, 0],
      [1, 40, 9, 2],
      [2, 0, 0, 0],
      [3, 0, 0, 0],
      [4, 0, 0, 0],
      [5, 0, 0, 0],
    ],
  )
})

test('a peak at which requests were refused is drawn apart', () => {
  const points = pointsOf(usage([bucket(1, { peak: 60, over_limit: 7 }), bucket(2, { peak: 60 })]))
  assert.deepEqual(
    points.slice(1, 3).map(({ peak, full, over }) => [peak, full, over]),
    [
      [0, 60, 7],
      [60, 0, 0],
    ],
  )
})

test('the limit is the one of then, and at the end the one of now', () => {
  const points = pointsOf(usage([bucket(1, {}), bucket(3, { rate_limit: 120 })]))
  assert.deepEqual(
    points.map(({ limit }) => limit),
    [60, 60, 60, 120, 120, 600],
  )
  assert.ok(pointsOf(usage([])).every(({ limit }) => limit === 600))
})
