// What a check of a product's integration is made of: the facts that it looks at, what it says, and the few words that
// all checks share.

import type { DiagnosticsFound, OfKey, Refused } from '../steps/diagnostics.ts'
import type { Key, Standing, UnknownKey } from './needs.ts'

/** The worst first. `nothing`: there is nothing to judge by. */
export const verdicts = ['problem', 'attention', 'good', 'nothing'] as const

export type Verdict = (typeof verdicts)[number]

export type Check = {
  check: string
  verdict: Verdict
  /** What was found and what to do, a sentence each. */
  found: string
  next: string
  numbers: Record<string, number | string | null | object[]>
}

export type Given = {
  product: string
  mode: 'live' | 'test'
  sinceMs: number
  untilMs: number
  nowMs: number
  /** Of that product and kind. */
  keys: readonly Key[]
  /** Unix milliseconds. */
  lastUsed: (keyId: string) => number | null
  found: DiagnosticsFound
  /** Of the installation; null when they cannot be asked. */
  unknownKeys: readonly UnknownKey[] | null
  standing: Pick<Standing, 'stages' | 'lag'>
}

type Sums = { events: number; requests: number; lastMs: number }

export type Facts = Given & {
  /** What was answered 200 and is processed. */
  accepted: Sums
  /** What was refused with one of these codes. */
  refusedOf: (codes: readonly string[]) => Sums & { rows: OfKey<Refused>[] }
}

export const ok = 'Nothing to do.'

/** Nothing good came for so long before the last bad one: it is not a few among many, it has broken. */
const brokenMs = 15 * 60_000

export function isBroken(bad: { lastMs: number }, good: { lastMs: number }): boolean {
  return bad.lastMs > 0 && good.lastMs < bad.lastMs - brokenMs
}

/** Four digits; null of nothing. */
export function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 1e4) / 1e4
}

export function percent(part: number, whole: number): string {
  const value = whole === 0 ? 0 : (part / whole) * 100
  return `${value > 0 && value < 0.1 ? 'under 0.1' : Number(value.toFixed(1))}%`
}

export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`
}

/** As people say it: 350 ms, 12 s, 8 min, 3.5 h, 2 days. */
export function length(ms: number): string {
  const size = Math.abs(ms)
  if (size < 1_000) return `${Math.round(size)} ms`
  if (size < 120_000) return `${Math.round(size / 1_000)} s`
  if (size < 7_200_000) return `${Math.round(size / 60_000)} min`
  if (size < 48 * 3_600_000) return `${Number((size / 3_600_000).toFixed(1))} h`
  return `${Math.round(size / 86_400_000)} days`
}

/** To the second. */
export function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
