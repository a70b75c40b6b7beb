// `npm run ok`: one command that says whether a change is fit. Everything runs even when something fails, so that one
// run tells all. `--without-tests` leaves the tests to whoever runs `npm test` anyway.

import { spawnSync } from 'node:child_process'

const steps: [name: string, command: string, args: string[]][] = [
  ['format', 'biome', ['format', '.']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings', '.']],
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['types of the console', 'tsc', ['-p', 'console/tsconfig.json']],
  ['dead code', 'knip', []],
  ['lock', process.execPath, ['tools/complete-lock.ts', '--check']],
  ['manners', process.execPath, ['tools/check.ts']],
  ['unit and fuzz tests', process.execPath, ['tools/test.ts', 'unit']],
  ['bench smoke', process.execPath, ['bench/bench.ts', '--smoke']],
]

const isWithoutTests = process.argv.includes('--without-tests')
const failed: string[] = []
for (const [name, command, args] of steps) {
  if (isWithoutTests && args.includes('tools/test.ts')) continue
  const started = Date.now()
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const fit = status === 0
  console.log(`${fit ? 'fit  ' : 'UNFIT'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  if (fit) continue
  failed.push(name)
  console.log(`${stdout ?? ''}${stderr ?? ''}`.trimEnd().split('\n').slice(-120).join('\n'))
}
console.log(failed.length === 0 ? 'ok' : `not ok: ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)
