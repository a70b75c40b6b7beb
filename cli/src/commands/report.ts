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

/** `at_limit`: there may be more than the limit lets through. */
type Report = { columns: string[]; rows: Row[]; at_limit?: boolean }

/** Those whose rows could be without end, and which of them are told. */
const limited: Record<string, string> = {
  clicks: 'clicks, those with the most deposits',
  games: 'game types, those with the most deposits',
  providers: 'providers, those with the most deposits',
  'funnel-clicks': 'clicks, those with the most registrations',
}

const money = 'registrations, first deposits, deposits, withdrawals, bets, results and GGR'
const funnel = 'how many of those who registered made a deposit, and a second one'
const reports: [name: string, about: string, isMoney: boolean][] = [
  ['daily', `${money}, by day and currency`, true],
  ['hourly', `${money}, by hour and currency`, true],
  ['summary', `${money}, of the whole time by currency, with net deposits and hold`, true],
  ['clicks', `${money}, by click and currency; an event without a click is of the one its user first came with`, true],
  ['games', `${money}, by game type and currency`, true],
  ['providers', `${money}, by game provider and currency`, true],
  ['funnel', funnel, false],
  ['funnel-clicks', `${funnel}, by the click that they first came with`, false],
  ['late', 'events that came when their day was over, and so changed its figures', false],
]

export function addReport(program: Command, setting: Setting): void {
  const report = program
    .command('report')
    .description('the business of a product in numbers: deposits, bets, GGR, funnel; of live events only')
  for (const [name, about, isMoney] of reports) {
    const command = withAdmin(report.command(name), setting)
      .description(about)
      .requiredOption('--product <product>', 'the product whose business it is')
      .requiredOption('--from <day>', 'the first day, such as 2026-06-01')
      .requiredOption('--to <day>', 'the day behind the last, such as 2026-07-01')
      .option('--tz <zone>', 'days and hours of this time zone (UTC when not given)')
      .option(
        '--received-before <time>',
        'without what came at this time or later, so as it was then: ISO 8601, Unix time, or 24h, 7d ago',
      )
      .addOption(new Option('--csv', 'print CSV, with a header').conflicts('json'))
      .addHelpText('after', examples(...examplesOf(name, isMoney)))
      .action((choice: ReportChoice) => printReport(name, choice, setting))
    const which = limited[name]
    if (which !== undefined)
      command.option('--limit <rows>', `at most so many ${which} (1000 when not given)`, wholeNumber(1, 10_000))
    if (name === 'late')
      command.option('--effects', 'tell too what other days lost by events that came late; takes longer')
    if (isMoney) command.option('--converted', 'amounts in US dollars, each event by the rate of its month')
  }
}

function examplesOf(name: string, isMoney: boolean): string[] {
  const june = `datapulse report ${name} --product demo --from 2026-06-01 --to 2026-07-01`
  return [june, ...(isMoney ? [`${june} --tz Asia/Taipei --converted`] : []), `${june} --csv > ${name}.csv`]
}

async function printReport(name: string, choice: ReportChoice, setting: Setting): Promise<void> {
  const { output } = setting
  const { product, from, to, tz, converted, receivedBefore, limit, effects } = choice
  const query = { product, from, to, tz, converted, received_before: receivedBefore, limit, effects }
  const { columns, rows, at_limit } = await adminOf(choice, setting).get<Report>(`/api/reports/${name}`, query)
  if (at_limit === true) output.note(`There may be more: these are as many as --limit lets through (${limited[name]}).`)
  if (choice.json) return output.json(rows)
  const cells = rows.map(row => columns.map(column => row[column]))
  return choice.csv ? output.csv(columns, cells) : output.table(columns, cells)
}
