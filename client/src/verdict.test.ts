// What each reply means for its batch; and that no reply, whatever it holds, makes an event accepted that was not counted.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { judge, retryAfterMs } from './verdict.ts'

const nowMs = Date.parse('2026-06-01T00:00:00Z')
const verdict = (status: number, body: unknown, headers: Record<string, string> = {}, events = 2, isZipped = false) =>
  judge(
    { status, headers: new Headers(headers), text: typeof body === 'string' ? body : JSON.stringify(body) },
    events,
    isZipped,
    nowMs,
  )

it('takes a whole reply to this batch as its outcome, and nothing else', () => {
  const errors = [{ index: 1, violations: [{ field: 'amount', rule: 'type', message: 'no' }] }]
  assert.equal(verdict(200, { status: 'success', accepted: 2 }).is, 'taken')
  const partial = verdict(200, { status: 'success', accepted: 1, rejected: 1, errors })
  assert.ok(partial.is === 'taken')
  assert.deepEqual([...partial.faults.keys()], [1])
  for (const body of [
    '',
    '{"status":"success","accep',
    '<html>',
    'null',
    { status: 'success', accepted: 1 },
    { status: 'success', accepted: 3 },
    { status: 'success', accepted: 1, rejected: 1, errors: [] },
    { status: 'success', accepted: 1, rejected: 1, errors: [{ index: 2, violations: [] }] },
    { status: 'success', accepted: 1, rejected: 1, errors: [null] },
    { mode: 'dryrun', total: 2, successCount: 2 },
  ])
    assert.equal(verdict(200, body).is, 'passing', JSON.stringify(body))
})

it('tells what may pass from what will not', () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504, 520])
    assert.equal(verdict(status, '').is, 'passing', String(status))
  for (const status of [0, 301, 302, 307, 400, 401, 403, 404, 405, 415, 418, 431]) {
    assert.equal(verdict(status, '<html>').is, 'refused', String(status))
  }
  assert.equal(
    verdict(400, '{"status":"err', { 'content-type': 'application/json; charset=utf-8' }).is,
    'passing',
    'half',
  )
  assert.equal(verdict(413, '').is, 'too much')
  assert.equal(verdict(413, '<html>', {}, 1).is, 'blocked', "a gateway's page decides about no event")
  assert.equal(verdict(413, { status: 'error', code: 'PAYLOAD_TOO_LARGE' }, {}, 1).is, 'too much')
  assert.equal(verdict(415, '', {}, 2, true).is, 'garbled')
  assert.equal(verdict(400, { status: 'error', code: 'BAD_REQUEST' }, {}, 2, true).is, 'garbled')
  assert.equal(
    verdict(400, { status: 'error', code: 'VALIDATION_ERROR', message: 'more than 200000 values' }).is,
    'too much',
  )
})

it('reads Retry-After in seconds and as a date, and no further than an hour', () => {
  const cases: [string | null, number | null][] = [
    ['7', 7_000],
    ['0', 0],
    ['1.5', 1_500],
    ['-3', 0],
    ['99999999', 3_600_000],
    ['Mon, 01 Jun 2026 00:00:30 GMT', 30_000],
    ['Mon, 01 Jun 2020 00:00:30 GMT', 0],
    ['soon', null],
    ['', null],
    [null, null],
  ]
  for (const [header, ms] of cases) assert.equal(retryAfterMs(header, nowMs), ms, String(header))
})

it('decides for any reply, and repeats nothing that could move a terminal', () => {
  const words = fc.constantFrom('success', 'error', 'VALIDATION_ERROR', '\u001b[31mred', 0, 1, 2, null)
  const body = fc.record(
    {
      status: words,
      code: words,
      message: words,
      accepted: fc.oneof(words, fc.integer()),
      rejected: fc.oneof(words, fc.integer()),
      errors: fc.oneof(words, fc.array(fc.oneof(words, fc.record({ index: words, violations: fc.jsonValue() })))),
      violations: fc.oneof(words, fc.array(fc.oneof(words, fc.record({ index: words, field: words, rule: words })))),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.constantFrom(200, 400, 413, 500), body, (status, reply) => {
      const found = verdict(status, reply)
      if (found.is === 'taken') assert.equal(reply.accepted, 2 - found.faults.size)
      const told = JSON.stringify('faults' in found ? [...found.faults] : found)
      assert.ok(!told.includes('\\u001b'), told)
    }),
    { numRuns: 1_000 },
  )
})
