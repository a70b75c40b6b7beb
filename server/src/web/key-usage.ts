// How much of its limit a key uses, told: its numbers over a time, a verdict, what was found in a sentence and the next step.
// Pure. A limit that would do is what was asked for in the busiest minute, and a quarter more, since a rolling minute may
// hold more than one of the clock.

import type { KeyUsageBucket } from '../steps/key-usage.ts'
import { counted, length, ok, percent, shareOf, time, type Verdict } from './check.ts'
import type { Key } from './needs.ts'
import { iso } from './when.ts'

/** Beyond this share of the limit it is worth attention; from this share of requests on that it refused, a problem. */
const nearShare = 0.8
const refusedShare = 0.1
const roomFactor = 1.25
export const rateLimitMax = 6_000_000

/** `whole`: of all of the time; `last`: of the last minute; null where nothing came. */
export function judge(
  key: Pick<Key, 'id' | 'rateLimit'>,
  whole: KeyUsageBucket | null,
  last: KeyUsageBucket | null,
  nowMs: number,
) {
  const { requests, overLimit, rejected, events, askedMax, peak, peakLimit, peakMs, overLimitMs } = whole ?? nothing
  const enough = limitFor(Math.max(askedMax, peak))
  const isRaised = key.rateLimit >= enough
  const isNear = peakLimit > 0 && peak > nearShare * peakLimit
  const wanted = overLimit > 0 || isNear
  return {
    key_id: key.id,
    rate_limit: key.rateLimit,
    now: { requests: last?.requests ?? 0, over_limit: last?.overLimit ?? 0 },
    requests,
    over_limit: overLimit,
    rejected,
    events,
    asked_max: askedMax,
    peak:
      whole === null
        ? null
        : { at: iso(peakMs), requests: peak, rate_limit: peakLimit, share: shareOf(peak, peakLimit) ?? 0 },
    last_over_limit_at: overLimitMs === null ? null : iso(overLimitMs),
    suggested_rate_limit: wanted && !isRaised ? enough : null,
    ...said(),
  }

  function said(): { verdict: Verdict; found: string; next: string } {
    if (whole === null) return { verdict: 'nothing', found: 'No request came with this key.', next: ok }
    const peaked = `peaked at ${percent(peak, peakLimit)} of the limit at ${time(peakMs)} (${peak.toLocaleString('en')} of ${counted(peakLimit, 'request')} in a minute)`
    if (overLimitMs === null) {
      const found = `${capital(peaked)}; no request was refused for it.`
      return isNear && !isRaised
        ? { verdict: 'attention', found, next: `Before it is reached, ${raise()}.` }
        : { verdict: 'good', found, next: isNear ? raised() : ok }
    }
    const found = `Refused ${counted(overLimit, 'request')} (${percent(overLimit, requests + overLimit)}), the last ${length(nowMs - overLimitMs)} ago; up to ${counted(askedMax, 'request')} a minute were asked for.`
    if (isRaised) return { verdict: 'good', found, next: raised() }
    const isMuch = overLimit >= refusedShare * (requests + overLimit)
    const next = `${capital(raise())}; or have the partner send batches, which count as one request each, and wait as Retry-After says.`
    return { verdict: isMuch ? 'problem' : 'attention', found, next }
  }

  function raise(): string {
    return `raise the limit to ${enough.toLocaleString('en')} with \`datapulse keys update ${key.id} --rate-limit ${enough}\``
  }

  function raised(): string {
    return `Nothing to do: the limit is ${key.rateLimit.toLocaleString('en')} by now.`
  }
}

export function showBucket(bucket: KeyUsageBucket) {
  const { atMs, requests, overLimit, rejected, events, askedMax, peak, peakLimit } = bucket
  const counts = { requests, over_limit: overLimit, rejected, events, asked_max: askedMax }
  return { at: iso(atMs), ...counts, peak, rate_limit: peakLimit }
}

const nothing: Omit<KeyUsageBucket, 'key_id' | 'atMs'> = {
  requests: 0,
  overLimit: 0,
  rejected: 0,
  events: 0,
  askedMax: 0,
  peak: 0,
  peakLimit: 0,
  peakMs: 0,
  overLimitMs: null,
}

/** Two digits, rounded up. */
function limitFor(asked: number): number {
  const wanted = asked * roomFactor
  const step = 10 ** Math.max(0, Math.ceil(Math.log10(Math.max(1, wanted))) - 2)
  return Math.min(rateLimitMax, Math.ceil(wanted / step) * step)
}

function capital(sentence: string): string {
  return `${sentence[0]?.toUpperCase()}${sentence.slice(1)}`
}
