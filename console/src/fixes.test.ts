// Whatever a check finds, what the help center says to send instead is right: each event passes the contract's own check, has no
// flag, and the lines that matter are there.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkBody } from '@datapulse/contract/check'
import { normalise } from '@datapulse/contract/normalise'
import { fixLinesOf } from './fix-snippets.ts'
import { type Fix, fixOf, type Known } from './fixes.ts'
import type { Check, Diagnosis, EventState, Numbers } from './questions.ts'
import { snippetLanguages } from './snippets.ts'

const nowMs = Date.parse('2026-03-01T12:00:00Z')
const key = { name: 'backend', prefix: 'dp_live_abcd' }

function state(event_name: string | null, more: Partial<EventState> = {}): EventState {
  const counts = { events: 0, duplicates: 0, conflicts: 0, errors: 0, median_delay_ms: null, last_seen_at: null }
  return { event_name, expected: true, near_miss_of: null, state: 'receiving', ...counts, ...more }
}

function known(events: EventState[] = [], more: Partial<Known> = {}): Known {
  const window = { since: '2026-02-28T12:00:00Z', until: '2026-03-01T12:00:00Z' }
  const diagnosis: Diagnosis = { ...window, verdict: 'problem', next: null, checks: [], events, unknown_keys: [] }
  return { diagnosis, keys: [key], sentNames: [], nowMs, ...more }
}

function fixFor(check: string, numbers: Numbers, at: Known = known()): Fix {
  const told: Check = { check, verdict: 'problem', found: '', next: '', numbers }
  const fix = fixOf(told, at)
  assert.ok(fix, check)
  const bytes = Buffer.from(JSON.stringify(fix.event))
  assert.deepEqual(checkBody(bytes, 'event', nowMs), { ok: true, events: 1 }, `${check}: ${JSON.stringify(fix.event)}`)
  assert.deepEqual(normalise(fix.event, bytes.toString(), nowMs).flags, [], check)
  for (const field of fix.marks) assert.ok(field in fix.event, `${check}: ${field}`)
  for (const language of snippetLanguages) {
    const lines = fixLinesOf(language, 'https://events.example.com', fix)
    // Nothing of how lines are marked is left.
    assert.doesNotMatch(lines.map(({ text }) => text).join('\n'), /(?![\n\t])\p{Cc}/u, `${check} in ${language}`)
    for (const field of fix.marks)
      assert.ok(
        lines.some(({ text, isMarked }) => isMarked && text.includes(`"${field}"`)),
        `${check} in ${language}: ${field} is marked`,
      )
  }
  return fix
}

const missing = (field: string, requests = 3) => ({ missing: [{ field, requests, violations: requests }], others: [] })
const wrong = (rule: string, field: string | null) => ({
  missing: [],
  others: [{ rule, field, requests: 3, violations: 3 }],
})

describe('what to send instead', () => {
  it('has the field that is missing most, of the event that is refused most', () => {
    const events = [state('login', { errors: 2 }), state('withdraw', { errors: 12 }), state('deposit')]
    const fix = fixFor('schema', missing('amount'), known(events))
    assert.deepEqual([fix.note, fix.event['event_name'], fix.marks], ['missing', 'withdraw', ['amount']])
    // Whatever the field, some event has it.
    const fields = ['client_user_id', 'event_name', 'timestamp', 'ip_address', 'transaction_id', 'amount', 'currency']
    for (const field of fields)
      for (const name of ['register', 'login', 'deposit', 'withdraw', 'bet', 'win', 'loss', 'custom'])
        assert.deepEqual(fixFor('schema', missing(field), known([state(name, { errors: 1 })])).marks, [field])
  })

  it('says how the missing field was spelled', () => {
    const at = known([state('deposit', { errors: 1 })], { sentNames: ['event_name', 'ipAddress', 'note'] })
    const changes = [{ field: 'ip_address', sent: '"ipAddress"', right: '"ip_address"' }]
    assert.deepEqual(fixFor('schema', missing('ip_address'), at).changes, changes)
    assert.deepEqual(fixFor('schema', missing('amount'), at).changes, [])
  })

  it('shows in which form a field is sent that was wrong, or how a body is made', () => {
    const fix = fixFor('schema', wrong('format', 'timestamp'))
    assert.deepEqual([fix.note, fix.marks], ['wrong', ['timestamp']])
    for (const field of ['parent_transaction_id', 'message_id', 'bet_result_amount', 'click_id', 'user_agent'])
      assert.deepEqual(fixFor('schema', wrong('length', field)).marks, [field])
    for (const [rule, field] of [
      ['syntax', null],
      ['properties', 'of_my_own'],
      ['UNSUPPORTED_MEDIA_TYPE', null],
    ] as const)
      assert.deepEqual([fixFor('schema', wrong(rule, field)).note], ['request'])
    const both = { ...missing('amount', 2), others: [{ rule: 'type', field: 'timestamp', requests: 9, violations: 9 }] }
    assert.deepEqual(fixFor('schema', both).marks, ['timestamp'])
  })

  it('has the exact name for each that is nearly one', () => {
    const near = [
      { event_name: 'Deposit', expected: 'deposit', events: 9 },
      { event_name: 'log-in', expected: 'login', events: 1 },
    ]
    const fix = fixFor('names', { near_misses: near })
    assert.equal(fix.event['event_name'], 'deposit')
    assert.deepEqual(
      fix.changes.map(({ sent, right }) => `${sent} ${right}`),
      ['"Deposit" "deposit"', '"log-in" "login"'],
    )
  })

  it('keeps to the limit of the key, and stops at 200', () => {
    const fix = fixFor('rate_limit', { rate_limit: 120 })
    assert.deepEqual(fix.again, { limit: 120 })
    for (const language of snippetLanguages) {
      const text = fixLinesOf(language, 'https://events.example.com', fix)
        .map(line => line.text)
        .join('\n')
      assert.match(text, /120 requests a minute/, language)
      assert.match(text, /v2\/s2s\/batch/, language)
      if (language !== 'curl') assert.match(text, /\b500\b|0\.5\)/, language)
    }
    assert.equal(fixFor('server_errors', {}).again?.limit, null)
    const twice = known([state('bet', { duplicates: 9 }), state('login', { duplicates: 2 })])
    assert.deepEqual(fixFor('duplicates', {}, twice).marks, ['transaction_id'])
    const logins = known([state('login', { duplicates: 2 })])
    assert.deepEqual(fixFor('duplicates', {}, logins).marks, ['message_id'])
  })

  it('names the key that may send, and none where there is none', () => {
    const fix = fixFor('keys', { revoked_requests: 5, resembling_requests: 2 })
    assert.deepEqual([fix.note, fix.key], ['key', key])
    assert.equal(fixFor('keys', { revoked_requests: 0, resembling_requests: 2 }).note, 'keyCut')
    assert.equal(fixFor('keys', {}, known([], { keys: [] })).key, null)
    for (const language of snippetLanguages) {
      const text = fixLinesOf(language, 'https://events.example.com', fix)
        .map(line => line.text)
        .join('\n')
      assert.match(text, /DATAPULSE_API_KEY/, language)
      assert.doesNotMatch(text, /YOUR_API_KEY/, language)
    }
  })

  it('has what coverage, conflicts, clock and settlement want', () => {
    const logins = known([state('register', { events: 1 }), state('login', { events: 5 })])
    assert.deepEqual(fixFor('click_id', {}, logins).marks, ['click_id'])
    assert.equal(fixFor('user_agent', {}, logins).event['event_name'], 'login')
    const other = known([state('Withdraw', { conflicts: 3, near_miss_of: 'withdraw' })])
    assert.equal(fixFor('conflicts', {}, other).event['event_name'], 'withdraw')
    assert.ok(fixFor('clock', {}).clock)
    assert.ok(fixFor('delay', {}).clock)
    const settled = { bets: 9, bets_with_result: 9, results: 4, results_with_parent: 1 }
    assert.deepEqual(fixFor('settlement', settled).marks, ['parent_transaction_id'])
    assert.equal(fixFor('settlement', { ...settled, results_with_parent: 4 }).note, 'oneWay')
    assert.equal(fixFor('settlement', { ...settled, results: 0, results_with_parent: 0 }).note, 'result')
    fixFor('activity', {})
  })

  it('is nothing where only an operator can do something', () => {
    for (const check of ['processing', 'parked', 'of_tomorrow'])
      assert.equal(fixOf({ check, verdict: 'problem', found: '', next: '', numbers: {} }, known()), null)
  })
})
