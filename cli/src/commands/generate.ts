// `datapulse generate`: writes a month of an operator's events to try the server with, and what it must end with; or, at a
// rate, its traffic as time goes by.

import { type Command, Option } from 'commander'
import { open, writeFile } from 'node:fs/promises'
import { examples, lengthOfTime, type Setting, share, wholeNumber, withJson } from '../command.ts'
import { Failure } from '../failure.ts'
import { type MonthOptions, makeMonth } from '../generate/month.ts'
import { writeSent } from '../generate/sent.ts'
import { type Written, writeTimed } from '../generate/timed.ts'
import { makeTraffic } from '../generate/traffic.ts'
import { openInterruption } from '../interruption.ts'
import { openSummary } from '../generate/summary.ts'

type GenerateChoice = {
  json?: true
  events: number
  users?: number
  days: number
  seed: string
  mistakes: number
  retries: number
  until: string
  out: string
  format: 'ndjson' | 'json'
  summary?: string
  rate?: number
  for?: number
}

export function addGenerate(program: Command, setting: Setting): void {
  withJson(program.command('generate'))
    .description(
      "write a month of an operator's events, made up; the same options give the same bytes; with --rate its traffic as time goes by",
    )
    .option('--events <events>', 'lines in all, retries and mistakes included', wholeNumber(1, 2_000_000), 100_000)
    .option('--users <users>', 'players (a fortieth of the events when not given)', wholeNumber(1, 1_000_000))
    .option('--days <days>', 'how long a time they span', wholeNumber(1, 366), 30)
    .option('--seed <seed>', 'which month: any text', '1')
    .option('--mistakes <share>', 'share of events with a mistake, most of them refused', share, 0.01)
    .option(
      '--retries <share>',
      'share of events that are sent again; a tenth of the money among them with another amount',
      share,
      0.02,
    )
    .option('--until <time>', 'when it ends: ISO 8601', '2025-07-01T00:00:00Z')
    .option('--out <file>', 'where to write; - is standard output', '-')
    .addOption(
      new Option('--format <format>', 'one event a line, or one array').choices(['ndjson', 'json']).default('ndjson'),
    )
    .option(
      '--rate <events>',
      'write events of now, so many a second on the average, as time goes by',
      wholeNumber(1, 100_000),
    )
    .option(
      '--for <time>',
      'with --rate, for how long: 30s, 10m, 2h (until it is stopped when not given)',
      lengthOfTime,
    )
    .option('--summary <file>', 'also write what a correct server must end with, as JSON')
    .addHelpText(
      'after',
      examples(
        'datapulse generate --events 100000 --out events.ndjson --summary summary.json',
        'datapulse generate --events 500 --seed demo | datapulse send --key-file key.txt -',
        'datapulse generate --rate 50 --for 10m | datapulse send --key-file key.txt -',
      ),
    )
    .action((choice: GenerateChoice) => generate(choice, setting))
}

async function generate(choice: GenerateChoice, setting: Setting): Promise<void> {
  const { output } = setting
  if (choice.rate !== undefined) return generateTimed({ ...choice, rate: choice.rate }, setting)
  if (choice.for !== undefined)
    throw new Failure('BAD_SHARES', 'Cannot use --for because it is for traffic: give --rate, too')
  const untilMs = Date.parse(choice.until)
  if (Number.isNaN(untilMs))
    throw new Failure('BAD_UNTIL', `Cannot use --until because it must be an ISO 8601 time: got ${choice.until}`)
  if (choice.mistakes + choice.retries > 0.9) {
    throw new Failure(
      'BAD_SHARES',
      'Cannot generate because --mistakes and --retries must leave a tenth of plain events',
    )
  }
  const { events, days, seed, mistakes, retries, out, format } = choice
  const users = choice.users ?? Math.max(1, Math.round(events / 40))
  const options: MonthOptions = { events, users, days, seed, mistakes, retries, untilMs }

  const summary = openSummary()
  const file = out === '-' ? null : await open(out, 'w')
  const write = async (text: string): Promise<void> => {
    summary.wrote(text)
    if (file !== null) await file.write(text)
    else await output.text(text)
  }
  try {
    for (const part of writeParts(options, format, summary.add)) await write(part)
  } finally {
    await file?.close()
  }

  const result = summary.end({
    events,
    users,
    days,
    seed,
    mistakes,
    retries,
    until: new Date(untilMs).toISOString(),
    format,
  })
  if (choice.summary !== undefined) await writeFile(choice.summary, `${JSON.stringify(result, null, 2)}\n`)
  if (out === '-') return
  const { counts: _, ...totals } = result
  if (choice.json) output.json(totals)
  else
    output.line(
      `${result.sent} events written to ${out}: a server must store ${result.stored}, see ${result.duplicate} again (${result.conflict} conflicts), refuse ${result.rejected}.`,
    )
}

async function generateTimed(choice: GenerateChoice & { rate: number }, { output }: Setting): Promise<void> {
  if (choice.summary !== undefined || choice.format === 'json')
    throw new Failure(
      'BAD_SHARES',
      'Cannot write a summary or an array with --rate because they are for what has an end',
    )
  const { rate, seed, mistakes, retries, out } = choice
  const interruption = openInterruption(() => {})
  const file = out === '-' ? null : await open(out, 'w')
  try {
    // It begins when the sessions that are there from the start have been made up.
    const startMs = Date.now() + rate * warmMsPerEvent
    const forMs = choice.for ?? foreverMs
    const traffic = makeTraffic({ rate, seed, mistakes, retries, startMs })
    const times = { startMs, forMs, signal: interruption.signal }
    const written = await writeTimed(traffic, times, async text => {
      if (file === null) await output.text(text)
      else await file.write(text)
    })
    const told = { ...written, rate: Math.round((written.sent / Math.max(written.seconds, 0.1)) * 10) / 10 }
    if (file === null) output.note(choice.json ? JSON.stringify(told) : sentenceOf(told))
    else if (choice.json) output.json(told)
    else output.line(sentenceOf(told))
  } finally {
    await file?.close()
    interruption.end()
  }
}

const foreverMs = 1e14
/** At a rate of one a second. */
const warmMsPerEvent = 1.5

function sentenceOf({ sent, seconds, rate, duplicate, conflict, mistake }: Written & { rate: number }): string {
  return `${sent} events in ${seconds} s (${rate} a second): ${duplicate + conflict} sent again, ${mistake} to be refused.`
}

/** The text of the file, in parts of some hundred kilobytes. */
function* writeParts(options: MonthOptions, format: 'ndjson' | 'json', add: (line: string, refused: boolean) => void) {
  const [start, between, end] = format === 'json' ? ['[\n', ',\n', '\n]\n'] : ['', '\n', '\n']
  let part = start
  let count = 0
  for (const sent of makeMonth(options)) {
    const line = writeSent(sent)
    add(line, sent.meant === 'mistake')
    part += (count++ === 0 ? '' : between) + line
    if (part.length < 256 * 1024) continue
    yield part
    part = ''
  }
  yield part + end
}
