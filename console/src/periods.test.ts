// Which days a preset means, where it is already tomorrow, and which period is before another.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dayIn, daysOf, isZone, lastDayOf, periodBefore, periodOf } from './periods.ts'

const of = (preset: Parameters<typeof periodOf>[0], today: string) => periodOf(preset, today, null, null)

describe('periods', () => {
  it('knows the day of another place', () => {
    const nowMs = Date.parse('2026-06-30T17:00:00Z')
    assert.equal(dayIn('UTC', nowMs), '2026-06-30')
    assert.equal(dayIn('Asia/Taipei', nowMs), '2026-07-01')
    assert.equal(isZone('Asia/Taipei'), true)
    assert.equal(isZone('Mars/Olympus'), false)
  })

  it('has a preset end with today, or before it', () => {
    assert.deepEqual(of('today', '2026-03-01'), { from: '2026-03-01', to: '2026-03-02' })
    assert.deepEqual(of('yesterday', '2026-03-01'), { from: '2026-02-28', to: '2026-03-01' })
    assert.deepEqual(of('7d', '2026-03-01'), { from: '2026-02-23', to: '2026-03-02' })
    assert.deepEqual(of('30d', '2026-03-01'), { from: '2026-01-31', to: '2026-03-02' })
    assert.deepEqual(of('month', '2026-03-05'), { from: '2026-03-01', to: '2026-03-06' })
    assert.deepEqual(of('last-month', '2026-03-05'), { from: '2026-02-01', to: '2026-03-01' })
    assert.deepEqual(of('last-month', '2026-01-31'), { from: '2025-12-01', to: '2026-01-01' })
  })

  it('takes chosen days, both within, and none that are no days', () => {
    assert.deepEqual(periodOf('custom', '2026-03-01', '2024-02-28', '2024-02-29'), {
      from: '2024-02-28',
      to: '2024-03-01',
    })
    for (const [first, last] of [
      ['2026-02-30', '2026-03-01'],
      ['2026-03-02', '2026-03-01'],
      ['yesterday', '2026-03-01'],
      [null, null],
    ] as const)
      assert.equal(periodOf('custom', '2026-03-01', first, last), null)
  })

  it('has before it a period of the same length, and lists its days', () => {
    const march = { from: '2026-03-01', to: '2026-04-01' }
    assert.deepEqual(periodBefore(march), { from: '2026-01-29', to: '2026-03-01' })
    assert.equal(daysOf(march).length, 31)
    assert.deepEqual(daysOf(periodBefore(march)).length, 31)
    assert.equal(daysOf(march).at(-1), lastDayOf(march))
  })
})
