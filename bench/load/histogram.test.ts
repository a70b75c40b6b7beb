// Percentiles are within 1.6% above the exact ones, whatever was recorded.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Histogram } from './histogram.ts'

test('a percentile is at least the exact one and at most 1.6% more', () => {
  const values = fc.array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(values, fc.constantFrom(0.5, 0.95, 0.99, 1), (values, fraction) => {
      const histogram = new Histogram()
      for (const value of values) histogram.record(value)
      const exact = values.toSorted((a, b) => a - b)[Math.ceil(fraction * values.length) - 1] as number
      const found = histogram.percentile(fraction)
      assert.equal(histogram.count, values.length)
      assert.ok(found >= exact && found <= exact * 1.016 + 1, `${found} for ${exact}`)
    }),
  )
})

test('nothing recorded is all zeros; the largest value is exact', () => {
  const histogram = new Histogram()
  assert.deepEqual(histogram.percentiles(), { p50Ms: 0, p95Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0, meanMs: 0 })
  histogram.record(123_457)
  assert.equal(histogram.percentiles().maxMs, 123.457)
  assert.equal(histogram.percentiles().p50Ms, 123.457)
})
