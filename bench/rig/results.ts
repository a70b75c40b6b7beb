// What a run leaves in bench/results/, and how its values are shown.

import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FigureResult, Target } from '../figures/figure.ts'
import type { Reach } from '../load/load.ts'
import type { Machine } from './machine.ts'
import { root } from './place.ts'

export type Results = {
  startedAt: string
  size: 'smoke' | 'canonical' | 'full'
  rounds: number
  machine: Machine
  /** The chosen generator; `times`: its ceiling as a multiple of the bare server's rate. */
  generator: Reach & { times: number; tried: Reach[] }
  figures: FigureResult[]
}

/** `28,400 events/s`, `0.34 ms`, `182 MB`. */
export function formatValue(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : 2
  return `${value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`
}

/** `at least 0.40 ×`. */
export function targetText(target: Target | null): string {
  if (target === null) return ''
  const value = target.unit === '×' ? target.value.toFixed(2) : target.value.toLocaleString('en')
  return `${target.kind} ${value} ${target.unit}`
}

const folder = join(root, 'bench/results')

/** Every result that is kept. */
export function readResults(): Results[] {
  return globSync(join(folder, '*.json')).map(path => JSON.parse(readFileSync(path, 'utf8')) as Results)
}

/** A file for each size, and for each choice of figures: `full.json`, `full-drain.json`. The last run of a kind is kept. */
export function keepResults(results: Results, chosen: string[]): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${[results.size, ...chosen].join('-')}.json`), `${JSON.stringify(results, null, 1)}\n`)
}
