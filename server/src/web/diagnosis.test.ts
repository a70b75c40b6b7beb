// What is said of a product's integration: the verdicts at their edges and the next step.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { knownEventNames } from '@datapulse/contract'
import { limits } from '../limits.ts'
import { type DiagnosticsFound, type Looks, noLooks, type Stored } from '../steps/diagnostics.ts'
import type { Given } from './check.ts'
import { diagnose } from './diagnosis.ts'
import { nothingFound, startMs as nowMs } from './fakes.ts'
import type { Key, UnknownKey } from './needs.ts'

const minuteMs = 60_000
const dayMs = 86_400_000

const keyOf = (id: string, more: Partial<Key> = {}): Key => ({
  id,
  product: 'casino',
  name: 'default',
  mode: 'live',
  scopes: ['ingest'],
  rateLimit: 60,
  prefix: `dp_live_${id.slice(-4)}`,
  createdMs: 0,
  expiresMs: null,
  revokedMs: null,
  ...more,
})
const key = keyOf('key_good')
const old = keyOf('key_gone', { revokedMs: nowMs - 3_600_000 })

const storedOf = (events: number, { lastMs = nowMs - 1_000, ...looks }: Partial<Looks & { lastMs: number }> = {}) => ({
  events,
  requests: events,
  lastHour: events,
  lastMs,
  looks: {
    ...noLooks,
    looked: events,
    withClick: events,
    withAgent: events,
    delayMs: { least: 100, median: 1_000, most: 2_000 },
    ...looks,
  },
})

/** Of these names; totals are their sums. */
function received(names: Record<string, Stored>): Partial<DiagnosticsFound> {
  const all = Object.values(names)
  const sum = (of: (one: Stored) => number) => all.reduce((total, one) => total + of(one), 0)
  const stored: Stored = storedOf(
    sum(({ events }) => events),
    {
      lastMs: Math.max(...all.map(({ lastMs }) => lastMs)),
      withClick: sum(({ looks }) => looks.withClick),
      withAgent: sum(({ looks }) => looks.withAgent),
    },
  )
  const rows = Object.entries(names).map(([event_name, one]) => ({ event_name, ...one }))
  return {
    stored,
    storedOf: { names: rows, keys: [{ key_id: key.id, ...stored }] },
    lastSeen: rows.map(({ event_name, lastMs }) => ({ event_name, lastMs })),
  }
}

const refused = (code: string, requests: number, more: { key_id?: string; events?: number; lastMs?: number } = {}) => ({
  key_id: key.id,
  code,
  requests,
  events: requests,
  lastMs: nowMs - 1_000,
  ...more,
})

function given(found: Partial<DiagnosticsFound>, more: Partial<Given> = {}): Given {
  return {
    product: 'casino',
    mode: 'live',
    sinceMs: nowMs - dayMs,
    untilMs: nowMs,
    nowMs,
    keys: [key],
    lastUsed: () => null,
    found: { ...nothingFound, ...found },
    unknownKeys: [],
    standing: { stages: {}, lag: { events: 0, seconds: 0 } },
    ...more,
  }
}

const told = (found: Partial<DiagnosticsFound>, more: Partial<Given> = {}) => diagnose(given(found, more))

function checkOf(name: string, found: Partial<DiagnosticsFound>, more: Partial<Given> = {}) {
  const check = told(found, more).checks.find(one => one.check === name)
  assert.ok(check, `there is a check ${name}`)
  return check
}
const verdictOf = (name: string, found: Partial<DiagnosticsFound>, more: Partial<Given> = {}) =>
  checkOf(name, found, more).verdict

const fine = received({ register: storedOf(1_000), login: storedOf(1_000) })

describe('the diagnosis as a whole', () => {
  it('is nothing while nothing came, and says what to ask', () => {
    const quiet = told({})
    assert.equal(quiet.verdict, 'nothing')
    assert.match(quiet.next ?? '', /Ask the partner whether it sends at all/)
    assert.ok(quiet.checks.every(({ check, verdict }) => verdict === (check === 'processing' ? 'good' : 'nothing')))
    assert.deepEqual(
      quiet.events.map(({ event_name, state }) => [event_name, state]),
      knownEventNames.map(name => [name, 'not_seen']),
    )
  })

  it('is good when all is well', () => {
    const well = told(fine)
    assert.deepEqual([well.verdict, well.next], ['good', 'Nothing to do.'])
  })

  it('is its worst check, and tells the next step of the first that is so bad', () => {
    const standing = { stages: { pipeline: { ready: false, why: null } }, lag: null }
    const ended = { refused: [refused('KEY_REVOKED', 9, { key_id: old.id })] }
    const lost = told(ended, { keys: [old, key], standing })
    assert.deepEqual(
      lost.checks.flatMap(({ check, verdict }) => (verdict === 'problem' ? [check] : [])),
      ['keys', 'processing', 'activity'],
    )
    assert.equal(lost.verdict, 'problem')
    assert.equal(lost.next, lost.checks[0]?.next)
    const slow = told({
      ...fine,
      stored: storedOf(2_000, { delayMs: { least: 0, median: 3_600_000, most: 7_200_000 } }),
    })
    assert.equal(slow.verdict, 'attention')
    assert.equal(slow.next, slow.checks.find(({ check }) => check === 'delay')?.next)
  })

  it('has the checks of the page, in its order', () => {
    const page = readFileSync(new URL('../../../docs/reference/diagnostics.md', import.meta.url), 'utf8')
    const section = page.split('\n## Checks\n')[1]!.split('\n## ')[0]!
    const names = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
    const { checks } = told({})
    assert.deepEqual(
      checks.map(({ check }) => check),
      names,
    )
    for (const { check, numbers } of checks) {
      const row = page
        .split('\n## Their numbers\n')[1]!
        .split('\n')
        .find(line => line.includes(`\`${check}\``) && line.startsWith('|'))
      assert.ok(row !== undefined && Object.keys(numbers).length > 0, check)
    }
    assert.ok(
      page.includes(
        `${limits.unknownKeysPerHourMax} keys and addresses an hour, ${limits.unknownKeysPerAddressMax} of one`,
      ),
    )
    assert.ok(page.includes(`kept for ${limits.unknownKeysHoursMax / 24} days`))
    assert.ok(page.includes(`in about ${limits.diagnosticsLookedMax.toLocaleString('en')} of them`))
    assert.ok(page.includes(`newest ${limits.diagnosticsRejectionsMax.toLocaleString('en')} of those`))
    assert.ok(page.includes(`than ${limits.diagnosticsBodyBytesMax / 2 ** 20} MiB of bodies`))
    assert.ok(page.includes(`the ${limits.diagnosticsRowsMax} largest`))
  })
})

describe('keys', () => {
  const ended = (requests: number, lastMs = nowMs - 1_000) => ({
    refused: [refused('KEY_REVOKED', requests, { key_id: old.id, lastMs })],
  })

  it('revoked and still sent: a problem when nothing else has come since, and which key to use instead', () => {
    const check = checkOf('keys', ended(37), { keys: [old, key] })
    assert.equal(check.verdict, 'problem')
    assert.match(
      check.found,
      /37 requests .* key_gone \(dp_live_gone\), revoked at 2026-03-01T11:00:00Z; 0 requests with/,
    )
    assert.equal(check.next, 'Have the partner send with key_good (dp_live_good…) instead.')
    assert.match(checkOf('keys', ended(37), { keys: [old] }).next, /datapulse keys create --product casino`/)
    assert.match(checkOf('keys', ended(37), { keys: [{ ...old, mode: 'test' }], mode: 'test' }).next, /casino --test`/)
    const before = received({ login: storedOf(1_000, { lastMs: old.revokedMs! - 1 }) })
    const soon = old.revokedMs! + 1_000
    assert.equal(verdictOf('keys', { ...before, ...ended(1, soon) }, { keys: [old, key] }), 'problem')
    assert.equal(verdictOf('keys', { ...fine, ...ended(1) }, { keys: [old] }), 'problem', 'nobody may send any more')
  })

  it('revoked and still sent beside good ones: attention, until only it comes, or it is over', () => {
    assert.equal(verdictOf('keys', { ...fine, ...ended(1) }, { keys: [old, key] }), 'attention')
    const before = received({ login: storedOf(1_000, { lastMs: nowMs - 16 * minuteMs }) })
    assert.equal(verdictOf('keys', { ...before, ...ended(1) }, { keys: [old, key] }), 'problem')
    assert.equal(verdictOf('keys', { ...before, ...ended(1, nowMs - 2 * minuteMs) }, { keys: [old, key] }), 'attention')
    assert.equal(verdictOf('keys', { ...fine, ...ended(1, nowMs - 61 * minuteMs) }, { keys: [old, key] }), 'good')
  })

  it('expired and without a scope: what to change', () => {
    const expired = keyOf('key_late', { expiresMs: nowMs - 1 })
    const late = checkOf('keys', { refused: [refused('KEY_EXPIRED', 1, { key_id: expired.id })] }, { keys: [expired] })
    assert.match(late.next, /`datapulse keys update key_late --expires never`/)
    const reader = keyOf('key_read', { scopes: ['read'] })
    const scope = checkOf(
      'keys',
      { refused: [refused('KEY_SCOPE', 1, { key_id: reader.id })] },
      { keys: [reader, key] },
    )
    assert.match(scope.next, /datapulse keys update key_read --scope ingest,read/)
  })

  it('unknown ones that begin like one of the product were probably cut off', () => {
    const one: UnknownKey = {
      prefix: key.prefix,
      address: '203.0.113.9',
      requests: 5,
      firstMs: nowMs - 9,
      lastMs: nowMs - 1,
    }
    const check = checkOf('keys', {}, { unknownKeys: [{ ...one, prefix: 'sk_other' }, one] })
    assert.deepEqual([check.verdict, check.numbers['resembling_requests']], ['problem', 5])
    assert.match(check.found, /begins like key_good \(dp_live_good\)/)
    assert.deepEqual(
      told({}, { unknownKeys: [one, { ...one, prefix: '' }] }).unknown_keys?.map(({ prefix, resembles }) => [
        prefix,
        resembles,
      ]),
      [
        [key.prefix, key.id],
        [null, null],
      ],
    )
  })

  it('unknown ones of anybody are named when nothing else came', () => {
    const other: UnknownKey = { prefix: '', address: '203.0.113.9', requests: 5, firstMs: nowMs - 9, lastMs: nowMs - 1 }
    const check = checkOf('keys', {}, { unknownKeys: [other] })
    assert.equal(check.verdict, 'nothing')
    assert.match(check.next, /5 requests came to this installation .* `unknown_keys`/)
    assert.equal(told({}, { unknownKeys: null }).unknown_keys, null)
    const stages = { api: { ready: true, why: null, requestsAstray: 12 } }
    assert.match(
      checkOf('keys', {}, { standing: { stages, lag: null } }).next,
      /12 requests .* paths that it does not have/,
    )
  })

  it('none that may send is a problem, none at all is the beginning', () => {
    assert.equal(verdictOf('keys', {}, { keys: [old] }), 'problem')
    assert.equal(verdictOf('keys', {}, { keys: [] }), 'nothing')
    assert.match(told({}, { keys: [] }).next ?? '', /Make a key with `datapulse keys create --product casino`/)
  })

  it('a request that was refused for something else had a good key', () => {
    assert.equal(verdictOf('keys', { refused: [refused('VALIDATION_ERROR', 3)] }), 'good')
  })

  it('are listed with what came of them; those at rest are not', () => {
    const { keys } = told({ ...fine, ...ended(4) }, { keys: [keyOf('key_rest', { revokedMs: 1 }), old, key] })
    assert.deepEqual(
      keys.map(({ id, state, accepted_events, refused: codes }) => [id, state, accepted_events, codes]),
      [
        ['key_gone', 'revoked', 0, { KEY_REVOKED: 4 }],
        ['key_good', 'active', 2_000, {}],
      ],
    )
  })
})

describe('what is refused', () => {
  it('429: attention, from a tenth on a problem, with the key and its limit', () => {
    assert.equal(verdictOf('rate_limit', fine), 'good')
    assert.equal(verdictOf('rate_limit', { ...fine, refused: [refused('RATE_LIMITED', 222)] }), 'attention')
    const check = checkOf('rate_limit', { ...fine, refused: [refused('RATE_LIMITED', 223)] })
    assert.equal(check.verdict, 'problem')
    assert.match(check.found, /mostly of key_good, which may send 60 a minute/)
    assert.match(check.next, /datapulse keys update key_good --rate-limit/)
  })

  it('400: attention, from 5% of the events on a problem, with the fields that are missing', () => {
    const rules = [
      { rule: 'required', field: 'ip_address', requests: 12, violations: 12 },
      { rule: 'type', field: 'amount', requests: 3, violations: 3 },
    ]
    const mistakes = { kept: 15, rules, names: [] }
    const few = { ...fine, mistakes, refused: [refused('VALIDATION_ERROR', 15, { events: 105 })] }
    assert.equal(verdictOf('schema', few), 'attention')
    const many = checkOf('schema', { ...few, refused: [refused('VALIDATION_ERROR', 15, { events: 106 })] })
    assert.equal(many.verdict, 'problem')
    assert.match(many.found, /106 of 2,106 events \(5%\).*: ip_address is missing in 12 requests\./)
    assert.match(many.next, /rejected requests --product casino --mode live --rule required --field 'ip_address'`/)
    assert.deepEqual(many.numbers['missing'], [{ field: 'ip_address', requests: 12, violations: 12 }])
    const json = {
      kept: 1,
      rules: [{ rule: 'INVALID_JSON', field: '', requests: 1, violations: 1 }],
      names: [],
    }
    assert.match(
      checkOf('schema', { mistakes: json, refused: [refused('INVALID_JSON', 1)] }).next,
      /--code INVALID_JSON`/,
    )
    assert.match(checkOf('schema', { refused: [refused('PAYLOAD_TOO_LARGE', 1)] }).next, /datapulse rejected list/)
  })

  it('400 alone for a while: a problem however much came before', () => {
    const before = received({ login: storedOf(100_000, { lastMs: nowMs - 20 * minuteMs }) })
    assert.equal(verdictOf('schema', { ...before, refused: [refused('VALIDATION_ERROR', 2)] }), 'problem')
  })

  it('500: attention, from 1% on a problem, and what to do about it', () => {
    assert.equal(verdictOf('server_errors', { ...fine, refused: [refused('OVERLOADED', 20)] }), 'attention')
    assert.equal(verdictOf('server_errors', { ...fine, refused: [refused('OVERLOADED', 21)] }), 'problem')
    assert.match(checkOf('server_errors', { refused: [refused('STORAGE_UNAVAILABLE', 1)] }).next, /datapulse status/)
  })
})

describe('what is accepted', () => {
  it('is late: attention after 10 seconds, a problem after 60 or when a part is away', () => {
    const lag = (seconds: number) =>
      verdictOf('processing', fine, { standing: { stages: {}, lag: { events: 5, seconds } } })
    assert.deepEqual([lag(10), lag(11), lag(60), lag(61)], ['good', 'attention', 'attention', 'problem'])
    const stages = { pipeline: { ready: false, why: 'it rebuilds' } }
    const check = checkOf('processing', fine, { standing: { stages, lag: null } })
    assert.deepEqual([check.verdict, check.found], ['problem', 'The pipeline is not ready (it rebuilds).'])
  })

  it('could not be processed', () => {
    const parked = (events: number) => ({
      ...fine,
      parked: [{ key_id: key.id, reason: 'event_failed', events, requests: 1, lastMs: 1 }],
    })
    assert.deepEqual([verdictOf('parked', parked(1)), verdictOf('parked', parked(30))], ['attention', 'problem'])
  })

  it('has stopped: attention after a quarter of the window, a problem when there is none in it', () => {
    const last = (hours: number) => received({ login: storedOf(5, { lastMs: nowMs - hours * 3_600_000 }) })
    assert.deepEqual([verdictOf('activity', last(6)), verdictOf('activity', last(6.1))], ['good', 'attention'])
    const before = { lastSeen: [{ event_name: 'login', lastMs: nowMs - 2 * dayMs }] }
    assert.equal(verdictOf('activity', before), 'problem')
    const check = checkOf('activity', { refused: [refused('KEY_REVOKED', 2)] })
    assert.match(`${check.verdict} ${check.next}`, /^problem 2 requests came and were refused/)
    // A window that has ended is judged by its end.
    assert.equal(verdictOf('activity', last(50), { sinceMs: nowMs - 3 * dayMs, untilMs: nowMs - 2 * dayMs }), 'good')
    assert.match(checkOf('activity', {}).found, /none ever/)
    assert.match(
      checkOf('activity', {}, { untilMs: nowMs - dayMs }).found,
      /none before/,
      'what came since is not asked',
    )
  })
})

describe('how good it is', () => {
  const again = (events: number, conflicts = 0) => ({
    ...fine,
    repeated: { events, conflicts, requests: events, lastMs: nowMs },
  })

  it('duplicates: attention from 5%, a problem from half', () => {
    const verdicts = [105, 106, 2_000].map(events => verdictOf('duplicates', again(events)))
    assert.deepEqual(verdicts, ['good', 'attention', 'problem'])
  })

  it('conflicts: attention from the first, a problem from 1%', () => {
    const verdicts = [0, 1, 21].map(conflicts => verdictOf('conflicts', again(21, conflicts)))
    assert.deepEqual(verdicts, ['good', 'attention', 'problem'])
  })

  it('coverage is judged by registrations and logins where there are any', () => {
    const bets = { bet: storedOf(9_000, { withClick: 0, withAgent: 0 }) }
    const some = received({ register: storedOf(10, { withClick: 8, withAgent: 7 }), ...bets })
    assert.deepEqual([verdictOf('click_id', some), verdictOf('user_agent', some)], ['good', 'attention'])
    assert.deepEqual(checkOf('click_id', some).numbers, { events: 10, with_it: 8, share: 0.8, share_of_all: 0.0009 })
    assert.equal(verdictOf('click_id', received(bets)), 'attention')
  })

  it('the delay', () => {
    const slow = (median: number) => ({ ...fine, stored: storedOf(9, { delayMs: { least: 0, median, most: median } }) })
    assert.deepEqual([verdictOf('delay', slow(600_000)), verdictOf('delay', slow(606_000))], ['good', 'attention'])
  })

  it('clocks: ahead, far ahead, refused as future, and behind by a time zone', () => {
    const clock = (more: Partial<Looks>, least = 0) => ({
      ...fine,
      stored: storedOf(1_000, { delayMs: { least, median: 1, most: 1 }, ...more }),
    })
    assert.equal(verdictOf('clock', clock({ ahead: 9 })), 'good')
    assert.equal(verdictOf('clock', clock({ ahead: 10 })), 'attention')
    assert.equal(verdictOf('clock', clock({ ahead: 10, farAhead: 10 })), 'problem')
    assert.match(checkOf('clock', clock({ farAhead: 990 }, -8 * 3_600_000)).next, /8 h looks like local time/)
    const future = {
      kept: 1,
      rules: [{ rule: 'future', field: 'timestamp', requests: 1, violations: 1 }],
      names: [],
    }
    assert.equal(verdictOf('clock', { mistakes: future }), 'problem')
    const behind = checkOf('clock', clock({}, 5.5 * 3_600_000 + 800))
    assert.equal(behind.verdict, 'attention')
    assert.match(behind.next, /5\.5 h looks like local time/)
    const isZone = (least: number) => checkOf('clock', clock({}, least)).next.includes('local time')
    assert.deepEqual(
      [25, 36, 47, 475, 486, 840].map(minutes => isZone(minutes * minuteMs)),
      [true, false, false, true, false, true],
    )
    assert.ok(!isZone(14.5 * 60 * minuteMs) && !isZone(178 * dayMs), 'no place is so far from UTC')
  })

  it('names that are nearly known: a problem when the known one does not come', () => {
    const near = received({ Deposit: storedOf(4), login: storedOf(1) })
    const check = checkOf('names', near)
    assert.equal(check.verdict, 'problem')
    assert.deepEqual(check.numbers, { near_misses: [{ event_name: 'Deposit', expected: 'deposit', events: 4 }] })
    assert.equal(verdictOf('names', received({ Deposit: storedOf(4), deposit: storedOf(1) })), 'attention')
    assert.equal(told(near).events.find(({ event_name }) => event_name === 'Deposit')?.near_miss_of, 'deposit')
  })

  it('settlement in one way is good, in two is not', () => {
    const settled = (bets: number, betsWithResult: number, results: number, resultsWithParent: number) =>
      verdictOf('settlement', { stored: storedOf(9, { bets, betsWithResult, results, resultsWithParent }) })
    assert.equal(settled(0, 0, 0, 0), 'nothing')
    assert.equal(settled(5, 5, 0, 0), 'good')
    assert.equal(settled(5, 0, 5, 0), 'good')
    assert.equal(settled(5, 0, 0, 0), 'attention')
    assert.equal(settled(5, 3, 2, 2), 'attention')
    assert.equal(settled(5, 3, 2, 1), 'problem')
  })
})

describe('event names', () => {
  it('are receiving, in errors, quiet or not seen', () => {
    const found: Partial<DiagnosticsFound> = {
      ...received({ register: storedOf(95), deposit: storedOf(96) }),
      repeatedOf: { names: [{ event_name: 'bet', events: 2, conflicts: 1, requests: 2, lastMs: nowMs - 5 }], keys: [] },
      lastSeen: [
        { event_name: 'login', lastMs: nowMs - 9 * dayMs },
        { event_name: 'vip_up', lastMs: nowMs - 9 * dayMs },
      ],
      mistakes: {
        kept: 9,
        rules: [],
        names: ['register', 'deposit', 'withdraw', ''].map((event_name, n) => ({
          event_name,
          requests: n === 3 ? 1 : 5,
        })),
      },
    }
    const states = told(found).events.map(({ event_name, state, errors }) => `${event_name} ${state} ${errors}`)
    assert.deepEqual(states, [
      'register errors 5',
      'login quiet 0',
      'deposit receiving 5',
      'withdraw errors 5',
      'bet receiving 0',
      'win not_seen 0',
      'loss not_seen 0',
      'null errors 1',
      'vip_up quiet 0',
    ])
  })
})
