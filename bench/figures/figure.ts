// What a figure is: a row of the table in docs/benchmarks.md. It starts what it needs, measures ours and the baseline by
// turns, ends what it started, and gives lines: one number each, beside its baseline and its target.

import { median } from '../rig/statistics.ts'
import type { Sizes } from './sizes.ts'
import type { Generator } from '../load/load.ts'

export type Target = { kind: 'at least' | 'at most'; value: number; unit: '×' | 's' | 'MB' | '' }

export type Line = {
  what: string
  ours: number
  unit: string
  /** null where the figure has none. */
  baseline: number | null
  baselineWhat: string
  /** ours / baseline. */
  ratio: number | null
  target: Target | null
  reached: boolean | null
  /** Each round's values, where there were rounds. */
  rounds?: { ours: number[]; baseline: number[] }
}

export type FigureResult = { name: string; title: string; lines: Line[]; notes: string[]; seconds: number }

/** What figures share in one run. */
export type Run = {
  sizes: Sizes
  /** The stronger load generator here, found at the start. */
  generator: Generator
  /** The API's highest rates, once known: single events per second, and events per second in batches. */
  highest: { singles: number | null; batches: number | null }
  /** Where what takes long to make is left and found again; null for nowhere. */
  keep: string | null
  /** Tells what is going on. */
  say(text: string): void
}

export type Figure = {
  name: string
  /** With which sizes it runs unless figures are named. */
  sizes: Sizes['name'][]
  title: string
  /** What is wanted of it differs by size, so that the page tells its newest result of each. */
  isToldBySize?: true
  /** What it needs that is not here, or null; without it, nothing. */
  missing?(): string | null
  /** Free disk that it needs. */
  diskBytes(sizes: Sizes): number
  measure(run: Run): Promise<{ lines: Line[]; notes: string[] }>
}

/** Ours against a baseline by the medians of the rounds. */
export function compare(options: {
  what: string
  unit: string
  ours: number[]
  baseline: number[]
  baselineWhat: string
  target: Target | null
}): Line {
  const ours = median(options.ours)
  const baseline = median(options.baseline)
  const ratio = ours / baseline
  return {
    what: options.what,
    ours,
    unit: options.unit,
    baseline,
    baselineWhat: options.baselineWhat,
    ratio,
    target: options.target,
    reached: reaches(ratio, options.target),
    rounds: { ours: options.ours, baseline: options.baseline },
  }
}

/** A value that is judged by itself. */
export function alone(what: string, ours: number, unit: string, target: Target | null): Line {
  const reached = reaches(ours, target)
  return { what, ours, unit, baseline: null, baselineWhat: '', ratio: null, target, reached }
}

function reaches(value: number, target: Target | null): boolean | null {
  if (target === null) return null
  return target.kind === 'at least' ? value >= target.value : value <= target.value
}
