// `datapulse diagnostics`: why do no events of a product arrive, and how good are those that do? Every check with its
// verdict, what was found and what to do; then its keys, its event names, and the keys that nobody has.

import { Option, type Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { type Colour, type Output, paint } from '../output.ts'
import type { Row } from '../pages.ts'

type DiagnosticsChoice = AdminChoice & { product: string; mode: string; since: string; until?: string }

type Verdict = 'problem' | 'attention' | 'good' | 'nothing'

type Diagnostics = {
  product: string
  mode: string
  since: string
  until: string
  verdict: Verdict
  next: string | null
  checks: { check: string; verdict: Verdict; found: string; next: string }[]
  keys: (Row & { refused: Record<string, number> })[]
  events: Row[]
  unknown_keys: Row[] | null
}

const colours: Record<Verdict, Colour> = { problem: 'red', attention: 'yellow', good: 'green', nothing: 'dim' }

export function addDiagnostics(program: Command, setting: Setting): void {
  withAdmin(program.command('diagnostics'), setting)
    .description(
      'say why events of a product do not arrive, and how good they are; exit code 1 when there is a problem',
    )
    .requiredOption('--product <product>', 'the product whose events are looked for')
    .addOption(new Option('--mode <mode>', 'sent with keys of this kind').choices(['live', 'test']).default('live'))
    .option('--since <time>', 'what came at this time or later: ISO 8601, Unix time, or 15m, 24h, 7d ago', '24h')
    .option('--until <time>', 'what came before this time')
    .addHelpText(
      'after',
      examples('datapulse diagnostics --product demo', 'datapulse diagnostics --product demo --mode test --since 1h'),
    )
    .action(async (choice: DiagnosticsChoice) => {
      const { product, mode, since, until } = choice
      const told = await adminOf(choice, setting).get<Diagnostics>('/api/diagnostics', { product, mode, since, until })
      if (choice.json) setting.output.json(told)
      else printDiagnostics(setting.output, told)
      if (told.verdict === 'problem') process.exitCode = 1
    })
}

function printDiagnostics(output: Output, told: Diagnostics): void {
  const { product, mode, since, until } = told
  output.line(
    `${product}, ${mode} keys, ${since.slice(0, 19)}Z to ${until.slice(0, 19)}Z: `,
    paint(colours[told.verdict], told.verdict),
  )
  if (told.next !== null && (told.verdict === 'problem' || told.verdict === 'nothing')) output.line(told.next)
  output.line()
  for (const { check, verdict, found, next } of told.checks) {
    output.line(paint(colours[verdict], verdict.padEnd(9)), `  ${check.padEnd(13)}  ${found}`)
    if (verdict === 'problem' || verdict === 'attention') output.line(`${' '.repeat(26)}→ ${next}`)
  }
  output.line()
  printTables(output, told)
}

function printTables(output: Output, { keys, events, unknown_keys: unknown }: Diagnostics): void {
  const cells = (rows: Row[], names: string[]) => rows.map(row => names.map(name => row[name]))
  const refused = keys.map(key => ({
    ...key,
    refused: Object.entries(key.refused).map(([code, requests]) => `${code} ${requests}`),
  }))
  const keyNames = [
    'id',
    'prefix',
    'state',
    'accepted_events',
    'accepted_requests',
    'refused',
    'last_accepted_at',
    'last_refused_at',
  ]
  output.table(
    ['key', 'prefix', 'state', 'events', 'requests', 'refused', 'last accepted', 'last refused'],
    cells(refused, keyNames),
  )
  output.line()
  const eventNames = [
    'event_name',
    'state',
    'events',
    'duplicates',
    'conflicts',
    'errors',
    'near_miss_of',
    'last_seen_at',
  ]
  output.table(
    ['event', 'state', 'events', 'duplicates', 'conflicts', 'errors', 'near miss of', 'last seen'],
    cells(events, eventNames),
  )
  output.line()
  if (unknown === null) return output.line('The keys that nobody has cannot be asked for just now.')
  if (unknown.length === 0) return output.line('No request came to this installation without a key that somebody has.')
  output.line('Requests to this installation without a key, or with one that nobody has:')
  const shown = unknown.map(row => ({ ...row, prefix: row['prefix'] ?? '(none sent)' }))
  output.table(
    ['key begins', 'address', 'requests', 'resembles', 'last'],
    cells(shown, ['prefix', 'address', 'requests', 'resembles', 'last_at']),
  )
}
