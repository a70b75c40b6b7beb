// `npm test`: every suite, the quick ones first. A suite whose tool is absent on this machine is skipped and named; with
// DATAPULSE_TEST_NO_SKIPS=1 (as in continuous integration) a skip is a failure. The last line counts what ran.
// `npm test -- unit crash` runs only the suites named.

import { spawn, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Suite = {
  name: string
  asks: string
  files: string[]
  concurrency: number
  timeoutMs: number
  /** Runs in a network, with mounts and processes of its own. It waits more than it works: beside the suite before it. */
  apart?: true
  env?: Record<string, string>
}

const suites: Suite[] = [
  {
    name: 'unit',
    asks: 'does each unit do what its header says, for any input',
    files: [
      'contract/**/*.test.ts',
      'client/**/*.test.ts',
      'server/**/*.test.ts',
      'cli/**/*.test.ts',
      'console/**/*.test.ts',
      'bench/**/*.test.ts',
      'tools/**/*.test.ts',
    ],
    concurrency: 3,
    timeoutMs: 180_000,
  },
  {
    name: 'contract',
    asks: 'does a running server keep the published contract',
    files: ['test/contract/**/*.test.ts'],
    concurrency: 1,
    timeoutMs: 300_000,
  },
  {
    name: 'regressions',
    asks: 'does what was once found stay mended',
    files: ['test/regressions/**/*.test.ts'],
    concurrency: 1,
    timeoutMs: 120_000,
  },
  {
    name: 'sim',
    asks: 'does the whole path hold under crashes and faults at every seam',
    files: ['test/sim/**/*.test.ts'],
    concurrency: 2,
    timeoutMs: 300_000,
  },
  {
    name: 'system',
    asks: 'does the whole server do its job: first minutes, full disk, system-call trace, stop and start',
    files: ['test/system/**/*.test.ts'],
    concurrency: 3,
    timeoutMs: 300_000,
  },
  {
    name: 'browser',
    asks: 'can an operator do what the console is for',
    files: ['test/browser/**/*.test.ts'],
    concurrency: 2,
    timeoutMs: 300_000,
  },
  {
    name: 'crash',
    asks: 'does every acknowledged event survive kill -9, once',
    files: ['test/crash/**/*.test.ts'],
    concurrency: 1,
    timeoutMs: 900_000,
  },
  {
    name: 'machines',
    asks: 'do several machines keep what they acknowledged, whatever fails among them',
    files: ['test/machines/**/*.test.ts'],
    concurrency: 1,
    timeoutMs: 300_000,
    apart: true,
  },
  {
    name: 'shared',
    asks: 'is all of that so where the log and accounts are in NATS, and limits in Redis',
    files: [
      'test/contract/**/*.test.ts',
      ...['receipts', 'replay', 'reconciliation', 'reprocess', 'erasure', 'backup'].map(
        name => `test/system/${name}.test.ts`,
      ),
    ],
    concurrency: 3,
    timeoutMs: 300_000,
    env: { DATAPULSE_TEST_SHARED: '1' },
  },
]

/** The words that start a program in namespaces which end with it; none where that is not allowed: then tests are skipped. */
const apart = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
const canBeApart = spawnSync('unshare', [...apart.slice(1), 'ip', 'link', 'set', 'lo', 'up']).status === 0

const wanted = process.argv.slice(2).filter(arg => !arg.startsWith('-'))
const strange = wanted.filter(name => !suites.some(suite => suite.name === name))
if (strange.length > 0) {
  console.error(`There is no suite ${strange.join(', ')}: there are ${suites.map(suite => suite.name).join(', ')}.`)
  process.exit(2)
}

/** Those that take longer are named, the slowest first. */
const slowSeconds = 20
const slowestMax = 8

/** Compiled code is in it, too: what one process compiled the next one has. */
const scratch = mkdtempSync(join(tmpdir(), 'datapulse-tests-'))
const total = { passed: 0, failed: 0, skipped: 0 }
const skips: string[] = []
const chosen = suites.filter(suite => wanted.length === 0 || wanted.includes(suite.name))
for (const [i, suite] of chosen.entries()) {
  if (suite.apart === true && i > 0) continue
  const beside = chosen[i + 1]
  await Promise.all([run(suite), ...(beside?.apart === true ? [run(beside)] : [])])
}
rmSync(scratch, { recursive: true, force: true })

const skipsFail = process.env['DATAPULSE_TEST_NO_SKIPS'] === '1' && total.skipped > 0
for (const line of skips) console.log(`skipped ${line}`)
if (skipsFail) console.log('A skip is a failure here: every tool must be installed.')
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(total.failed > 0 || skipsFail ? 1 : 0)

async function run(suite: Suite): Promise<void> {
  const files = suite.files
    .flatMap(pattern => globSync(pattern, { exclude: path => path.includes('node_modules') }))
    .sort()
  if (files.length === 0) return
  console.log(`\n── ${suite.name}: ${suite.asks} (${files.length} files)`)
  const tap = join(scratch, `${suite.name}.tap`)
  const args = [
    '--test',
    `--test-concurrency=${suite.concurrency}`,
    `--test-timeout=${suite.timeoutMs}`,
    '--test-reporter=dot',
    '--test-reporter-destination=stdout',
    '--test-reporter=tap',
    `--test-reporter-destination=${tap}`,
    ...files,
  ]
  const started = Date.now()
  const code = await ended(args, suite)
  const counts = readTap(suite.name, readFileSync(tap, 'utf8'))
  console.log(
    `   ${suite.name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${Math.round((Date.now() - started) / 1000)} s`,
  )
  for (const { name, seconds } of counts.slowest) console.log(`   ${seconds} s: ${name}`)
  total.passed += counts.passed
  total.failed += Math.max(counts.failed, code === 0 ? 0 : 1)
  total.skipped += counts.skipped
}

function ended(args: string[], suite: Suite): Promise<number> {
  return new Promise(resolve => {
    const isApart = suite.apart === true && canBeApart
    const [program = '', ...words] = [...(isApart ? apart : []), process.execPath, ...args]
    const env = {
      NODE_COMPILE_CACHE: join(scratch, 'compiled'),
      ...process.env,
      ...suite.env,
      ...(isApart && { DATAPULSE_TEST_NETWORK: '1' }),
    }
    const child = spawn(program, words, { stdio: ['ignore', 'inherit', 'inherit'], env })
    child.on('exit', code => resolve(code ?? 1))
  })
}

type Counts = { passed: number; failed: number; skipped: number; slowest: { name: string; seconds: number }[] }

function readTap(suite: string, text: string): Counts {
  for (const match of text.matchAll(/^\s*ok \d+ - (.*?) # SKIP ?(.*)$/gm))
    skips.push(`${suite}: ${match[1]}: ${match[2]}`)
  const count = (word: string) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  const slowest = [...text.matchAll(/^(?:not )?ok \d+ - (.*)\n  ---\n  duration_ms: ([\d.]+)/gm)]
    .map(([, name = '', ms]) => ({ name, seconds: Math.round(Number(ms) / 1_000) }))
    .filter(({ seconds }) => seconds >= slowSeconds)
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, slowestMax)
  return { passed: count('pass'), failed: count('fail') + count('cancelled'), skipped: count('skipped'), slowest }
}
