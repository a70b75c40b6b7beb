// How things look in the admin API: flat objects in snake_case with the names of the wire. Times of an event are Unix
// milliseconds as on the wire, times of keys and products ISO 8601; amounts are decimal text; absent is null.

import type { Event } from '@datapulse/contract'
import type { Origin } from '../warehouse/load.ts'
import type { Count, Duplicate, Key, Parked, Product, Rejected, Standing, StoredEvent } from './needs.ts'

type Flat = Record<string, string | number | boolean | null>

export function showProduct(product: Product): Flat {
  return { id: product.id, created_at: iso(product.createdMs) }
}

/** `nowMs` decides whether the key is active. */
export function showKey(key: Key, lastUsedMs: number | null, nowMs: number) {
  const expired = key.expiresMs !== null && key.expiresMs <= nowMs
  return {
    id: key.id,
    product: key.product,
    name: key.name,
    mode: key.mode,
    scopes: key.scopes,
    rate_limit: key.rateLimit,
    prefix: key.prefix,
    state: key.revokedMs !== null ? 'revoked' : expired ? 'expired' : 'active',
    created_at: iso(key.createdMs),
    expires_at: iso(key.expiresMs),
    revoked_at: iso(key.revokedMs),
    last_used_at: iso(lastUsedMs),
  }
}

export function showEvent(stored: StoredEvent): Flat {
  const flat = { ...showOrigin(stored.origin), ...showFields(stored.event) }
  return stored.raw === null ? flat : { ...flat, raw: stored.raw }
}

export function showDuplicate(duplicate: Duplicate): Flat {
  return {
    ...showOrigin(duplicate.origin),
    ...showFields(duplicate.event),
    conflict: duplicate.conflict,
    first_request_id: duplicate.firstRequestId,
    first_position: duplicate.firstPosition,
  }
}

export function showParked(parked: Parked): Flat {
  const { reason, detail, events, text } = parked
  return { ...showOrigin(parked.origin), events, reason, detail, text: orNull(text) }
}

export function showRejected(rejected: Rejected): Flat {
  return {
    product: orNull(rejected.product),
    key_id: orNull(rejected.keyId),
    code: rejected.code,
    events: rejected.events,
    requests: rejected.requests,
    last_timestamp: rejected.lastMs,
  }
}

export function showCount(count: Count): Flat {
  return {
    product: count.product,
    mode: count.mode,
    event_name: count.name,
    currency: orNull(count.currency),
    events: count.events,
    amount: count.amount,
  }
}

/** Everything about where the server stands, and whether no event disappeared: `accounting.holds`. */
export function showStanding(standing: Standing, nowMs: number) {
  const stages = Object.entries(standing.stages)
  const accounting = account(standing)
  const ready = stages.every(([, stage]) => stage.ready)
  return {
    status: ready && accounting.holds !== false ? 'ok' : 'degraded',
    time: iso(nowMs),
    stages: standing.stages,
    log: standing.log && {
      offset: standing.log.offset,
      events: standing.log.events,
      oldest_offset: standing.log.oldestOffset,
      bytes: standing.log.bytes,
      segments: standing.log.segments,
    },
    checkpoint: standing.checkpoint,
    lag: standing.lag,
    disk: standing.disk && { free_bytes: standing.disk.freeBytes, used_bytes: standing.disk.usedBytes },
    accounting,
  }
}

/**
 * received = accepted + rejected; accepted = stored + duplicate + parked + in flight. `in_flight` is what the log holds
 * beyond the checkpoint, so the second equation compares three parts that count by themselves. `holds` is null while
 * a part cannot be asked.
 */
function account(standing: Standing) {
  const { log, checkpoint, totals, received } = standing
  if (log === null || checkpoint === null || totals === null) {
    return { holds: null, problem: 'not every part can be asked just now', accepted: log?.events ?? null }
  }
  const inFlight = log.events - checkpoint.events
  const outcomes = totals.stored + totals.duplicate + totals.parked + inFlight
  const problems: string[] = []
  if (inFlight < 0) problems.push(`the checkpoint is ${-inFlight} events ahead of the log`)
  if (outcomes !== log.events) {
    problems.push(`accepted is ${log.events}, but stored + duplicate + parked + in flight is ${outcomes}`)
  }
  return {
    holds: problems.length === 0,
    problem: problems.length === 0 ? null : problems.join('; '),
    received: received ?? log.events + totals.rejected,
    accepted: log.events,
    rejected: totals.rejected,
    stored: totals.stored,
    duplicate: totals.duplicate,
    conflict: totals.conflict,
    parked: totals.parked,
    in_flight: inFlight,
  }
}

function showOrigin(origin: Origin): Flat {
  return {
    product: origin.product,
    mode: origin.mode,
    request_id: origin.requestId,
    position: origin.position,
    key_id: origin.keyId,
    recv_timestamp: origin.receivedMs,
  }
}

function showFields(event: Event): Flat {
  return {
    event_name: event.name,
    client_user_id: event.userId,
    click_id: orNull(event.clickId),
    timestamp: event.eventMs,
    ip_address: orNull(event.ipAddress),
    user_agent: orNull(event.userAgent),
    game_type: orNull(event.gameType),
    game_provider: orNull(event.gameProvider),
    transaction_id: orNull(event.transactionId),
    parent_transaction_id: orNull(event.parentTransactionId),
    message_id: orNull(event.messageId),
    amount: event.amount,
    currency: orNull(event.currency),
    currency_sent: orNull(event.currencySent),
    is_crypto: event.isCrypto,
    bet_result: orNull(event.betResult),
    bet_result_amount: event.betResultAmount,
    flags: event.flags.length === 0 ? null : event.flags.join(','),
  }
}

function iso(ms: number): string
function iso(ms: number | null): string | null
function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

function orNull(text: string): string | null {
  return text === '' ? null : text
}
