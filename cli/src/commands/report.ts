// `datapulse report …`: the numbers of a product's business. Each is one table, as JSON or CSV too.

import { Option, type Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, wholeNumber, withAdmin } from '../command.ts'
import type { Row } from '../pages.ts'

type ReportChoice = AdminChoice & {
  product: string
  from: string
  to: string
  tz?: string
  converted?: true
  receivedBefore?: string
  csv?: true
  limit?: number
  effects?: true
}

/** Those whose rows could be without end. */
const limited = new Set(['clicks', 'games', 'providers', 'funnel-clicks'])

const reports: [name: string, about: string, isMoney: boolean][] = [
  ['daily', 'registrations, first deposits, deposits, bets, results and GGR by day and currency', true],
  ['hourly', 'the same by hour', true],
  ['summary', 'the same of the whole time, with net deposits and hold', true],
  ['clicks', 'the same by click; an event without one belongs to the click its user first came with', true],
  ['games', 'the same by game type', true],
  ['providers', 'the same by game provider', true],
  ['funnel', 'how many of those who registered made a deposit, and a second one', false],
  ['funnel-clicks', 'the same by the click they first came with', false],
  ['late', 'events that came when their day was over, and so changed its figures', false],
]

export function addReport(program: Command, setting: Setting): void {
  const report = program.command('report').description('the numbers of a product, of live events only')
  for (const [name, about, isMoney] of reports) {
    const command = withAdmin(report.command(name), setting)
      .description(about)
      .requiredOption('--product <product>', 'of this product')
      .requiredOption('--from <day>', 'the first day, such as 2026-06-01')
      .requiredOption('--to <day>', 'the day behind the last')
      .option('--tz <zone>', 'days and hours of this time zone (UTC when not given)')
      .option('--received-before <time>', 'as it was before later events came: ISO 8601, Unix time, or 24h, 7d ago')
      .addOption(new Option('--csv', 'print CSV').conflicts('json'))
      .addHelpText('after', examples(`datapulse report ${name} --product demo --from 2026-06-01 --to 2026-07-01`))
      .action((choice: ReportChoice) => printReport(name, choice, setting))
    if (limited.has(name))
      command.option(
        '--limit <rows>',
        'so many of them, those with the most deposits (1000 when not given)',
        wholeNumber(1, 10_000),
      )
    if (name === 'late')
      command.option('--effects', 'tell too what other days lost by events that came late; takes longer')
    if (isMoney) command.option('--converted', 'amounts in US dollars, each event by the rate of its month')
  }
}

async function printReport(name: string, choice: ReportChoice, setting: Setting): Promise<void> {
  const { output } = setting
  const { product, from, to, tz, converted, receivedBefore, limit, effects } = choice
  const query = { product, from, to, tz, converted, received_before: receivedBefore, limit, effects }
  const { rows } = await adminOf(choice, setting).get<{ rows: Row[] }>(`/api/reports/${name}`, query)
  if (choice.json) return output.json(rows)
  const head = Object.keys(rows[0] ?? {})
  const cells = rows.map(row => head.map(column => row[column]))
  if (choice.csv) return output.write([head, ...cells].map(csvLine).join(''))
  return output.table(head, cells)
}

/** RFC 4180; a text that a spreadsheet would take for a formula is kept from it by a quote. */
function csvLine(cells: readonly Row[string][]): string {
  const quoted = cells.map(cell => {
    const text = String(cell ?? '')
    const safe = typeof cell === 'string' && /^[=+@\t\r]|^-(?!\d+(\.\d+)?$)/.test(text) ? `'${text}` : text
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  })
  return `${quoted.join(',')}\r\n`
}
