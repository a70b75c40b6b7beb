// How a stored event is shown: a flat object in the words of the wire.

import { generatedTransactionId } from '../../steps/transaction-id.ts'
import { derivedColumns } from '../schema.ts'

/** What was sent. Times are Unix milliseconds, but `received_at`, which is ISO 8601; amounts are decimal text. */
export type StoredSent = {
  product: string
  mode: 'live' | 'test'
  event_name: string
  client_user_id: string
  timestamp: number
  received_at: string
  amount: string | null
  currency: string
  transaction_id: string
  /** Of an event that was sent without a transaction_id; else empty. */
  generated_transaction_id: string
  click_id: string
  ip_address: string
  user_agent: string
  game_type: string
  game_provider: string
  parent_transaction_id: string
  message_id: string
  idempotency_key: string
  currency_sent: string
  is_crypto: boolean
  bet_result: string
  bet_result_amount: string | null
  flags: string[]
  key_id: string
  request_id: string
  position: number
  log_offset: number
  load_seq: number
  /** 32 hexadecimal digits. */
  identity: string
  /** The event's text as sent; only when asked for. */
  raw?: string
}

/** What was derived from it; empty where it is not known. */
export type StoredDerived = {
  country: string
  city: string
  device_class: string
  device_name: string
  operating_system_name: string
  operating_system_version: string
  agent_name: string
  agent_class: string
  canonical_game_type: string
}

/** `amount_usd`: the amount by the rate of the event's month; null without an amount or a rate. */
export type StoredEvent = StoredSent & StoredDerived & { amount_usd: string | null }

/** What ClickHouse gives for one, before `storedEventOf`. */
export type StoredRow<Stored = StoredSent & StoredDerived> = Omit<
  Stored,
  'timestamp' | 'received_at' | 'generated_transaction_id'
> & {
  timestamp_ms: number
  received_ms: number
}

const columns = `
  product, mode, event_name, client_user_id, toUnixTimestamp64Milli(timestamp) AS timestamp_ms,
  toUnixTimestamp64Milli(received_at) AS received_ms, amount, currency, transaction_id, click_id, ip_address,
  user_agent, game_type, game_provider, parent_transaction_id, message_id, idempotency_key, currency_sent,
  is_crypto, bet_result, bet_result_amount, flags, key_id, request_id, position, log_offset, load_seq, identity`

const derived = derivedColumns.map(({ name }) => name).join(', ')

/** The columns to select of what was sent. */
export function sentColumnsSql(raw: boolean): string {
  return raw ? `${columns}, raw` : columns
}

/** The columns to select of an event. */
export function eventColumnsSql(raw: boolean): string {
  return `${sentColumnsSql(raw)}, ${derived}`
}

/** What is shown for a row. */
export function storedEventOf<Row extends StoredRow<StoredSent>>({ timestamp_ms, received_ms, ...row }: Row) {
  const { product, mode, event_name, client_user_id, amount, currency, transaction_id, ...rest } = row
  const generated = transaction_id === '' ? generatedTransactionId(row.request_id, row.position) : ''
  return {
    product,
    mode,
    event_name,
    client_user_id,
    timestamp: timestamp_ms,
    received_at: new Date(received_ms).toISOString(),
    amount,
    currency,
    transaction_id,
    generated_transaction_id: generated,
    ...rest,
    identity: row.identity.replaceAll('-', ''),
  }
}
