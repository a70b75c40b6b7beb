// Today is compared with as much of yesterday.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { compareMoney, daysAt, hourPoints } from './days.ts'

it('compares the hours of today that are over with the same of yesterday', () => {
  const now = new Date(2026, 5, 2, 14, 30)
  const days = daysAt(now.getTime())
  assert.deepEqual(
    [days.yesterday, days.today, days.tomorrow, days.hour],
    ['2026-06-01', '2026-06-02', '2026-06-03', 14],
  )
  const at = (hour: string, deposit_amount: string, currency = 'USD') => ({ hour, currency, deposit_amount })
  const rows = [
    at('2026-06-01T13:00:00', '10'),
    at('2026-06-01T14:00:00', '100'),
    at('2026-06-02T13:00:00', '15.5'),
    at('2026-06-02T14:00:00', '1'),
    at('2026-06-02T13:00:00', '7', 'EUR'),
  ]
  assert.deepEqual(compareMoney(rows, 'deposit_amount', 'USD', days), {
    today: '16.5',
    todayUntil: '15.5',
    yesterdayUntil: '10',
  })
})

it('has a point for each hour, and none for those that are to come', () => {
  const now = new Date(2026, 5, 2, 14, 30)
  const hour = (day: number, of: number, events: number) => ({
    product: 'p',
    mode: 'live' as const,
    hour: new Date(2026, 5, day, of).toISOString(),
    events,
  })
  const points = hourPoints([hour(1, 9, 3), hour(2, 9, 4), hour(1, 20, 5)], daysAt(now.getTime()))
  assert.equal(points.length, 24)
  assert.deepEqual(points[9], { hour: '09:00', today: 4, yesterday: 3 })
  assert.deepEqual([points[14]?.today, points[15]?.today, points[20]?.yesterday], [0, null, 5])
})
