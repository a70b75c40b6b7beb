// What is acknowledged and not processed yet: it is in the log, behind the checkpoint. Usually that is less than half a
// second of events; with a backlog it can be millions, so the search is bounded in time. A request is looked for first
// where its id says that it came (UUIDv7 begins with the time), then everywhere.
// Nothing here is a guess: what could not be searched to the end is said to be so.

import { normalise, readEvents } from '@datapulse/contract'
import type { LogReader, StoredRecord } from '../log/record.ts'
import type { Receipt } from '../warehouse/asking/receipts.ts'

/** By the request, or by one of the sender's ids. */
export type QueuedQuestion = {
  product?: string
  mode?: 'live' | 'test'
  request?: string
  transaction?: string
  message?: string
  idempotencyKey?: string
}

/** `isWhole`: everything that is queued was looked at. */
export type Queued = { receipts: Receipt[]; isWhole: boolean }

export type QueuedLimits = { searchMsMax: number; now: () => number }

/** From `from` on; of a request, it ends where the request is found. */
export async function findQueued(
  log: LogReader,
  from: number,
  question: QueuedQuestion,
  limits: QueuedLimits,
): Promise<Queued> {
  const head = (await log.head()).offset
  const endMs = limits.now() + limits.searchMsMax
  const { request } = question
  if (request === undefined) return search(log, { from, to: head }, question, endMs, limits.now)
  const began = await firstSince(log, from, head, timeOf(request))
  const after = await search(log, { from: began, to: head }, question, endMs, limits.now)
  if (after.receipts.length > 0) return after
  const before = await search(log, { from, to: began }, question, endMs, limits.now)
  return { receipts: before.receipts, isWhole: after.isWhole && before.isWhole }
}

const recordsMax = 2_000
const bytesMax = 1024 * 1024

type Stretch = { from: number; to: number }

async function search(
  log: LogReader,
  { from, to }: Stretch,
  question: QueuedQuestion,
  endMs: number,
  now: () => number,
): Promise<Queued> {
  const receipts: Receipt[] = []
  for (let next = from; next < to; ) {
    if (now() > endMs) return { receipts, isWhole: false }
    const read = await log.read(next, { recordsMax, bytesMax })
    if (read.next === next) return { receipts, isWhole: true }
    for (const record of read.records) {
      if (record.offset >= to || !mayHold(record, question)) continue
      receipts.push(...receiptsOf(record, question))
      if (question.request !== undefined) return { receipts, isWhole: true }
    }
    next = read.next
  }
  return { receipts, isWhole: true }
}

/** The first offset of a record that was received at this time or later, as far as the clock went forward. */
async function firstSince(log: LogReader, from: number, head: number, ms: number): Promise<number> {
  let [low, high] = [from, head]
  while (high - low > recordsMax) {
    const middle = Math.floor((low + high) / 2)
    const { records } = await log.read(middle, { recordsMax: 1, bytesMax: 1 })
    const [record] = records
    if (record === undefined) return from
    if (record.receivedMs < ms) low = middle
    else high = middle
  }
  return low
}

/** The time in a UUIDv7: its first 48 bits, Unix milliseconds. */
function timeOf(uuid: string): number {
  return Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16)
}

function mayHold(record: StoredRecord, { product, mode, request, idempotencyKey }: QueuedQuestion): boolean {
  if (record.kind !== 'event' && record.kind !== 'batch') return false
  if (product !== undefined && record.product !== product) return false
  if (mode !== undefined && record.mode !== mode) return false
  if (request !== undefined) return record.requestId === request
  return idempotencyKey === undefined || record.idempotencyKey === idempotencyKey
}

/** Of each event that is asked for; an event that cannot be read will be parked, and is told without its ids. */
function receiptsOf(record: StoredRecord, question: QueuedQuestion): Receipt[] {
  const { transaction, message } = question
  const read = readEvents(record.body, record.kind as 'event' | 'batch')
  const isByRequest = transaction === undefined && message === undefined
  if (!read.ok) return isByRequest ? [receiptOf(record, -1, record.events, nothingRead)] : []
  const receipts: Receipt[] = []
  let i = -1
  for (const { value, text } of read.events) {
    i++
    const ids = idsOf(value, text, record.receivedMs)
    if (transaction !== undefined && ids.transactionId !== transaction) continue
    if (message !== undefined && ids.messageId !== message) continue
    receipts.push(receiptOf(record, record.positions?.[i] ?? i, 1, ids))
  }
  return receipts
}

type Ids = Pick<Receipt, 'eventName' | 'userId' | 'transactionId' | 'messageId'>

const nothingRead: Ids = { eventName: '', userId: '', transactionId: '', messageId: '' }

function idsOf(value: unknown, text: string, receivedMs: number): Ids {
  try {
    const { name, userId, transactionId, messageId } = normalise(value, text, receivedMs)
    return { eventName: name, userId, transactionId, messageId }
  } catch {
    return nothingRead
  }
}

function receiptOf(record: StoredRecord, position: number, events: number, ids: Ids): Receipt {
  return {
    product: record.product,
    mode: record.mode,
    requestId: record.requestId,
    position,
    events,
    receivedMs: record.receivedMs,
    processedMs: null,
    idempotencyKey: record.idempotencyKey ?? '',
    ...ids,
    outcome: 'queued',
  }
}
