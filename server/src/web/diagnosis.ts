// How well a product's integration works, from what was counted: a list of checks, each with its verdict, what was found
// in a sentence, the numbers behind it and the next step; and beside them its keys, its event names, and the keys that
// nobody has. Pure; what each check means is docs/reference/diagnostics.md, and it answers one question: why do no events
// arrive? So the checks go the way of an event, and the first of the worst ones says what to do.

import { fold, isNearMiss, knownEventNames } from '@datapulse/contract'
import { limits } from '../limits.ts'
import type { OfName, Refused, Stored } from '../steps/diagnostics.ts'
import { arrivalChecks } from './arrival-checks.ts'
import type { Facts, Given, Verdict } from './check.ts'
import type { Key, UnknownKey } from './needs.ts'
import { qualityChecks } from './quality-checks.ts'
import { iso } from './when.ts'

/** Errors are named when at least so much of what came of a name was refused. */
const errorsShare = 0.05

export function diagnose(given: Given) {
  const facts = factsOf(given)
  const checks = [...arrivalChecks, ...qualityChecks].map(check => check(facts))
  const verdict = worst(checks)
  const { product, mode, sinceMs, untilMs } = given
  return {
    product,
    mode,
    since: iso(sinceMs),
    until: iso(untilMs),
    verdict,
    next: checks.find(check => check.verdict === verdict)?.next ?? null,
    checks,
    keys: busiest(given.keys.map(key => keyOf(key, facts)).filter(isTold)),
    events: eventsOf(facts),
    unknown_keys: given.unknownKeys?.map(one => unknownOf(one, given.keys)) ?? null,
  }
}

/** Where nothing is wrong it depends on whether anything came at all. */
function worst(checks: readonly { check: string; verdict: Verdict }[]): Verdict {
  for (const verdict of ['problem', 'attention'] as const)
    if (checks.some(check => check.verdict === verdict)) return verdict
  return checks.find(({ check }) => check === 'activity')?.verdict ?? 'nothing'
}

function factsOf(given: Given): Facts {
  const { found } = given
  const { stored, repeated, parked, refused } = found
  const accepted = [stored, repeated, ...parked].filter(one => one !== null)
  const sum = (list: readonly { events: number; requests: number }[]) => ({
    events: list.reduce((total, one) => total + one.events, 0),
    requests: list.reduce((total, one) => total + one.requests, 0),
  })
  const lastOf = (list: readonly { lastMs: number }[]) => Math.max(0, ...list.map(({ lastMs }) => lastMs))
  const refusedOf = (codes: readonly string[]) => {
    const rows = refused.filter(({ code }) => codes.includes(code))
    return { ...sum(rows), lastMs: lastOf(rows), rows }
  }
  return { ...given, accepted: { ...sum(accepted), lastMs: lastOf(accepted) }, refusedOf }
}

/** The first so many; those that were used or tried last come first. */
function busiest(keys: ReturnType<typeof keyOf>[]) {
  const lastOf = ({ last_accepted_at: accepted, last_refused_at: refused }: (typeof keys)[number]) =>
    [accepted ?? '', refused ?? ''].toSorted().at(-1) ?? ''
  return keys.toSorted((a, b) => (lastOf(a) > lastOf(b) ? -1 : 1)).slice(0, limits.diagnosticsRowsMax)
}

function keyOf(key: Key, { found, lastUsed, nowMs }: Facts) {
  const ofKey = <T extends { key_id: string }>(rows: readonly T[]) => rows.filter(({ key_id }) => key_id === key.id)
  const accepted = [...ofKey(found.storedOf.keys), ...ofKey(found.repeatedOf.keys), ...ofKey(found.parked)]
  const refused: Refused[] = ofKey(found.refused)
  const isExpired = key.expiresMs !== null && key.expiresMs <= nowMs
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    state: key.revokedMs !== null ? 'revoked' : isExpired ? 'expired' : 'active',
    rate_limit: key.rateLimit,
    accepted_events: accepted.reduce((sum, one) => sum + one.events, 0),
    accepted_requests: accepted.reduce((sum, one) => sum + one.requests, 0),
    refused: Object.fromEntries(refused.map(({ code, requests }) => [code, requests])),
    last_accepted_at: isoOrNull(Math.max(0, ...accepted.map(({ lastMs }) => lastMs))),
    last_refused_at: isoOrNull(Math.max(0, ...refused.map(({ lastMs }) => lastMs))),
    last_used_at: isoOrNull(lastUsed(key.id) ?? 0),
  }
}

/** A key that is at rest and was used for nothing is not told. */
function isTold({ state, last_accepted_at, last_refused_at }: ReturnType<typeof keyOf>): boolean {
  return state === 'active' || last_accepted_at !== null || last_refused_at !== null
}

/** The names that the published page describes, seen or not, then every other one that came or was refused. */
function eventsOf({ found }: Facts) {
  const byName = <T>(rows: readonly OfName<T>[]) => new Map(rows.map(row => [row.event_name, row]))
  const stored = byName<Stored>(found.storedOf.names)
  const repeated = byName(found.repeatedOf.names)
  const refused = byName(found.mistakes.names)
  const lastSeen = byName(found.lastSeen)
  const names = new Set([
    ...knownEventNames,
    ...stored.keys(),
    ...repeated.keys(),
    ...refused.keys(),
    ...lastSeen.keys(),
  ])
  return [...names].map(name => {
    const events = stored.get(name)?.events ?? 0
    const duplicates = repeated.get(name)?.events ?? 0
    const errors = refused.get(name)?.requests ?? 0
    const lastMs = Math.max(lastSeen.get(name)?.lastMs ?? 0, repeated.get(name)?.lastMs ?? 0)
    return {
      event_name: name || null,
      expected: knownEventNames.includes(name),
      near_miss_of: isNearMiss(name) ? fold(name) : null,
      state: stateOf(events + duplicates, errors, lastMs),
      events,
      duplicates,
      conflicts: repeated.get(name)?.conflicts ?? 0,
      errors,
      median_delay_ms: medianOf(stored.get(name)),
      last_seen_at: isoOrNull(lastMs),
    }
  })
}

function medianOf(stored: Stored | undefined): number | null {
  return stored === undefined || stored.looks.looked === 0 ? null : stored.looks.delayMs.median
}

function stateOf(came: number, errors: number, lastMs: number): 'receiving' | 'errors' | 'quiet' | 'not_seen' {
  if (errors > 0 && errors >= errorsShare * (came + errors)) return 'errors'
  if (came > 0) return 'receiving'
  return lastMs > 0 ? 'quiet' : 'not_seen'
}

/** `resembles`: the key of this product that begins alike, so that it was probably cut off or mistyped. */
function unknownOf({ prefix, address, requests, firstMs, lastMs }: UnknownKey, keys: readonly Key[]) {
  return {
    prefix: prefix || null,
    address,
    requests,
    resembles: keys.find(key => key.prefix === prefix)?.id ?? null,
    first_at: iso(firstMs),
    last_at: iso(lastMs),
  }
}

function isoOrNull(ms: number): string | null {
  return ms === 0 ? null : iso(ms)
}
