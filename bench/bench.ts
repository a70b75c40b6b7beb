// `npm run bench`: how fast, each figure beside a baseline measured in the same run, by turns. Without arguments the
// canonical workload, a few minutes. Bounded in time and count; what it starts it ends; its folders are removed.
//
//   npm run bench -- [--figure NAME …] [--cluster] [--full] [--smoke] [--rounds N] [--json FILE] [--keep FOLDER]
//
// Results go to bench/results/ as JSON with machine, versions and commit, and docs/benchmarks.md is made from them anew,
// unless `--json` names another file. `--keep` leaves the stored events of the figure `questions` in that folder, where the
// next run finds them. `--smoke` tells only that everything runs, writes nothing, and its numbers mean nothing.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { figures } from './figures/all.ts'
import type { Figure, FigureResult, Line, Run } from './figures/figure.ts'
import { closedJob } from './figures/highest-rate.ts'
import { sizes } from './figures/sizes.ts'
import { measureReach, type Reach } from './load/load.ts'
import { startNode } from './rig/child.ts'
import { describeMachine, needRoom } from './rig/machine.ts'
import { makePlace, removePlace, root } from './rig/place.ts'
import { writePage } from './rig/page.ts'
import { formatValue, keepResults, type Results, targetText } from './rig/results.ts'

const { values } = parseArgs({
  options: {
    figure: { type: 'string', multiple: true, default: [] },
    cluster: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    json: { type: 'string' },
    keep: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const names = figures.map(figure => figure.name)
if (values.cluster) values.figure.push('cluster')
const strangers = values.figure.filter(name => !names.includes(name))
if (values.help || strangers.length > 0) {
  for (const name of strangers) console.error(`There is no figure ${name}.`)
  console.error(
    'npm run bench -- [--figure NAME …] [--cluster] [--full] [--smoke] [--rounds N] [--json FILE] [--keep FOLDER]',
  )
  for (const figure of figures) console.error(`  ${figure.name.padEnd(16)} ${figure.title}`)
  process.exit(values.help ? 0 : 2)
}

const size = sizes[values.smoke ? 'smoke' : values.full ? 'full' : 'canonical']
const rounds = values.rounds === undefined ? size.rounds : Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1 || rounds > 99) {
  console.error(`--rounds must be a number from 1 to 99: got ${values.rounds}.`)
  process.exit(2)
}
const wanted = figures.filter(figure =>
  values.figure.length > 0 ? values.figure.includes(figure.name) : figure.sizes.includes(size.name),
)
for (const figure of wanted)
  if (figure.missing?.() != null) console.log(`${figure.name} is skipped: it ${figure.missing()}`)
const chosen = wanted.filter(figure => figure.missing?.() == null)
process.exit((await measureAll(chosen)) ? 0 : 1)

/** Whether every figure could be measured; a target that is not reached is no failure. */
async function measureAll(chosen: Figure[]): Promise<boolean> {
  const machine = describeMachine()
  console.log(`${machine.processor}, ${machine.cores} cores · Node ${machine.node} · ${machine.commit}`)
  if (!machine.pinned) console.log('Processes are not pinned to cores here (no taskset): ratios are less sharp.')
  const run: Run = {
    sizes: { ...size, rounds },
    generator: 'own',
    highest: { singles: null, batches: null },
    keep: values.keep ?? null,
    say: text => process.stderr.write(`  ${text}\n`),
  }
  for (const figure of chosen) needRoom(root, figure.diskBytes(run.sizes), `the figure ${figure.name}`)
  const reach = await findGenerator(run)
  const results: Results = {
    startedAt: new Date().toISOString(),
    size: size.name,
    rounds,
    machine,
    generator: reach,
    figures: [],
  }
  for (const figure of chosen) {
    const result = await measureOne(figure, run)
    if (result !== null) results.figures.push(result)
  }
  if (size.name !== 'smoke' && results.figures.length > 0) write(results)
  return results.figures.length === chosen.length
}

/** One figure that fails does not take the others with it. */
async function measureOne(figure: Figure, run: Run): Promise<FigureResult | null> {
  process.stderr.write(`${figure.name}: ${figure.title}\n`)
  const startMs = performance.now()
  try {
    const { lines, notes } = await figure.measure(run)
    const seconds = (performance.now() - startMs) / 1000
    for (const line of lines) console.log(showLine(line))
    run.say(`${seconds.toFixed(0)} s`)
    return { name: figure.name, title: figure.title, lines, notes, seconds }
  } catch (cause) {
    console.log(`${figure.name} could not be measured: ${cause instanceof Error ? cause.message : String(cause)}`)
    return null
  }
}

/** Which generator reaches further against bare node:http, and whether 1.5 times as far as that server. */
async function findGenerator(run: Run): Promise<Results['generator']> {
  const place = makePlace()
  const bare = startNode(join(root, 'bench/baselines/bare-http.ts'), [], 0)
  try {
    const port = Number(await bare.firstLine())
    const found = await measureReach(closedJob(run, 1, port, 'dp_live_none'), {
      core: 1,
      folder: place,
      ownOnly: run.sizes.name === 'smoke',
    })
    const best = found[0] as Reach
    run.generator = best.generator
    const times = best.ceiling / Math.max(...found.map(each => each.rate))
    const verdict = times >= 1.5 ? '' : ': THE GENERATOR IS THE LIMIT'
    console.log(`load by ${best.generator}, which reaches ${times.toFixed(2)} × the bare server${verdict}`)
    return { ...best, times, tried: found }
  } finally {
    await bare.end()
    removePlace(place)
  }
}

function showLine(line: Line): string {
  const baseline = line.baseline === null ? '' : `${formatValue(line.baseline, line.unit)} ${line.baselineWhat}`
  const ratio = line.ratio === null ? '' : `${line.ratio.toFixed(2)} ×`
  const verdict = line.reached === null || size.name === 'smoke' ? '' : line.reached ? 'reached' : 'NOT REACHED'
  return [
    line.what.padEnd(58),
    formatValue(line.ours, line.unit).padStart(18),
    ratio.padStart(9),
    targetText(line.target).padStart(18),
    verdict.padEnd(12),
    baseline,
  ].join(' ')
}

/** The kept results and the page that is made from them change together. */
function write(results: Results): void {
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`)
  else {
    keepResults(results, values.figure)
    writePage(figures)
  }
  console.log(
    values.json === undefined ? 'written to bench/results and docs/benchmarks.md' : `written to ${values.json}`,
  )
}
