// `datapulse receipts show`: what became of each event of a request, or of every event with one of the sender's ids.

import { Argument, type Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { Failure } from '../failure.ts'

type ReceiptsChoice = AdminChoice & {
  product?: string
  transaction?: string
  message?: string
  idempotencyKey?: string
}

type Receipt = {
  request_id?: string
  product?: string
  received_at?: string
  index: number | null
  outcome: string
  processed_at: string | null
  event_name: string | null
  transaction_id: string | null
  message_id: string | null
  events?: number
  reason?: string
  detail?: string
  first?: { request_id: string; index: number }
  differs?: { field: string; sent: string | null; stands: string | null }[]
}

export function addReceipts(program: Command, setting: Setting): void {
  const receipts = program.command('receipts').description('show what became of each event that was acknowledged')

  withAdmin(receipts.command('show'), setting)
    .description('show what became of the events of a request, or of those with an id of the sender')
    .addArgument(new Argument('[request]', 'the request id, as the reply and X-Request-Id had it'))
    .option('--product <product>', 'of this product only')
    .option('--transaction <id>', 'of events with this transaction_id')
    .option('--message <id>', 'of events with this message_id')
    .option('--idempotency-key <key>', 'of requests with this Idempotency-Key')
    .addHelpText(
      'after',
      examples(
        'datapulse receipts show 0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55',
        'datapulse receipts show --transaction tx_554433 --json',
      ),
    )
    .action((request: string | undefined, choice: ReceiptsChoice) => showReceipts(request, choice, setting))
}

async function showReceipts(request: string | undefined, choice: ReceiptsChoice, setting: Setting): Promise<void> {
  const { product, transaction, message, idempotencyKey } = choice
  const ids = { request, transaction, message, idempotency_key: idempotencyKey }
  if (Object.values(ids).filter(id => id !== undefined).length !== 1) {
    const problem = 'Name one of: a request id, --transaction, --message, --idempotency-key'
    throw new Failure('BAD_PARAMETERS', problem)
  }
  const body = await adminOf(choice, setting).get<Receipt & { events: Receipt[] }>('/api/receipts', { product, ...ids })
  if (choice.json) {
    setting.output.json(body)
    return
  }
  const { request_id, product: of, received_at } = body
  const rows = body.events.map(event => [
    event.request_id ?? request_id ?? null,
    event.index ?? 'all',
    event.product ?? of ?? null,
    event.received_at ?? received_at ?? null,
    event.event_name,
    event.transaction_id ?? event.message_id,
    event.outcome,
    event.processed_at,
    why(event),
  ])
  setting.output.table(['request', '#', 'product', 'received', 'event', 'id', 'outcome', 'processed', ''], rows)
}

function why({ first, differs, reason, detail }: Receipt): string {
  const differences = (differs ?? []).map(
    ({ field, sent, stands }) => `${field} ${sent ?? '-'}, stands ${stands ?? '-'}`,
  )
  const parts = [
    first === undefined ? '' : `of ${first.request_id} #${first.index}`,
    differences.join(', '),
    reason ?? '',
    detail ?? '',
  ]
  return parts.filter(part => part !== '').join(': ')
}
