// `datapulse counts`: how many events are stored, and what their amounts add up to, by name and currency.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import type { Row } from '../pages.ts'
import { type QuestionChoice, withQuestion } from '../question.ts'

export function addCounts(program: Command, setting: Setting): void {
  withQuestion(withAdmin(program.command('counts'), setting))
    .description('count stored events and add up their amounts, by product, mode, event name and currency')
    .option('--event <name>', 'of this event_name only')
    .addHelpText('after', examples('datapulse counts --product demo', 'datapulse counts --since 24h --json'))
    .action(async (choice: AdminChoice & QuestionChoice & { event?: string }) => {
      const { product, mode, since, until, event } = choice
      const query = { product, mode, since, until, event }
      const { counts } = await adminOf(choice, setting).get<{ counts: Row[] }>('/api/counts', query)
      if (choice.json) {
        setting.output.json(counts)
        return
      }
      const rows = counts.map(row => [
        row['product'],
        row['mode'],
        row['event_name'],
        row['currency'],
        row['events'],
        row['amount'],
      ])
      setting.output.table(['product', 'mode', 'event', 'currency', 'events', 'amount'], rows)
    })
}
