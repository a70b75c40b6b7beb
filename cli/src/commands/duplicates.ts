// `datapulse duplicates list|resolve`: events that were there already. A conflict says something else than the first one,
// and an operator may decide which of the two counts.

import { type Command, Option } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, wholeNumber, withAdmin } from '../command.ts'
import { gatherPages, printJsonPages, readPages } from '../pages.ts'
import { type PagedChoice, withLimit, withQuestion } from '../question.ts'

type DuplicatesChoice = AdminChoice &
  PagedChoice & { event?: string; transaction?: string; conflicts?: true; unresolved?: true }

export function addDuplicates(program: Command, setting: Setting): void {
  const duplicates = program
    .command('duplicates')
    .description('list events that came again, and decide about those that differ')

  withLimit(withQuestion(withAdmin(duplicates.command('list'), setting)))
    .description('list events that were there already; the first one stands')
    .option('--event <name>', 'of this event_name only')
    .option('--transaction <id>', 'of this transaction_id only')
    .option('--conflicts', 'only those with another amount, currency or user than the first')
    .option('--unresolved', 'only conflicts that nobody has decided about')
    .addHelpText(
      'after',
      examples('datapulse duplicates list --conflicts --since 7d', 'datapulse duplicates list --unresolved'),
    )
    .action(async (choice: DuplicatesChoice) => {
      const { product, mode, since, until, event, transaction } = choice
      const query = { product, mode, since, until, event, transaction, ...conflictsOf(choice) }
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
        row['conflict'] ? conflictText(row['resolved']) : '',
        row['first_request_id'],
      ])
      const head = ['received', 'product', 'event', 'user', 'transaction', 'amount', 'currency', '', 'first request']
      setting.output.table(head, rows)
    })

  withAdmin(duplicates.command('resolve'), setting)
    .description('decide which of two conflicting events counts; the decision is kept')
    .argument('<request>', 'the request of the event that came later')
    .option('--position <index>', 'its index in that request (0 when not given)', wholeNumber(0, 4_999))
    .addOption(
      new Option('--stands <which>', 'the one that counts from now on')
        .choices(['first', 'later'])
        .makeOptionMandatory(),
    )
    .option('--reason <text>', 'why, for whoever asks later')
    .addHelpText(
      'after',
      examples(
        'datapulse duplicates resolve 019ab2c4-5e00-7000-8000-000000000001 --stands later --reason "corrected by finance"',
      ),
    )
    .action((request: string, choice: ResolveChoice) => resolve(request, choice, setting))
}

type ResolveChoice = AdminChoice & { position?: number; stands: 'first' | 'later'; reason?: string }
type Decision = { request_id: string; position: number; first_request_id: string; first_position: number }

async function resolve(request: string, choice: ResolveChoice, setting: Setting): Promise<void> {
  const { position, stands, reason } = choice
  const wish = { request, position, stands, reason }
  const decision = await adminOf(choice, setting).post<Decision>('/api/conflicts', wish)
  if (choice.json) return setting.output.json(decision)
  const later = `${decision.request_id} #${decision.position}`
  const first = `${decision.first_request_id} #${decision.first_position}`
  setting.output.line(`The event of ${stands === 'later' ? later : first} counts.`)
}

function conflictsOf({ conflicts, unresolved }: DuplicatesChoice) {
  return unresolved ? { conflict: true, resolved: false } : { conflict: conflicts }
}

function conflictText(resolved: unknown): string {
  return typeof resolved === 'string' ? `conflict, ${resolved} stands` : 'conflict'
}
