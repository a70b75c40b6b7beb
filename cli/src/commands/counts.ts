// `datapulse counts`: how many events are stored, and what their amounts add up to, by name and currency.

import { type Command, Option } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import type { Row } from '../pages.ts'
import { type QuestionChoice, withQuestion } from '../question.ts'

type CountsChoice = AdminChoice &
  QuestionChoice & { event?: string; user?: string; click?: string; by: string; clock: string }

const usualBy = 'product,mode,event_name,currency'

export function addCounts(program: Command, setting: Setting): void {
  withQuestion(withAdmin(program.command('counts'), setting))
    .description('count stored events and add up their amounts')
    .option('--event <name>', 'of this event_name only')
    .option('--user <id>', 'of this client_user_id only')
    .option('--click <id>', 'of this click_id only')
    .option(
      '--by <names>',
      'counted by these, separated by commas: product, mode, event_name, currency, month, day, hour',
      usualBy,
    )
    .addOption(
      new Option(
        '--clock <clock>',
        'which time --since, --until, day and hour mean: when it was received, or when it happened',
      )
        .choices(['received', 'event'])
        .default('received'),
    )
    .addHelpText(
      'after',
      examples(
        'datapulse counts --product demo',
        'datapulse counts --by day,event_name --clock event --since 30d --json',
      ),
    )
    .action((choice: CountsChoice) => count(choice, setting))
}

async function count(choice: CountsChoice, setting: Setting): Promise<void> {
  const { product, mode, since, until, event, user, click, by, clock } = choice
  const query = { product, mode, since, until, event, user, click, by, clock }
  const { counts } = await adminOf(choice, setting).get<{ counts: Row[] }>('/api/counts', query)
  if (choice.json) {
    setting.output.json(counts)
    return
  }
  const head = Object.keys(counts[0] ?? {}).filter(name => name !== 'amounts')
  setting.output.table(
    head,
    counts.map(row => head.map(name => row[name])),
  )
}
