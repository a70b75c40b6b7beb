// `datapulse tail`: events as they are stored, each once, until it is stopped. It goes on from its place when the server is
// away for a while.

import type { Command } from 'commander'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin, Query } from '../admin.ts'
import { type AdminChoice, adminOf, examples, type Setting, wholeNumber, withAdmin } from '../command.ts'
import { Failure } from '../failure.ts'
import { type Output, paint, type Part } from '../output.ts'
import { shownTime, type Row } from '../pages.ts'
import { withProduct } from '../question.ts'

type TailChoice = AdminChoice & {
  product?: string
  mode?: string
  user?: string
  event?: string
  transaction?: string
  click?: string
  raw?: true
  last: number
  limit?: number
  every: number
}

type NewEvents = { events: Row[]; after: string; more: boolean }

export function addTail(program: Command, setting: Setting): void {
  withProduct(withAdmin(program.command('tail'), setting))
    .description(
      'show events as they are stored, each once, until it is stopped: lines on a terminal, else one JSON object a line',
    )
    .option('--user <id>', 'of this client_user_id')
    .option('--event <name>', 'of this event_name, exact case')
    .option('--transaction <id>', 'of this transaction_id')
    .option('--click <id>', 'of this click_id')
    .option('--raw', 'the event as sent, too')
    .option('--last <events>', 'begin with so many that are there', wholeNumber(0, 1_000), 10)
    .option('--limit <events>', 'end after so many', wholeNumber(1, 100_000_000))
    .option('--every <milliseconds>', 'how often the server is asked', wholeNumber(50, 60_000), 500)
    .addHelpText(
      'after',
      examples(
        'datapulse tail',
        'datapulse tail --product demo --event deposit --last 0',
        "datapulse tail --user user_001 --json | jq 'select(.amount != null)'",
      ),
    )
    .action((choice: TailChoice) => tail(choice, setting))
}

async function tail(choice: TailChoice, setting: Setting): Promise<void> {
  const { output } = setting
  const { product, mode, user, event, transaction, click, raw, last, every } = choice
  const filter: Query = { product, mode, user, event, transaction, click, raw }
  const show = output.isTerminal && choice.json !== true ? lineOf : null
  const admin = adminOf(choice, setting)
  let left = choice.limit ?? Number.POSITIVE_INFINITY
  let question: Query = { ...filter, ...(last > 0 && { last }) }
  for (let isFirst = true; ; isFirst = false) {
    const found = await ask(admin, question, { isFirst, every, output })
    for (const row of found.events.slice(0, left)) {
      if (show === null) output.jsonLine(row)
      else output.line(...show(row))
    }
    left -= found.events.length
    if (left <= 0) return
    question = { ...filter, after: found.after }
    if (!found.more) await sleep(every)
  }
}

/** Once it has answered, a server that is away is waited for. */
async function ask(
  admin: Admin,
  question: Query,
  { isFirst, every, output }: { isFirst: boolean; every: number; output: Output },
): Promise<NewEvents> {
  for (let isTold = false; ; ) {
    try {
      const found = await admin.get<NewEvents>('/api/events/new', question)
      if (isTold) output.note('The server is there again.')
      return found
    } catch (error) {
      if (isFirst || !(error instanceof Failure) || !passing.test(error.code)) throw error
      if (!isTold) output.note(`Waiting for the server: ${error.message}`)
      isTold = true
      await sleep(every)
    }
  }
}

const passing = /^(UNREACHABLE|TIMEOUT|NOT_DATAPULSE|INTERNAL|HTTP_5\d\d|[A-Z]+_AWAY)$/

function lineOf(row: Row): Part[] {
  const text = (name: string) => String(row[name] ?? '')
  const flags = Array.isArray(row['flags']) ? row['flags'].join(',') : ''
  const money = row['amount'] == null ? '' : `${text('amount')} ${text('currency')}`
  const rest = [text('transaction_id'), text('country'), row['mode'] === 'test' ? 'test' : ''].filter(one => one !== '')
  return [
    paint('dim', shownTime(row['received_at']).slice(11, 23)),
    ` ${text('product').padEnd(10)} `,
    paint('cyan', text('event_name').padEnd(14)),
    ` ${text('client_user_id').padEnd(16)} `,
    paint('bold', money.padStart(16)),
    `  ${rest.join('  ')}`,
    ...(flags === '' ? [] : ['  ', paint('yellow', flags)]),
    ...(row['raw'] === undefined ? [] : ['  ', paint('dim', text('raw'))]),
  ]
}
