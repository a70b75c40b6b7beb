// `datapulse events list`: stored events, newest first.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { gatherPages, printJsonPages, readPages, type Row, shownTime } from '../pages.ts'
import { type PagedChoice, withLimit, withQuestion } from '../question.ts'

type EventsChoice = AdminChoice &
  PagedChoice & {
    user?: string
    event?: string
    transaction?: string
    click?: string
    message?: string
    request?: string
    raw?: true
  }

export function addEvents(program: Command, setting: Setting): void {
  const events = program.command('events').description('list the events that were stored, each once')

  withLimit(withQuestion(withAdmin(events.command('list'), setting)))
    .description('list stored events, the last received first')
    .option('--user <id>', 'of this client_user_id')
    .option('--event <name>', 'of this event_name, exact case')
    .option('--transaction <id>', 'of this transaction_id')
    .option('--click <id>', 'of this click_id')
    .option('--message <id>', 'of this message_id')
    .option('--request <id>', 'that came in this request')
    .option('--raw', 'the event as sent, too')
    .addHelpText(
      'after',
      examples(
        'datapulse events list',
        'datapulse events list --product demo --event deposit --since 24h',
        'datapulse events list --transaction tx_554433 --raw --json',
      ),
    )
    .action((choice: EventsChoice) => listEvents(choice, setting))
}

async function listEvents(choice: EventsChoice, setting: Setting): Promise<void> {
  const { product, user, event, transaction, click, message, request, mode, since, until, raw } = choice
  const query = { product, user, event, transaction, click, message, request, mode, since, until, raw }
  const pages = readPages(adminOf(choice, setting), '/api/events', 'events', query, choice.limit)
  if (choice.json) return printJsonPages(setting.output, pages)

  const rows = await gatherPages(pages)
  const head = [
    'received',
    'product',
    'mode',
    'event',
    'user',
    'happened',
    'transaction',
    'amount',
    'currency',
    'flags',
  ]
  if (raw) head.push('sent')
  setting.output.table(
    head,
    rows.map(row => (raw ? [...eventCells(row), row['raw']] : eventCells(row))),
  )
}

function eventCells(row: Row) {
  return [
    row['received_at'],
    row['product'],
    row['mode'],
    row['event_name'],
    row['client_user_id'],
    shownTime(row['timestamp']),
    row['transaction_id'],
    row['amount'],
    row['currency'],
    row['flags'],
  ]
}
