// The guides promise no rate that was not measured: their figures are those of docs/benchmarks.md, or lower.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readGuide } from '../test/harness/guide.ts'

/** Figures of the benchmarks, in the order of the rows of each guide. */
const figuresOf = {
  operating: [
    'single events, sustained',
    'events in batches of 600, sustained',
    'single events acknowledged',
    'events in batches of 600 acknowledged',
  ],
  cluster: ['single events, JetStream on three servers', 'single events, two API processes, JetStream on three'],
}

for (const [guide, figures] of Object.entries(figuresOf)) {
  const measured = figures.map(figure => numberIn(rowsOf('docs/benchmarks.md').find(row => row[0] === figure)?.[1]))
  for (const page of [`docs/guides/${guide}.md`, `docs/zh-Hant/guides/${guide}.md`]) {
    test(`${page} promises what was measured`, () => {
      const said = rowsOf(page)
        .filter(row => /^[\d,]+ events a second$|^每秒 [\d,]+ 筆$/.test(row[1] ?? ''))
        .map(row => numberIn(row[1]))
      assert.equal(said.length, figures.length)
      for (const [i, figure] of figures.entries()) {
        const most = measured[i] as number
        const ours = said[i] as number
        assert.ok(ours <= most && ours > 0, `${figure}: ${ours} is said, ${most} measured`)
      }
    })
  }
}

function rowsOf(page: string): string[][] {
  return readGuide(page)
    .split('\n')
    .filter(line => line.startsWith('|'))
    .map(line =>
      line
        .slice(1, -1)
        .split('|')
        .map(cell => cell.trim()),
    )
}

function numberIn(text = ''): number {
  return Number(/[\d,]+/.exec(text)?.[0].replaceAll(',', ''))
}
