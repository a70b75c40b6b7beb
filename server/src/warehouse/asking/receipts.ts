// What became of each event of one request, or of each event under one of the sender's own ids. What a load has brought
// that has no note yet is left out: it is not known yet what it comes to, and whoever asks finds it in the log.

import type { Connection } from '../connection.ts'
import { readLastNote } from '../last-note.ts'
import { erasedReason } from '../../steps/erasure.ts'
import { rejectedReason } from '../../steps/rejection.ts'
import type { LoadNote } from '../load.ts'
import { conditionsOf, type Conditions, where } from './conditions.ts'
import { type Compared, differsFrom, readFirsts } from './standing-events.ts'

/** By one of the ids; the times narrow down what is read, and nothing else. */
export type ReceiptsQuestion = {
  product?: string
  mode?: 'live' | 'test'
  request?: string
  transaction?: string
  message?: string
  idempotencyKey?: string
  /** At most so many of each outcome, the first received. */
  limit: number
}

/** Times are Unix milliseconds. */
export type Receipt = {
  product: string
  mode: 'live' | 'test'
  requestId: string
  /** Index in the request; -1: the whole request. */
  position: number
  /** How many events it stands for: 1 but where a whole request is parked. */
  events: number
  receivedMs: number
  /** null while it is queued. */
  processedMs: number | null
  idempotencyKey: string
  /** Empty where it could not be read. */
  eventName: string
  userId: string
  transactionId: string
  messageId: string
} & (
  | { outcome: 'queued' | 'stored' | 'erased' }
  | { outcome: 'duplicate' | 'conflict'; first: First; differs: Difference[] }
  | { outcome: 'parked'; reason: string; detail: string }
)

/** The event that stands; `receivedMs` is null when it is not kept any more. */
type First = { requestId: string; position: number; receivedMs: number | null }
export type Difference = { field: keyof Compared; sent: string | null; stands: string | null }

/** `note` is where the log goes on that these receipts say nothing of; null when nothing was loaded yet. */
export type Receipts = { receipts: Receipt[]; note: LoadNote | null }

export async function readReceipts(connection: Connection, question: ReceiptsQuestion): Promise<Receipts> {
  const note = await readLastNote(connection, 'ask')
  if (note === null) return { receipts: [], note }
  const [stored, duplicates, parked] = await Promise.all([
    readStored(connection, question, note.seq),
    readDuplicates(connection, question, note.seq),
    readParked(connection, question, note.seq),
  ])
  const rows = [...stored, ...duplicates, ...parked]
  const loadedMs = await readLoadTimes(connection, [...new Set(rows.map(row => row.load_seq))])
  const receipts = rows.map(({ load_seq, ...row }) => ({ ...row, processedMs: loadedMs.get(load_seq) ?? null }))
  receipts.sort((a, b) => a.receivedMs - b.receivedMs || compare(a.requestId, b.requestId) || a.position - b.position)
  return { receipts: receipts as Receipt[], note }
}

type Row = Omit<Receipt, 'processedMs' | 'outcome'> & { load_seq: number }

const originSql = `product, mode, request_id AS requestId, toInt64(position) AS position,
  toUnixTimestamp64Milli(received_at) AS receivedMs, idempotency_key AS idempotencyKey, load_seq`
const idsSql = `1 AS events, event_name AS eventName, client_user_id AS userId, transaction_id AS transactionId,
  message_id AS messageId`

async function readStored(connection: Connection, question: ReceiptsQuestion, seq: number) {
  const rows = await select<Row>(connection, question, seq, `${originSql}, ${idsSql}`, 'events')
  return rows.map(row => ({ ...row, outcome: 'stored' as const }))
}

type DuplicateRow = Row & {
  conflict: boolean
  firstRequestId: string
  firstPosition: number
  amount: string | null
  currency: string
}

async function readDuplicates(connection: Connection, question: ReceiptsQuestion, seq: number) {
  const columns = `${originSql}, ${idsSql}, conflict, first_request_id AS firstRequestId,
    first_position AS firstPosition, amount, currency`
  const rows = await select<DuplicateRow>(connection, question, seq, columns, 'duplicates')
  const firsts = await readFirsts(connection, rows)
  return rows.map(({ conflict, firstRequestId, firstPosition, amount, currency, ...row }) => {
    const found = firsts.get(`${firstRequestId} ${firstPosition}`)
    const first: First = {
      requestId: firstRequestId,
      position: firstPosition,
      receivedMs: found?.received_ms ?? null,
    }
    const sent: Compared = { client_user_id: row.userId, amount, currency }
    const differs: Difference[] =
      found === undefined
        ? []
        : differsFrom(sent, found).map(field => ({ field, sent: sent[field], stands: found[field] }))
    return { ...row, outcome: conflict ? ('conflict' as const) : ('duplicate' as const), first, differs }
  })
}

async function readParked(connection: Connection, question: ReceiptsQuestion, seq: number) {
  const columns = `${originSql}, events, reason, detail, '' AS eventName, '' AS userId, '' AS transactionId, '' AS messageId`
  const rows = await select<Row & { reason: string; detail: string }>(connection, question, seq, columns, 'parked')
  return rows.map(({ reason, detail, ...row }) =>
    reason === erasedReason
      ? { ...row, outcome: 'erased' as const }
      : { ...row, outcome: 'parked' as const, reason, detail },
  )
}

function select<Found>(
  connection: Connection,
  question: ReceiptsQuestion,
  seq: number,
  columns: string,
  table: 'events' | 'duplicates' | 'parked',
): Promise<Found[]> {
  const { sql, params } = conditionsFor(question, table === 'parked')
  const statement = `SELECT ${columns} FROM ${table} ${where([...sql, 'load_seq <= {seq:UInt64}'])}
    ORDER BY received_at, request_id, position LIMIT {limit:UInt32}`
  return connection.select<Found>('ask', statement, { ...params, seq, limit: question.limit })
}

/** What is parked has no columns of its own for the sender's ids: they are looked for in its text. */
function conditionsFor(question: ReceiptsQuestion, isParked: boolean): Conditions {
  const { product, mode, request, transaction, message, idempotencyKey } = question
  const plain = {
    ...(product !== undefined && { product }),
    ...(mode !== undefined && { mode }),
    ...(request !== undefined && { request }),
  }
  const ids = { ...(transaction !== undefined && { transaction }), ...(message !== undefined && { message }) }
  const conditions = conditionsOf(isParked ? plain : { ...plain, ...ids })
  if (isParked) {
    conditions.sql.push(`reason != '${rejectedReason}'`)
    for (const [name, value] of Object.entries(ids)) {
      conditions.sql.push(
        `{${name}:String} IN (trim(JSONExtractString(raw, '${name}_id')), JSONExtractRaw(raw, '${name}_id'))`,
      )
      conditions.params[name] = value
    }
  }
  if (idempotencyKey !== undefined) {
    conditions.sql.push('idempotency_key = {idempotencyKey:String}')
    conditions.params.idempotencyKey = idempotencyKey
  }
  return conditions
}

async function readLoadTimes(connection: Connection, seqs: number[]): Promise<Map<number, number>> {
  if (seqs.length === 0) return new Map()
  const sql = 'SELECT seq, toUnixTimestamp64Milli(loaded_at) AS loadedMs FROM loads WHERE seq IN {seqs:Array(UInt64)}'
  const rows = await connection.select<{ seq: number; loadedMs: number }>('ask', sql, { seqs })
  return new Map(rows.map(({ seq, loadedMs }) => [seq, loadedMs]))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
