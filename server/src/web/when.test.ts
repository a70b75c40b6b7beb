// Times as people write them, and that no text makes the reader throw.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { parseTime } from './when.ts'

const nowMs = Date.parse('2026-03-01T12:00:00Z')

it('reads ISO 8601, Unix seconds and milliseconds, and lengths of time', () => {
  const cases: [string | number, number | null][] = [
    ['2026-02-28', Date.parse('2026-02-28T00:00:00Z')],
    ['2026-02-28T10:30', Date.parse('2026-02-28T10:30:00Z')],
    ['2026-02-28T10:30:01.5Z', Date.parse('2026-02-28T10:30:01.500Z')],
    ['2026-02-28 10:30:01+02:00', Date.parse('2026-02-28T08:30:01Z')],
    ['2026-02-28T10:30:01-0330', Date.parse('2026-02-28T14:00:01Z')],
    ['1702963200', 1_702_963_200_000],
    [1_702_963_200_123, 1_702_963_200_123],
    ['15m', nowMs - 900_000],
    ['24h', nowMs - 86_400_000],
    ['7D', nowMs - 7 * 86_400_000],
    ['2026-02-30', null],
    ['2026-13-01', null],
    ['2026-02-28T25:00', null],
    ['yesterday', null],
    ['-1', null],
    ['', null],
    ['15', 15_000],
    ['999999999w', null],
  ]
  for (const [sent, wanted] of cases) assert.equal(parseTime(sent, nowMs, 'back'), wanted, String(sent))
  assert.equal(parseTime('30d', nowMs, 'ahead'), nowMs + 30 * 86_400_000)
})

it('reads back every moment it is given, and never throws', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1e11, max: 1e14 - 1 }), ms => {
      assert.equal(parseTime(String(ms), nowMs, 'back'), ms)
      const iso = new Date(ms).toISOString()
      if (iso.length === 24) assert.equal(parseTime(iso, nowMs, 'back'), ms)
    }),
  )
  fc.assert(
    fc.property(fc.string(), text => {
      const ms = parseTime(text, nowMs, 'back')
      assert.ok(ms === null || Number.isFinite(ms))
    }),
  )
})
