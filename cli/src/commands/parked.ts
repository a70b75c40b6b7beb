// `datapulse parked list`: what was acknowledged and could not be processed.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { gatherPages, printJsonPages, readPages } from '../pages.ts'
import { type PagedChoice, withLimit, withQuestion } from '../question.ts'

export function addParked(program: Command, setting: Setting): void {
  const parked = program
    .command('parked')
    .description('list events that were acknowledged, could not be processed, and were put aside')

  withLimit(withQuestion(withAdmin(parked.command('list'), setting)))
    .description('list what was put aside, with the reason')
    .addHelpText('after', examples('datapulse parked list', 'datapulse parked list --since 24h --json'))
    .action(async (choice: AdminChoice & PagedChoice) => {
      const { product, mode, since, until } = choice
      const query = { product, mode, since, until }
      const pages = readPages(adminOf(choice, setting), '/api/parked', 'parked', query, choice.limit)
      if (choice.json) return printJsonPages(setting.output, pages)
      const rows = (await gatherPages(pages)).map(row => [
        row['received_at'],
        row['product'],
        row['request_id'],
        row['position'],
        row['events'],
        row['reason'],
        row['detail'],
      ])
      setting.output.table(['received', 'product', 'request', 'position', 'events', 'reason', 'detail'], rows)
    })
}
