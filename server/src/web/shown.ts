// How things look in the admin API: flat objects in snake_case with the names of the wire. An event's own `timestamp` is
// Unix milliseconds as on the wire, every `…_at` is ISO 8601; amounts are decimal text; absent is null.

import type {
  Backup,
  BackupCheck,
  BackupThere,
  ConflictDecision,
  Erasure,
  Key,
  Product,
  RatesMonth,
  Reprocess,
  Row,
  Standing,
} from './needs.ts'
import { iso } from './when.ts'

type Flat = Record<string, string | number | boolean | null | string[]>

export function showProduct(product: Product): Flat {
  const { id, createdMs, retentionDays = null } = product
  return { id, created_at: iso(createdMs), retention_days: retentionDays }
}

export function showErasure(erasure: Erasure): Flat {
  const { id, product, state, stored, duplicate, parked, rejectedRequests } = erasure
  return {
    id,
    product,
    state,
    requested_at: iso(erasure.createdMs),
    erased_at: iso(erasure.erasedMs),
    log_until: iso(erasure.logUntilMs),
    checked_at: iso(erasure.checkedMs),
    stored,
    duplicate,
    parked,
    rejected_requests: rejectedRequests,
  }
}

export function showDecision(decision: ConflictDecision): Flat {
  return {
    id: decision.id,
    product: decision.product,
    mode: decision.mode,
    request_id: decision.requestId,
    position: decision.position,
    first_request_id: decision.firstRequestId,
    first_position: decision.firstPosition,
    stands: decision.stands,
    reason: decision.reason || null,
    decided_at: iso(decision.decidedMs),
  }
}

export function showReprocess(one: Reprocess): Flat {
  const { state, events, done, changed, problem } = one
  return {
    state,
    from: iso(one.fromMs),
    to: iso(one.toMs),
    started_at: iso(one.startedMs),
    ended_at: iso(one.endedMs),
    events,
    done,
    changed,
    problem: problem || null,
  }
}

export function showBackup(one: Backup): Flat {
  const { state, to, warehouse, bytes, done, events, queued, problem } = one
  return {
    state,
    to,
    warehouse,
    started_at: iso(one.startedMs),
    ended_at: iso(one.endedMs),
    bytes,
    done,
    loads_held_ms: one.heldMs,
    events,
    queued,
    problem: problem || null,
  }
}

export function showBackupThere(one: BackupThere): Flat {
  const { to, state, bytes, events, queued, warehouse, program, problem } = one
  return {
    to,
    state,
    taken_at: iso(one.takenMs),
    ended_at: iso(one.endedMs),
    bytes,
    events,
    queued,
    warehouse,
    program,
    checked_at: iso(one.checkedMs),
    problem: problem || null,
  }
}

export function showBackupCheck({ state, from, startedMs, endedMs, bytes, done, problem }: BackupCheck): Flat {
  return {
    state,
    from,
    started_at: iso(startedMs),
    ended_at: iso(endedMs),
    bytes,
    done,
    problem: problem || null,
  }
}

export function showRatesMonth({ month, currencies, generatedMs, importedMs }: RatesMonth): Flat {
  return {
    month,
    base_currency: 'USD',
    currencies,
    generated_at: iso(generatedMs),
    imported_at: iso(importedMs),
  }
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

/** A flat row: absent text is null, a list of texts is one. */
export function showRow(row: Row): Flat {
  const shown: Flat = {}
  for (const [name, value] of Object.entries(row)) {
    shown[name] = value === '' || value === undefined ? null : (value as Flat[string])
  }
  return shown
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
 * received = accepted + rejected; accepted = stored + duplicate + parked + erased + in flight. `in_flight` is what the log holds
 * beyond the checkpoint, so the second equation compares three parts that count by themselves; accepted is the log's own
 * total and what was accepted before that log. And what is counted as stored must be in the warehouse's table. `holds` is null while
 * a part cannot be asked.
 */
function account(standing: Standing) {
  const { log, checkpoint, totals, acceptedBefore, eventsMissing } = standing
  if (log === null || checkpoint === null || totals === null) {
    return { holds: null, problem: 'not every part can be asked just now', accepted: log?.events ?? null }
  }
  const accepted = acceptedBefore + log.events
  const inFlight = log.events - checkpoint.events
  const outcomes = totals.stored + totals.duplicate + totals.parked + totals.erased + inFlight
  const problems: string[] = []
  if (inFlight < 0) problems.push(`the checkpoint is ${-inFlight} events ahead of the log`)
  if (outcomes !== accepted) {
    problems.push(`accepted is ${accepted}, but stored + duplicate + parked + erased + in flight is ${outcomes}`)
  }
  if (eventsMissing !== null && eventsMissing > 0) {
    problems.push(`the warehouse has ${eventsMissing} events fewer than were stored`)
  }
  return {
    holds: problems.length === 0,
    problem: problems.length === 0 ? null : problems.join('; '),
    received: accepted + totals.rejected,
    accepted,
    rejected: totals.rejected,
    stored: totals.stored,
    duplicate: totals.duplicate,
    conflict: totals.conflict,
    parked: totals.parked,
    erased: totals.erased,
    in_flight: inFlight,
  }
}
