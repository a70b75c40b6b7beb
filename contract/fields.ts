// The table of an event's fields: what the reference, the OpenAPI document and the misspelling check are made from.
// The checker (check-event.ts) is written by hand for speed; a test holds it to this table.

import { limits } from './limits.ts'

/** When a field must be there: on every event, on all but bet/win/loss, on money events, or never. */
export type Required = 'always' | 'unless bet, win, loss' | 'money' | 'never'

/** How a value is read: `id` takes safe integers too, `number` takes JSON numbers in text too. */
export type FieldKind = 'id' | 'name' | 'timestamp' | 'ip' | 'text' | 'number' | 'currency' | 'boolean' | 'bet_result'

export type Field = {
  name: string
  type: 'string' | 'integer' | 'number' | 'boolean'
  kind: FieldKind
  required: Required
  /** Elsewhere than on this event the key is a custom property. */
  only?: 'bet'
  limit?: { max: number; unit: 'bytes' | 'characters' }
  meaning: string
}

const id = { max: limits.idBytesMax, unit: 'bytes' } as const

export const fields: readonly Field[] = [
  {
    name: 'client_user_id',
    type: 'string',
    kind: 'id',
    required: 'always',
    limit: id,
    meaning: 'The user, as your system names them.',
  },
  {
    name: 'event_name',
    type: 'string',
    kind: 'name',
    required: 'always',
    limit: { max: limits.eventNameCharactersMax, unit: 'characters' },
    meaning: 'What happened. Exact: `Deposit` is not a deposit.',
  },
  {
    name: 'timestamp',
    type: 'integer',
    kind: 'timestamp',
    required: 'always',
    meaning: 'When it happened: Unix time in seconds or milliseconds.',
  },
  {
    name: 'ip_address',
    type: 'string',
    kind: 'ip',
    required: 'unless bet, win, loss',
    meaning: "The user's IPv4 or IPv6 address.",
  },
  {
    name: 'click_id',
    type: 'string',
    kind: 'id',
    required: 'never',
    limit: id,
    meaning: 'The ad click that brought the user. Recommended.',
  },
  {
    name: 'user_agent',
    type: 'string',
    kind: 'text',
    required: 'never',
    limit: { max: limits.userAgentBytesMax, unit: 'bytes' },
    meaning: "The user's browser or device.",
  },
  { name: 'game_type', type: 'string', kind: 'text', required: 'never', meaning: 'Such as `slot`.' },
  { name: 'game_provider', type: 'string', kind: 'text', required: 'never', meaning: 'Who made the game.' },
  {
    name: 'transaction_id',
    type: 'string',
    kind: 'id',
    required: 'money',
    limit: id,
    meaning: 'The transaction: the same id is the same transaction, sent again.',
  },
  {
    name: 'parent_transaction_id',
    type: 'string',
    kind: 'id',
    required: 'never',
    limit: id,
    meaning: "On a win or a loss: the bet's transaction_id.",
  },
  {
    name: 'amount',
    type: 'number',
    kind: 'number',
    required: 'money',
    meaning: "How much. A bet's stake; the player's net result on a win or a loss.",
  },
  {
    name: 'currency',
    type: 'string',
    kind: 'currency',
    required: 'money',
    limit: { max: limits.currencyCharactersMax, unit: 'characters' },
    meaning: 'Three letters (ISO 4217), or any code of a crypto currency.',
  },
  { name: 'is_crypto', type: 'boolean', kind: 'boolean', required: 'never', meaning: 'Absent is false.' },
  {
    name: 'bet_result',
    type: 'string',
    kind: 'bet_result',
    required: 'never',
    only: 'bet',
    meaning: '`win` or `loss`, in any case.',
  },
  {
    name: 'bet_result_amount',
    type: 'number',
    kind: 'number',
    required: 'never',
    only: 'bet',
    meaning: "The player's net result of the bet: negative for a loss.",
  },
  {
    name: 'message_id',
    type: 'string',
    kind: 'id',
    required: 'never',
    limit: id,
    meaning: 'Your own id of this one message, so that a resend is recognised.',
  },
]
