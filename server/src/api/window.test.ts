// A rolling window against its definition, for any times and limits.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { exactLimitMax, fits, openWindow, windowMs } from './window.ts'

/** Requests at growing times, as steps in milliseconds between them. */
const steps = fc.array(fc.oneof(fc.nat(3), fc.nat(400), fc.nat(30_000), fc.constant(windowMs)), { maxLength: 400 })

test('exact: admitted if and only if fewer than the limit were admitted in the last 60 s', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), steps, (limit, gaps) => {
      const window = openWindow(limit)
      const admitted: number[] = []
      let nowMs = 1_700_000_000_000
      for (const gap of gaps) {
        nowMs += gap
        const inWindow = admitted.filter(at => nowMs - at < windowMs)
        assert.equal(window.remaining(nowMs, limit), limit - inWindow.length)
        assert.equal(window.resetMs(nowMs), inWindow.length === 0 ? 0 : (inWindow[0] as number) + windowMs - nowMs)
        assert.equal(window.waitMs(nowMs, limit) > 0, inWindow.length >= limit)
        assert.equal(window.admit(nowMs, limit), inWindow.length < limit)
        if (inWindow.length < limit) admitted.push(nowMs)
      }
    }),
  )
})

test('any limit: never more than the limit in any 60 s, and waiting as told admits', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 5, exactLimitMax + 3),
      fc.array(fc.nat(20_000), { maxLength: 60 }),
      (limit, gaps) => {
        const window = openWindow(limit)
        const admitted: [number, number][] = []
        let nowMs = 1_700_000_000_123
        for (const gap of gaps) {
          nowMs += gap
          let count = 0
          while (count < 4_000 && window.admit(nowMs, limit)) count++
          admitted.push([nowMs, count])
          const within = admitted.filter(([at]) => nowMs - at < windowMs).reduce((sum, [, n]) => sum + n, 0)
          assert.ok(within <= limit, `${within} of ${limit}`)
          const waitMs = window.waitMs(nowMs, limit)
          assert.ok(waitMs <= windowMs + 250)
          if (waitMs === 0) continue
          assert.equal(window.remaining(nowMs, limit), 0)
          assert.equal(window.remaining(nowMs + waitMs - 1, limit), 0)
          nowMs += waitMs
          assert.ok(window.remaining(nowMs, limit) > 0)
        }
      },
    ),
    { numRuns: 50 },
  )
})

test('a request that is not admitted changes nothing', () => {
  for (const limit of [2, exactLimitMax + 1]) {
    const window = openWindow(limit)
    for (let i = 0; i < limit; i++) assert.ok(window.admit(1_000_000, limit))
    const waitMs = window.waitMs(1_000_001, limit)
    for (let i = 0; i < 100; i++) assert.equal(window.admit(1_000_001, limit), false)
    assert.equal(window.waitMs(1_000_001, limit), waitMs)
  }
})

test('a limit that is lowered holds for what was admitted before', () => {
  const window = openWindow(10)
  for (let i = 0; i < 10; i++) window.admit(1_000_000 + i * 1_000, 10)
  assert.equal(window.remaining(1_010_000, 3), 0)
  // Seven must have left, and the eighth, before the third is given back.
  assert.equal(window.waitMs(1_010_000, 3), 1_007_000 + windowMs - 1_010_000)
  assert.equal(window.admit(1_007_000 + windowMs, 3), true)
})

test('what a window holds can be restored into another, of either kind', () => {
  const exact = openWindow(100)
  for (let i = 0; i < 50; i++) exact.admit(1_000_000 + i, 100)
  const nowMs = 1_000_100
  for (const limit of [100, exactLimitMax + 1]) {
    const other = openWindow(limit)
    for (const [atMs, count] of exact.entries(nowMs)) other.restore(atMs, count)
    assert.equal(other.remaining(nowMs, limit), limit - 50)
    assert.ok(fits(other, limit))
  }
})

test('an exact window is bounded whatever is restored into it', () => {
  const window = openWindow(5)
  window.restore(1_000_000, 1_000_000)
  assert.equal(window.entries(1_000_000).length, exactLimitMax)
})
