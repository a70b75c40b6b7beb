// The days that a report is of: presets, days that were chosen, and the period before. A day is text such as 2026-06-01; of a
// period `to` is the day behind the last, as the API has it.

export const presets = ['today', 'yesterday', '7d', '30d', 'month', 'last-month', 'custom'] as const
export type Preset = (typeof presets)[number]
export type Period = { from: string; to: string }

const dayMs = 86_400_000

export function isPreset(text: string | null): text is Preset {
  return presets.some(preset => preset === text)
}

export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** The day that it is there. */
export function dayIn(zone: string, nowMs: number): string {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    calendar: 'gregory',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(nowMs)
  const part = (type: string) => parts.find(one => one.type === type)?.value ?? ''
  return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`
}

/** `first` and `last` are what was chosen for `custom`, both within; null where these are no days, or in the wrong order. */
export function periodOf(preset: Preset, today: string, first: string | null, last: string | null): Period | null {
  const month = `${today.slice(0, 7)}-01`
  if (preset === 'today') return { from: today, to: addDays(today, 1) }
  if (preset === 'yesterday') return { from: addDays(today, -1), to: today }
  if (preset === '7d') return { from: addDays(today, -6), to: addDays(today, 1) }
  if (preset === '30d') return { from: addDays(today, -29), to: addDays(today, 1) }
  if (preset === 'month') return { from: month, to: addDays(today, 1) }
  if (preset === 'last-month') return { from: `${addDays(month, -1).slice(0, 7)}-01`, to: month }
  if (!isDay(first) || !isDay(last) || first > last) return null
  return { from: first, to: addDays(last, 1) }
}

/** As many days, up to the first. */
export function periodBefore({ from, to }: Period): Period {
  return { from: addDays(from, -lengthOf({ from, to })), to: from }
}

export function lengthOf({ from, to }: Period): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayMs)
}

export function daysOf(period: Period): string[] {
  return Array.from({ length: lengthOf(period) }, (_, n) => addDays(period.from, n))
}

export function lastDayOf({ to }: Period): string {
  return addDays(to, -1)
}

function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * dayMs).toISOString().slice(0, 10)
}

function isDay(text: string | null): text is string {
  if (text === null || !/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(Date.parse(text))) return false
  return new Date(text).toISOString().startsWith(text)
}
