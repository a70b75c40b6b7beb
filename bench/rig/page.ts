// The page docs/benchmarks.md, made from results: nothing on it is written by hand.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Figure, FigureResult, Line } from '../figures/figure.ts'
import { root } from './place.ts'
import { formatValue, readResults, type Results, targetText } from './results.ts'

/** What a reader could think is in these numbers and is not. */
const notMeasured = [
  'A network: everything goes over loopback, without TLS and without a proxy in front.',
  'More than one machine, more than one API process, more than two cores.',
  'A disk that honours each flush by itself: on a virtual disk the host may hold what it was told to sync.',
  'Bodies that are compressed, requests that are refused, and the answers to dry runs.',
  'Many products and many keys at once: one key of one product sends everything.',
  'Events other than deposits and bets of 366 bytes, with few custom properties.',
  'Hours and days: the longest run is minutes, so merges of old parts, retention and a full disk are not in it.',
  'Questions while events come in: one a second is asked then; how fast questions are is measured on a server at rest.',
  'Questions on a machine that others use: with much other work beside them 14 of 19 took more than 0.2 s, by click 0.81 s, the events of a user 1.51 s.',
  'API processes on machines of their own, with a network between them and NATS.',
]

type Told = Pick<Figure, 'name' | 'isToldBySize'>

/** Makes docs/benchmarks.md anew. */
export function writePage(figures: Told[]): void {
  const results = readResults()
  if (results.length === 0) throw new Error('Cannot write the page because bench/results must hold a result: got none.')
  writeFileSync(join(root, 'docs/benchmarks.md'), benchmarksPage(results, figures))
}

/** The whole page, the figures in their order. */
export function benchmarksPage(results: Results[], figures: Told[]): string {
  const found = newestFigures(results, figures)
  const runs = [...new Set(found.map(each => each.of))]
  return `${[
    '# Benchmarks',
    '',
    'Written by `node bench/report.ts` from the results in `bench/results/`. Machines are noisy: every number stands beside',
    'a baseline that was measured in the same run, by turns; medians of the rounds, in brackets the least and the most.',
    'Take less than 1.2 × as a tie. To repeat: `npm run bench` (a few minutes), `npm run bench -- --full` (an hour or more),',
    '`npm run bench -- --figure NAME`.',
    '',
    '| figure | ours | baseline | ours to baseline | wanted | |',
    '|---|---|---|---|---|---|',
    ...found.flatMap(({ figure }) => figure.lines.map(row)),
    '',
    ...found.flatMap(({ figure }) => notesOf(figure)),
    '## How it was measured',
    '',
    '- Figures of the API: its process and its threads pinned to one core, the load generator to the other, the other parts not',
    '  running. Figures of the whole server: every part and the generator share both cores.',
    '- Rates: closed loop, 64 connections for single events and 16 for batches. Latencies: open loop with Poisson arrivals, from',
    '  the intended send time, on up to 256 connections. Only replies with status 200 count.',
    '- Events: one deposit to three bets of 366 bytes each, every one with its own transaction_id, 100,000 users; batches of 600',
    '  events, 220 KB.',
    ...runs.map(runSentence),
    '',
    '## What is not measured',
    '',
    ...notMeasured.map(sentence => `- ${sentence}`),
  ].join('\n')}\n`
}

/** Of each figure the newest result, a full one in place of a canonical one where it is not told by size. */
function newestFigures(results: Results[], figures: Told[]): { figure: FigureResult; of: Results }[] {
  const sorted = results.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
  const newest = (name: string, size: Results['size']) =>
    sorted
      .filter(result => result.size === size)
      .flatMap(of => of.figures.filter(figure => figure.name === name).map(figure => ({ figure, of })))
      .slice(0, 1)
  return figures.flatMap(({ name, isToldBySize }) => {
    const [canonical, full] = [newest(name, 'canonical'), newest(name, 'full')]
    return isToldBySize || full.length === 0 ? [...canonical, ...full] : full
  })
}

function row(line: Line): string {
  const baseline = line.baseline === null ? '' : `${spread(line, 'baseline')} ${line.baselineWhat}`
  const ratio = line.ratio === null ? '' : `${line.ratio.toFixed(2)} ×`
  const verdict = line.reached === null ? '' : line.reached ? 'reached' : '**not reached**'
  return `| ${line.what} | ${spread(line, 'ours')} | ${baseline} | ${ratio} | ${targetText(line.target)} | ${verdict} |`
}

function spread(line: Line, whose: 'ours' | 'baseline'): string {
  const value = formatValue(line[whose] ?? Number.NaN, line.unit)
  const rounds = line.rounds?.[whose] ?? []
  if (rounds.length < 2) return value
  const short = (n: number) => formatValue(n, '').trim()
  return `${value} (${short(Math.min(...rounds))}–${short(Math.max(...rounds))})`
}

function notesOf(figure: FigureResult): string[] {
  return figure.notes.length === 0 ? [] : [`**${figure.title}.** ${figure.notes.join(' ')}`, '']
}

function runSentence(of: Results): string {
  const { machine, generator } = of
  const commit = `${machine.commit}${machine.changed ? ' with changes' : ''}`
  const limit = generator.times >= 1.5 ? '' : ' (less than 1.5 ×: the generator is the limit)'
  return (
    `- ${of.size}, ${of.rounds} round${of.rounds === 1 ? '' : 's'}, ${of.startedAt.slice(0, 10)}, commit ${commit}: ${machine.processor}, ${machine.cores} cores, ` +
    `${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, chDB ${machine.chdb}. ` +
    `Load by ${generator.generator === 'own' ? 'bench/load' : generator.generator}, which reaches ${generator.times.toFixed(2)} × the bare server${limit}.`
  )
}
