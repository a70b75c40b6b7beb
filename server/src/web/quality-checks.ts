// How good the events are that arrive: what is repeated, what is left out, whose clock is wrong, and what is named or
// settled in a way that reports cannot follow.

import { fold, isNearMiss } from '@datapulse/contract'
import { noLooks } from '../steps/diagnostics.ts'
import { type Check, counted, type Facts, length, ok, percent, shareOf, type Verdict } from './check.ts'

const duplicateAttentionShare = 0.05
const duplicateProblemShare = 0.5
const conflictShare = 0.01
const coverageShare = 0.8
const delayAttentionMs = 10 * 60_000
const aheadShare = 0.01
const leastDelayMs = 15 * 60_000
/** No place is further from UTC. */
const zoneMsMax = 14 * 3_600_000
const zoneStepMs = 30 * 60_000
/** Delays are known within 1%, and events come a little later than they happen. */
const zoneToleranceMs = 5 * 60_000

export const qualityChecks: ((facts: Facts) => Check)[] = [
  checkDuplicates,
  checkConflicts,
  facts =>
    checkCoverage(
      facts,
      'click_id',
      'withClick',
      'A registration without it belongs to no campaign: have the partner keep the click_id of the landing and send it with register and login.',
    ),
  facts =>
    checkCoverage(
      facts,
      'user_agent',
      'withAgent',
      "Without it there is no device or browser: have the partner pass on the user's User-Agent header with register and login.",
    ),
  checkDelay,
  checkClock,
  checkNames,
  checkSettlement,
]

function checkDuplicates({ found: { repeated, stored } }: Facts): Check {
  const duplicates = repeated?.events ?? 0
  const events = (stored?.events ?? 0) + duplicates
  const numbers = { duplicate_events: duplicates, events, share: shareOf(duplicates, events) }
  const check = 'duplicates'
  if (events === 0) return { check, verdict: 'nothing', found: 'No event came.', next: ok, numbers }
  const found = `${duplicates.toLocaleString('en')} of ${counted(events, 'event')} (${percent(duplicates, events)}) had come before.`
  if (duplicates < duplicateAttentionShare * events) return { check, verdict: 'good', found, next: ok, numbers }
  const verdict = duplicates >= duplicateProblemShare * events ? 'problem' : 'attention'
  const next =
    'Each counts once, so no figure is wrong: have the partner stop sending again what was answered 200, and look for two senders of one feed.'
  return { check, verdict, found, next, numbers }
}

function checkConflicts({ found: { repeated, stored }, product }: Facts): Check {
  const conflicts = repeated?.conflicts ?? 0
  const events = (stored?.events ?? 0) + (repeated?.events ?? 0)
  const numbers = { conflict_events: conflicts, events, share: shareOf(conflicts, events) }
  const check = 'conflicts'
  if (events === 0) return { check, verdict: 'nothing', found: 'No event came.', next: ok, numbers }
  if (conflicts === 0)
    return {
      check,
      verdict: 'good',
      found: 'No event came again with another amount, currency or user.',
      next: ok,
      numbers,
    }
  return {
    check,
    verdict: conflicts >= conflictShare * events ? 'problem' : 'attention',
    found: `${counted(conflicts, 'event')} (${percent(conflicts, events)}) came again with another amount, currency or user; the first one stands.`,
    next: `See what differs with \`datapulse duplicates list --conflicts --product ${product}\`: one transaction_id must be one transaction.`,
    numbers,
  }
}

/** Judged by registrations and logins where there are any: the published page sends it with these. */
function checkCoverage({ found }: Facts, check: string, column: 'withClick' | 'withAgent', advice: string): Check {
  const entries = found.storedOf.names.filter(({ event_name: name }) => name === 'register' || name === 'login')
  const all = found.stored?.looks ?? noLooks
  const judged = entries.length > 0 ? entries.map(({ looks }) => looks) : [all]
  const events = judged.reduce((sum, one) => sum + one.looked, 0)
  const covered = judged.reduce((sum, one) => sum + one[column], 0)
  const numbers = {
    events,
    with_it: covered,
    share: shareOf(covered, events),
    share_of_all: shareOf(all[column], all.looked),
  }
  if (events === 0) return { check, verdict: 'nothing', found: 'No event came.', next: ok, numbers }
  const what = entries.length > 0 ? 'registrations and logins' : 'events'
  const told = `${percent(covered, events)} of ${events.toLocaleString('en')} ${what} have a ${check}.`
  const isGood = covered >= coverageShare * events
  return { check, verdict: isGood ? 'good' : 'attention', found: told, next: isGood ? ok : advice, numbers }
}

function checkDelay({ found: { stored } }: Facts): Check {
  const { looked, delayMs } = stored?.looks ?? noLooks
  const { median, most } = delayMs
  const numbers = { median_ms: looked === 0 ? null : median, p95_ms: looked === 0 ? null : most }
  const check = 'delay'
  if (looked === 0) return { check, verdict: 'nothing', found: 'No event came.', next: ok, numbers }
  const found = `Half of the events come within ${length(Math.max(0, median))} of their own time, 95% within ${length(Math.max(0, most))}.`
  if (median <= delayAttentionMs) return { check, verdict: 'good', found, next: ok, numbers }
  const next =
    'Have the partner send events as they happen, in batches of a few seconds; if it sends the past, that is fine, but figures of past days change.'
  return { check, verdict: 'attention', found, next, numbers }
}

/** A clock that is ahead is seen; one that is behind looks like a delay that no event is without. */
function checkClock({ found: { mistakes, stored } }: Facts): Check {
  const refused = mistakes.rules.find(({ rule }) => rule === 'future')?.requests ?? 0
  const { ahead, delayMs, farAhead, looked: events } = stored?.looks ?? noLooks
  const least = events === 0 ? null : delayMs.least
  const numbers = {
    ahead_events: ahead,
    far_ahead_events: farAhead,
    ahead_share: shareOf(ahead, events),
    refused_future_requests: refused,
    least_delay_ms: least,
  }
  const told = (verdict: Verdict, found: string, next: string): Check => ({
    check: 'clock',
    verdict,
    found,
    next,
    numbers,
  })
  if (events === 0 && refused === 0) return told('nothing', 'No event came.', ok)
  if (refused > 0 || (farAhead >= aheadShare * events && farAhead > 0)) {
    const future =
      refused === 0 ? '' : `; ${counted(refused, 'request')} had one of more than 48 hours ahead and were refused`
    const found = `${counted(farAhead, 'event')} (${percent(farAhead, events)}) have a timestamp more than 5 minutes ahead of their receipt${future}.`
    return told('problem', found, `Have the partner set its clock by NTP and send UTC${zoneHint(least)}.`)
  }
  if (ahead > 0 && ahead >= aheadShare * events)
    return told(
      'attention',
      `${counted(ahead, 'event')} (${percent(ahead, events)}) have a timestamp more than 5 seconds ahead of their receipt.`,
      'Have the partner set its clock by NTP.',
    )
  if (least !== null && least > leastDelayMs)
    return told(
      'attention',
      `Even the quickest events come ${length(least)} after their own time.`,
      `Ask the partner whether it queues them or sends the past; if not, its clock is slow or its timestamps are no UTC${zoneHint(least)}.`,
    )
  return told('good', 'No clock is seen to be wrong.', ok)
}

/** A shift by half hours is a time zone's. */
function zoneHint(ms: number | null): string {
  const shiftMs = Math.abs(ms ?? 0)
  const nearestMs = Math.round(shiftMs / zoneStepMs) * zoneStepMs
  const isZone = nearestMs > 0 && nearestMs <= zoneMsMax && Math.abs(shiftMs - nearestMs) <= zoneToleranceMs
  return isZone ? `: ${length(shiftMs)} looks like local time` : ''
}

function checkNames({ found }: Facts): Check {
  const stored = new Map(found.storedOf.names.map(({ event_name: name, events }) => [name, events]))
  const near = [...stored]
    .filter(([name]) => isNearMiss(name))
    .map(([name, events]) => ({ event_name: name, expected: fold(name), events }))
  const numbers = { near_misses: near }
  const check = 'names'
  if (stored.size === 0) return { check, verdict: 'nothing', found: 'No event came.', next: ok, numbers }
  const [first] = near
  if (first === undefined) return { check, verdict: 'good', found: 'No name is nearly a known one.', next: ok, numbers }
  return {
    check,
    verdict: near.some(({ expected }) => !stored.has(expected)) ? 'problem' : 'attention',
    found: `${near
      .map(({ event_name, expected, events }) => `${counted(events, 'event')} named ${event_name}, not ${expected}`)
      .slice(0, 3)
      .join('; ')}.`,
    next: `Have the partner send ${first.expected} exactly: ${first.event_name} is an event of its own and counts in no report.`,
    numbers,
  }
}

function checkSettlement({ found: { stored } }: Facts): Check {
  const { bets, betsWithResult, results, resultsWithParent } = stored?.looks ?? noLooks
  const numbers = { bets, bets_with_result: betsWithResult, results, results_with_parent: resultsWithParent }
  const told = (verdict: Verdict, found: string, next: string): Check => ({
    check: 'settlement',
    verdict,
    found,
    next,
    numbers,
  })
  if (bets + results === 0) return told('nothing', 'No bet came.', ok)
  const own = `${betsWithResult.toLocaleString('en')} of ${counted(bets, 'bet')} brought a result of their own`
  if (betsWithResult > 0 && results > 0) {
    const found = `${own}, and ${counted(results, 'win or loss', 'wins or losses')} came beside them, ${resultsWithParent.toLocaleString('en')} with a parent_transaction_id.`
    const next =
      results > resultsWithParent
        ? 'Have the partner settle in one way only, or send parent_transaction_id with every win and loss: without it a result told twice counts twice.'
        : "Have the partner settle in one way only: where both come for one bet, the bet's own counts."
    return told(results > resultsWithParent ? 'problem' : 'attention', found, next)
  }
  if (betsWithResult === 0 && results === 0)
    return told(
      'attention',
      `${own}, and no win or loss came.`,
      'Without results there is no GGR: have the partner send bet_result and bet_result_amount with the bet, or win and loss with its parent_transaction_id.',
    )
  return told(
    'good',
    results > 0 ? `Bets are settled by ${counted(results, 'win or loss', 'wins or losses')}.` : `${own}.`,
    ok,
  )
}
