// From records of the log to items: everything that must have an outcome, in the log's order. An event is normalised
// and identified; what cannot be read is parked with its reason instead, an event alone where possible, else the whole
// request; a stretch of the log that is gone is parked with the number of events that lay in it; what the API refused
// becomes its rows. Nothing here throws for anything that a record holds.
// Items depend on the records alone (and what is derived on the databases of the day), so reading the same stretch again
// gives the same items.

import { isUtf8 } from 'node:buffer'
import { type Event, readEvents, type SentEvent } from '@datapulse/contract'
import type { DamagedRange, StoredRecord } from '../log/record.ts'
import { conflictFingerprint } from '../steps/conflict.ts'
import { type Derive, type Derived, processEvent } from '../steps/derive.ts'
import type { erasedReason } from '../steps/erasure.ts'
import { identityOfEvent, identityOfPlace, identityOfText } from '../steps/identity.ts'
import { markedNotExact, notExactDetail, rejectedPosition, rejectedReason } from '../steps/rejection.ts'
import type { Origin, ParkedRow, RejectedRow, UsageRow } from '../warehouse/load.ts'
import { readTally } from './tally.ts'

/** What has to get an outcome. `events`: how many events it stands for; `identity`: what recognises it when read again. */
export type Item =
  | {
      kind: 'event'
      origin: Origin
      identity: string
      /** See steps/identity.ts. */
      claim: string | null
      fingerprint: string
      events: 1
      event: Event
      derived: Derived
      raw: string
    }
  | { kind: 'parked'; origin: Origin; identity: string; events: number; row: ParkedRow }
  | { kind: 'rejected'; origin: Origin; identity: string; events: 0; row: RejectedRow }

export const parkReasons = {
  request_unreadable: 'The body of the request cannot be taken apart.',
  request_count: 'The body does not hold as many events as were counted when it was accepted.',
  event_failed: 'The event could not be normalised.',
  record_kind: 'This program does not know this kind of record.',
  log_damaged: 'A stretch of the log cannot be read any more.',
  log_missing: 'A stretch of the log was dropped before it was processed.',
  warehouse_refused: 'The warehouse refuses the event.',
} as const

export type ParkReason = keyof typeof parkReasons

/** How much keys were used, which a tally tells too, is no item: it may be loaded any number of times. */
export function itemsOfRecord(record: StoredRecord, derive: Derive, into: Item[], usage: UsageRow[] = []): void {
  if (record.kind === 'tally') return itemsOfTally(record, into, usage)
  if (record.kind === 'rejection') return void into.push(itemOfRejection(record))
  if (record.kind !== 'event' && record.kind !== 'batch') {
    into.push(parkedRequest(record, 'record_kind', `kind ${record.kind as string}`))
    return
  }
  const body = readEvents(record.body, record.kind)
  if (!body.ok) {
    into.push(parkedRequest(record, 'request_unreadable', body.reason))
  } else if (body.count !== record.events || (record.positions?.length ?? body.count) !== body.count) {
    into.push(parkedRequest(record, 'request_count', `${body.count} events, ${record.events} were accepted`))
  } else {
    let position = 0
    for (const sent of body.events) {
      into.push(itemOfEvent(record, record.positions?.[position] ?? position, sent, derive))
      position++
    }
  }
}

/** A stretch of the log that is gone. It is named by its first offset: the same stretch read again is the same item. */
export function itemOfGap(
  gap: DamagedRange,
  logId: string,
  reason: 'log_damaged' | 'log_missing',
  nowMs: number,
): Item {
  const origin: Origin = {
    product: '',
    mode: 'live',
    keyId: '',
    requestId: nowhere,
    position: -1,
    receivedMs: nowMs,
    logOffset: gap.from,
  }
  const detail = `offsets ${gap.from} to ${gap.to}: ${gap.reason}`
  return {
    kind: 'parked',
    origin,
    identity: identityOfText([reason, logId, gap.from, gap.to].join(' ')),
    events: gap.events,
    row: { origin, events: gap.events, reason, detail, raw: '' },
  }
}

/**
 * The item parked after all: the warehouse would not take it. `bare` leaves out its text and the
 * warehouse's sentence, which may quote it, should that be the reason. */
export function refusedItem(item: Item, detail: string, bare: boolean): Item {
  const { origin, events } = item
  const raw = bare
    ? ''
    : item.kind === 'event'
      ? item.raw
      : item.kind === 'parked'
        ? item.row.raw
        : JSON.stringify(item.row)
  const told = bare ? parkReasons.warehouse_refused : detail
  const row: ParkedRow = { origin, events, reason: 'warehouse_refused', detail: told, raw }
  return { kind: 'parked', origin, identity: identityOfPlace(origin.requestId, origin.position), events, row }
}

/** A rejected row has no request in the warehouse: it is recognised by all that it says. */
export function identityOfRejected(row: RejectedRow): string {
  const { receivedMs, logOffset, position, events, requests, product, keyId, code } = row
  return identityOfText(
    JSON.stringify(['rejected', receivedMs, logOffset, position, events, requests, product, keyId, code]),
  )
}

function itemOfEvent(record: StoredRecord, position: number, sent: SentEvent, derive: Derive): Item {
  const origin = originOf(record, position)
  const { text: raw, value, error } = sent
  if (error !== null) return parkedItem(origin, 1, 'event_failed', error, raw)
  try {
    const { event, derived } = processEvent(value, raw, record.receivedMs, derive)
    // Sent again by an operator, it stays the event that it would have been: twice is once.
    const whose = record.replayOf === undefined ? origin : { ...origin, requestId: record.replayOf }
    const { identity, claim } = identityOfEvent(event, whose, raw)
    const fingerprint = conflictFingerprint(event)
    return { kind: 'event', origin, identity, claim, fingerprint, events: 1, event, derived, raw }
  } catch (cause) {
    return parkedItem(origin, 1, 'event_failed', sentence(cause), raw)
  }
}

/** A request that was refused at the door, kept with what was wrong with it beside what is parked. It holds no events. */
function itemOfRejection(record: StoredRecord): Item {
  const body = bytesOf(record)
  const end = body.indexOf('\n')
  const detail = body.toString('utf8', 0, Math.max(0, end))
  const sent = body.subarray(end + 1)
  const told = isUtf8(sent) ? detail : markedNotExact(detail)
  return parkedItem(originOf(record, rejectedPosition), 0, rejectedReason, told, sent.toString('utf8'))
}

function itemsOfTally(record: StoredRecord, into: Item[], usage: UsageRow[]): void {
  try {
    const told = readTally(record)
    usage.push(...told.usage)
    for (const row of told.rejected) {
      const origin = originOf(record, row.position)
      into.push({ kind: 'rejected', origin, identity: identityOfRejected(row), events: 0, row })
    }
  } catch (cause) {
    into.push(parkedRequest(record, 'request_unreadable', sentence(cause)))
  }
}

function parkedRequest(record: StoredRecord, reason: ParkReason, detail: string): Item {
  const body = bytesOf(record)
  const told = isUtf8(body) ? detail : `${detail}${notExactDetail}`
  return parkedItem(originOf(record, -1), record.events, reason, told, body.toString('utf8'))
}

function bytesOf({ body }: StoredRecord): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

export function parkedItem(
  origin: Origin,
  events: number,
  reason: ParkReason | typeof rejectedReason | typeof erasedReason,
  detail: string,
  raw: string,
): Item {
  return {
    kind: 'parked',
    origin,
    identity: identityOfPlace(origin.requestId, origin.position),
    events,
    row: { origin, events, reason, detail, raw },
  }
}

function originOf(record: StoredRecord, position: number): Origin {
  const { product, mode, keyId, requestId, receivedMs, offset: logOffset, idempotencyKey } = record
  const origin: Origin = { product, mode, keyId, requestId, position, receivedMs, logOffset }
  return idempotencyKey === undefined ? origin : { ...origin, idempotencyKey }
}

function sentence(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, 500)
}

/** The request id of what no request is to blame for. */
export const nowhere = '00000000-0000-0000-0000-000000000000'
