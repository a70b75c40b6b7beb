// `datapulse duplicates list`: events that were there already. A conflict says something else than the first one.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { gatherPages, printJsonPages, readPages } from '../pages.ts'
import { type PagedChoice, withLimit, withQuestion } from '../question.ts'

type DuplicatesChoice = AdminChoice & PagedChoice & { event?: string; transaction?: string; conflicts?: true }

export function addDuplicates(program: Command, setting: Setting): void {
  const duplicates = program.command('duplicates').description('events that came again')

  withLimit(withQuestion(withAdmin(duplicates.command('list'), setting)))
    .description('list events that were there already; the first one stands')
    .option('--event <name>', 'of this event_name only')
    .option('--transaction <id>', 'of this transaction_id only')
    .option('--conflicts', 'only those with another amount, currency or user than the first')
    .addHelpText('after', examples('datapulse duplicates list --conflicts --since 7d'))
    .action(async (choice: DuplicatesChoice) => {
      const { product, mode, since, until, event, transaction } = choice
      const query = { product, mode, since, until, event, transaction, conflict: choice.conflicts }
      const pages = readPages(adminOf(choice, setting), '/api/duplicates', 'duplicates', query, choice.limit)
      if (choice.json) return printJsonPages(setting.output, pages)
      const rows = (await gatherPages(pages)).map(row => [
        row['received_at'],
        row['product'],
        row['event_name'],
        row['client_user_id'],
        row['transaction_id'] ?? row['message_id'],
        row['amount'],
        row['currency'],
        row['conflict'] ? 'conflict' : '',
        row['first_request_id'],
      ])
      const head = ['received', 'product', 'event', 'user', 'transaction', 'amount', 'currency', '', 'first request']
      setting.output.table(head, rows)
    })
}
