// Today and yesterday where the reader is, hour by hour.

import { sumDecimals } from './decimals.ts'
import type { Count, ReportRow } from './questions.ts'

export type Days = {
  todayMs: number
  yesterdayMs: number
  today: string
  yesterday: string
  tomorrow: string
  hour: number
  zone: string
}

export function daysAt(nowMs: number): Days {
  const now = new Date(nowMs)
  const startOf = (offset: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset)
  return {
    todayMs: startOf(0).getTime(),
    yesterdayMs: startOf(-1).getTime(),
    today: dayText(startOf(0)),
    yesterday: dayText(startOf(-1)),
    tomorrow: dayText(startOf(1)),
    hour: now.getHours(),
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  }
}

export type HourPoint = { hour: string; today: number | null; yesterday: number }

/** 24 points; those of today that are still to come are null. */
export function hourPoints(counts: readonly Count[], days: Days): HourPoint[] {
  const points = Array.from({ length: 24 }, (_, hour) => ({
    hour: `${String(hour).padStart(2, '0')}:00`,
    today: hour <= days.hour ? 0 : null,
    yesterday: 0,
  }))
  for (const { hour, events } of counts) {
    if (hour === undefined) continue
    const point = points[new Date(hour).getHours()]
    if (point === undefined) continue
    if (Date.parse(hour) >= days.todayMs) point.today = (point.today ?? 0) + events
    else if (Date.parse(hour) >= days.yesterdayMs) point.yesterday += events
  }
  return points
}

/** What is over: whole hours before this one, so that today and yesterday are alike. */
export type Compared = { today: string; todayUntil: string; yesterdayUntil: string }

export function compareMoney(rows: readonly ReportRow[], column: string, currency: string, days: Days): Compared {
  const sum = (wanted: (day: string, hour: number) => boolean) =>
    sumDecimals(
      rows
        .filter(row => row.currency === currency && wanted(row.hour.slice(0, 10), Number(row.hour.slice(11, 13))))
        .map(row => String(row[column] ?? '0')),
    )
  return {
    today: sum(day => day === days.today),
    todayUntil: sum((day, hour) => day === days.today && hour < days.hour),
    yesterdayUntil: sum((day, hour) => day === days.yesterday && hour < days.hour),
  }
}

/** The currencies that money came in, the one with the most rows first. */
export function currenciesOf(rows: readonly ReportRow[]): string[] {
  const counts = new Map<string, number>()
  for (const { currency } of rows)
    if (currency !== '' && currency !== null) counts.set(currency, (counts.get(currency) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1]).map(([currency]) => currency)
}

function dayText(date: Date): string {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(part => String(part).padStart(2, '0')).join('-')
}
