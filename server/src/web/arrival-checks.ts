// Why events do not arrive: the checks in the order of an event's way, from the key to the table.

import { rules } from '@datapulse/contract'
import type { OfKey, Refused } from '../steps/diagnostics.ts'
import { type Check, counted, type Facts, isBroken, length, ok, percent, shareOf, time, type Verdict } from './check.ts'
import type { Key, UnknownKey } from './needs.ts'

const keyCodes = ['KEY_REVOKED', 'KEY_EXPIRED', 'KEY_SCOPE']
const limitCodes = ['RATE_LIMITED']
const serverCodes = ['STORAGE_UNAVAILABLE', 'OVERLOADED', 'INTERNAL_ERROR']
const schemaCodes = [
  'VALIDATION_ERROR',
  'INVALID_JSON',
  'BAD_REQUEST',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'REQUEST_TIMEOUT',
]

/** From these shares on it is a problem; below, it is worth attention. */
const limitShare = 0.1
const schemaShare = 0.05
const serverShare = 0.01
const parkedShare = 0.01

/** Good requests came for so long after the last bad one: it is over. */
const overMs = 3_600_000

const lagAttentionSeconds = 10
const lagProblemSeconds = 60
const missingListed = 10

export const arrivalChecks: ((facts: Facts) => Check)[] = [
  checkKeys,
  checkRateLimit,
  checkSchema,
  checkServerErrors,
  checkProcessing,
  checkParked,
  checkActivity,
]

function checkKeys(facts: Facts): Check {
  const { accepted, keys, nowMs, refusedOf, unknownKeys } = facts
  const ended = refusedOf(keyCodes)
  const later = refusedOf([...limitCodes, ...serverCodes, ...schemaCodes])
  const known = { lastMs: Math.max(accepted.lastMs, later.lastMs), requests: accepted.requests + later.requests }
  const alike = (unknownKeys ?? []).filter(({ prefix }) => keys.some(key => key.prefix === prefix))
  const active = keys.filter(key => isActive(key, nowMs))
  const numbers = {
    active_keys: active.length,
    accepted_requests: accepted.requests,
    refused_later_requests: later.requests,
    revoked_requests: refusedOf(['KEY_REVOKED']).requests,
    expired_requests: refusedOf(['KEY_EXPIRED']).requests,
    scope_requests: refusedOf(['KEY_SCOPE']).requests,
    resembling_requests: alike.reduce((sum, { requests }) => sum + requests, 0),
  }
  const [most] = ended.rows
  const [first] = alike
  if (most !== undefined) return { check: 'keys', ...ofEnded(most, ended, known, active, facts), numbers }
  if (first !== undefined) return { check: 'keys', ...ofAlike(first, known, facts), numbers }
  return { check: 'keys', ...ofActive(active, known, facts), numbers }
}

type Said = Pick<Check, 'verdict' | 'found' | 'next'>
type Known = { requests: number; lastMs: number }

/** Keys of the product that may not send are tried. */
function ofEnded(most: OfKey<Refused>, ended: Known, known: Known, active: readonly Key[], facts: Facts): Said {
  const key = facts.keys.find(({ id }) => id === most.key_id)
  const endedMs = key?.revokedMs ?? key?.expiresMs ?? 0
  const found = `${counted(ended.requests, 'request')} came with a key that may not send, the last at ${time(ended.lastMs)}: mostly ${most.key_id} (${key?.prefix}), ${whyEnded(most.code, key)}; ${counted(known.requests, 'request')} with one that may.`
  if (known.lastMs > ended.lastMs + overMs) return { verdict: 'good', found, next: ok }
  const isLost = active.length === 0 || known.lastMs <= endedMs || isBroken(ended, known)
  const next = nextOfEnded(most.code, most.key_id, active, facts)
  return { verdict: isLost ? 'problem' : 'attention', found, next }
}

/** Unknown keys begin like one of the product. */
function ofAlike(first: UnknownKey, known: Known, { keys }: Facts): Said {
  const key = keys.find(({ prefix }) => prefix === first.prefix)
  const found = `${counted(first.requests, 'request')} came from ${first.address} with a key that begins like ${key?.id} (${key?.prefix}) and is not it; ${counted(known.requests, 'request')} with one that may send.`
  if (known.lastMs > first.lastMs + overMs) return { verdict: 'good', found, next: ok }
  const next = 'Have the partner copy its key again, whole: it was probably cut off or mistyped; or make another one.'
  return { verdict: isBroken(first, known) ? 'problem' : 'attention', found, next }
}

function ofActive(active: readonly Key[], known: Known, facts: Facts): Said {
  const { keys, unknownKeys } = facts
  const [one] = active
  if (one === undefined) {
    const found = keys.length === 0 ? 'There is no key of this kind.' : 'No key of this kind may send any more.'
    const next = `${makeKey(facts)}, and give it to the partner.`
    return { verdict: keys.length === 0 ? 'nothing' : 'problem', found, next }
  }
  if (known.requests > 0)
    return { verdict: 'good', found: `${counted(known.requests, 'request')} came with a key that may send.`, next: ok }
  const others = (unknownKeys ?? []).reduce((sum, { requests }) => sum + requests, 0)
  const astray = Number(facts.standing.stages.api?.['requestsAstray'] ?? 0)
  const next =
    others > 0
      ? `${counted(others, 'request')} came to this installation without a key or with one that nobody has: if an address in \`unknown_keys\` is the partner's, have it send ${one.id} (${one.prefix}…) in X-API-Key.`
      : astray > 0
        ? `Ask the partner for the path that it sends to: ${counted(astray, 'request')} since the start of this server went to paths that it does not have; events go to /v2/s2s/event or /v2/s2s/batch.`
        : 'Ask the partner whether it sends at all, and to which address: no request of it reached this server.'
  return { verdict: 'nothing', found: 'No request came with a key of this product.', next }
}

function isActive({ expiresMs, revokedMs, scopes }: Key, nowMs: number): boolean {
  return revokedMs === null && (expiresMs === null || expiresMs > nowMs) && scopes.includes('ingest')
}

function whyEnded(code: string, key: Key | undefined): string {
  if (code === 'KEY_SCOPE') return 'which has not the scope ingest'
  if (code === 'KEY_REVOKED') return key?.revokedMs == null ? 'which was revoked' : `revoked at ${time(key.revokedMs)}`
  return key?.expiresMs == null ? 'which had expired' : `expired at ${time(key.expiresMs)}`
}

function nextOfEnded(code: string, keyId: string, good: readonly Key[], facts: Facts): string {
  if (code === 'KEY_SCOPE')
    return `Let it send with \`datapulse keys update ${keyId} --scope ingest,read\`, or have the partner send with another key.`
  const other = good.find(({ id }) => id !== keyId)
  const instead =
    other === undefined
      ? `${makeKey(facts)}, and give it to the partner`
      : `Have the partner send with ${other.id} (${other.prefix}…) instead`
  return code === 'KEY_EXPIRED'
    ? `${instead}, or extend the old one with \`datapulse keys update ${keyId} --expires never\`.`
    : `${instead}.`
}

function makeKey({ product, mode }: Facts): string {
  return `Make a key with \`datapulse keys create --product ${product}${mode === 'test' ? ' --test' : ''}\``
}

function checkRateLimit({ accepted, keys, refusedOf }: Facts): Check {
  const limited = refusedOf(limitCodes)
  const requests = accepted.requests + refusedOf([...schemaCodes, ...serverCodes]).requests + limited.requests
  const [most] = limited.rows
  const limit = keys.find(({ id }) => id === most?.key_id)?.rateLimit ?? null
  const numbers = {
    limited_requests: limited.requests,
    requests,
    share: shareOf(limited.requests, requests),
    key_id: most?.key_id ?? null,
    rate_limit: limit,
  }
  const check = 'rate_limit'
  if (requests === 0) return { check, verdict: 'nothing', found: 'No request came.', next: ok, numbers }
  if (most === undefined) return { check, verdict: 'good', found: 'No request was over its limit.', next: ok, numbers }
  return {
    check,
    verdict: limited.requests >= limitShare * requests ? 'problem' : 'attention',
    found: `${limited.requests.toLocaleString('en')} of ${counted(requests, 'request')} (${percent(limited.requests, requests)}) were over the limit, mostly of ${most.key_id}, which may send ${limit} a minute.`,
    next: `Have the partner send batches, which count as one request each, and wait as Retry-After says; or raise the limit with \`datapulse keys update ${most.key_id} --rate-limit N\`.`,
    numbers,
  }
}

function checkSchema({ accepted, found: { mistakes }, mode, product, refusedOf }: Facts): Check {
  const refused = refusedOf(schemaCodes)
  const events = accepted.events + refused.events
  const missing = mistakes.rules.filter(({ rule }) => rule === 'required').slice(0, missingListed)
  const others = mistakes.rules.filter(({ rule }) => rule !== 'required').slice(0, missingListed)
  const numbers = {
    accepted_events: accepted.events,
    refused_events: refused.events,
    refused_requests: refused.requests,
    share: shareOf(refused.events, events),
    kept_requests: mistakes.kept,
    missing: missing.map(({ field, requests, violations }) => ({ field, requests, violations })),
    others: others.map(({ rule, field, requests, violations }) => ({
      rule,
      field: field || null,
      requests,
      violations,
    })),
    codes: refused.rows.map(({ key_id, code, requests, events: held }) => ({ key_id, code, requests, events: held })),
  }
  const check = 'schema'
  if (events === 0) return { check, verdict: 'nothing', found: 'No event came to be checked.', next: ok, numbers }
  if (refused.requests === 0)
    return { check, verdict: 'good', found: 'Every event had what it needs.', next: ok, numbers }
  const [first] = mistakes.rules
  const mostly = missing
    .map(({ field, requests }) => `${field} is missing in ${counted(requests, 'request')}`)
    .slice(0, 3)
  const other = others[0] === undefined || mostly.length > 0 ? [] : [nameOfMistake(others[0])]
  const what = [...mostly, ...other].join(', ')
  const whose = `--product ${product} --mode ${mode}`
  return {
    check,
    verdict: refused.events >= schemaShare * events || isBroken(refused, accepted) ? 'problem' : 'attention',
    found: `${refused.events.toLocaleString('en')} of ${counted(events, 'event')} (${percent(refused.events, events)}) were refused for what was in the request${what === '' ? '' : `: ${what}`}.`,
    next:
      first === undefined
        ? `See which codes they got with \`datapulse rejected list --product ${product}\`; none of the bodies is kept.`
        : `Show the partner what it sent: \`datapulse rejected requests ${whose} ${isRule(first.rule) ? `--rule ${first.rule} --field '${first.field}'` : `--code ${first.rule}`}\`; \`datapulse replay\` sends it again after a fix.`,
    numbers,
  }
}

function isRule(name: string): boolean {
  return Object.hasOwn(rules, name)
}

function nameOfMistake({ rule, field, requests }: { rule: string; field: string; requests: number }): string {
  return `${field === '' ? rule : `${field} (${rule})`} in ${counted(requests, 'request')}`
}

function checkServerErrors({ accepted, refusedOf }: Facts): Check {
  const failed = refusedOf(serverCodes)
  const requests = accepted.requests + refusedOf([...schemaCodes, ...limitCodes]).requests + failed.requests
  const of = (code: string) => refusedOf([code]).requests
  const numbers = {
    failed_requests: failed.requests,
    requests,
    share: shareOf(failed.requests, requests),
    storage_unavailable: of('STORAGE_UNAVAILABLE'),
    overloaded: of('OVERLOADED'),
    internal_error: of('INTERNAL_ERROR'),
  }
  const check = 'server_errors'
  if (requests === 0) return { check, verdict: 'nothing', found: 'No request came.', next: ok, numbers }
  if (failed.requests === 0) return { check, verdict: 'good', found: 'No request was answered 500.', next: ok, numbers }
  const code = failed.rows[0]?.code ?? ''
  return {
    check,
    verdict: failed.requests >= serverShare * requests || isBroken(failed, accepted) ? 'problem' : 'attention',
    found: `${counted(failed.requests, 'request')} (${percent(failed.requests, requests)}) were answered 500, mostly ${code}; the last at ${time(failed.lastMs)}.`,
    next: nextOfFailure[code] ?? 'Look at `datapulse status`.',
    numbers,
  }
}

const nextOfFailure: Record<string, string> = {
  STORAGE_UNAVAILABLE:
    'See with `datapulse status` whether the log takes events again: most often its disk or its budget is full.',
  OVERLOADED:
    'Have the partner send fewer requests at once, or smaller ones: the server held as many bodies as it may.',
  INTERNAL_ERROR: "Look for the request id in the server's log: it met a bug, which should be reported.",
}

function checkProcessing({ standing: { lag, stages } }: Facts): Check {
  const away = (['log', 'pipeline', 'warehouse'] as const).filter(name => stages[name]?.ready === false)
  const numbers = {
    lag_events: lag?.events ?? null,
    lag_seconds: lag?.seconds ?? null,
    not_ready: away.join(', ') || null,
  }
  const told = (verdict: Verdict, found: string, next: string): Check => ({
    check: 'processing',
    verdict,
    found,
    next,
    numbers,
  })
  const safe = 'what was accepted is durable and will be processed'
  const why = away.map(name => `the ${name} is not ready (${stages[name]?.why ?? 'no reason given'})`)
  if (away.length > 0) return told('problem', `${upper(why.join(', '))}.`, `See \`datapulse status\`: ${safe}.`)
  const seconds = lag?.seconds ?? 0
  if (seconds <= lagAttentionSeconds) return told('good', 'What is accepted is processed at once.', ok)
  const found = `Processing is ${length(seconds * 1000)} behind: ${counted(lag?.events ?? 0, 'event')} wait, of all products.`
  return told(seconds > lagProblemSeconds ? 'problem' : 'attention', found, `Wait and ask again: ${safe}.`)
}

function upper(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

function checkParked({ accepted, found: { parked }, product }: Facts): Check {
  const events = parked.reduce((sum, one) => sum + one.events, 0)
  const reasons = parked.map(({ reason, events: held }) => ({ reason, events: held }))
  const numbers = { parked_events: events, accepted_events: accepted.events, reasons }
  const check = 'parked'
  if (accepted.events === 0) return { check, verdict: 'nothing', found: 'No event was accepted.', next: ok, numbers }
  if (events === 0)
    return { check, verdict: 'good', found: 'Every accepted event could be processed.', next: ok, numbers }
  return {
    check,
    verdict: events >= parkedShare * accepted.events ? 'problem' : 'attention',
    found: `${counted(events, 'accepted event')} could not be processed, mostly for ${parked[0]?.reason}.`,
    next: `See why with \`datapulse parked list --product ${product}\`; \`datapulse replay\` sends them again after a fix.`,
    numbers,
  }
}

function checkActivity({ accepted, found, nowMs, refusedOf, sinceMs, untilMs }: Facts): Check {
  const lastEverMs = Math.max(0, accepted.lastMs, ...found.lastSeen.map(({ lastMs }) => lastMs))
  const endMs = Math.min(nowMs, untilMs)
  const quietMs = endMs - accepted.lastMs
  const refused = refusedOf([...keyCodes, ...limitCodes, ...schemaCodes, ...serverCodes]).requests
  const numbers = {
    accepted_events: accepted.events,
    stored_events: found.stored?.events ?? 0,
    stored_last_hour: found.stored?.lastHour ?? 0,
    refused_requests: refused,
    last_received_at: lastEverMs === 0 ? null : new Date(lastEverMs).toISOString(),
  }
  const told = (verdict: Verdict, what: string, next: string): Check => ({
    check: 'activity',
    verdict,
    found: what,
    next,
    numbers,
  })
  const inTime = `in ${length(endMs - sinceMs)}`
  if (accepted.events === 0) {
    const none = untilMs < nowMs ? 'none before' : 'none ever'
    const before = lastEverMs === 0 ? none : `the last came at ${time(lastEverMs)}`
    const what = `No event was accepted ${inTime}; ${before}.`
    if (refused > 0)
      return told(
        'problem',
        what,
        `${counted(refused, 'request')} came and were refused: do what the first check above that is no good says.`,
      )
    if (lastEverMs === 0)
      return told(
        'nothing',
        what,
        'Have the partner send one event to POST /v2/s2s/event, and ask again; `datapulse doctor` shows that this server works.',
      )
    return told(
      'problem',
      what,
      "Ask the partner whether its sender runs, and has this server's address: nothing has come since.",
    )
  }
  const what = `${counted(accepted.events, 'event')} came ${inTime}, the last ${length(quietMs)} ${untilMs >= nowMs ? 'ago' : 'before its end'}.`
  if (quietMs <= (endMs - sinceMs) / 4) return told('good', what, ok)
  return told(
    'attention',
    what,
    refused > 0
      ? 'See whether what came since was refused, above; else ask the partner whether its sender runs.'
      : 'Ask the partner whether its sender runs: it has been quiet for long.',
  )
}
