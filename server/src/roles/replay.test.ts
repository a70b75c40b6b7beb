// What is sent again, and what is said of it, for each kind of what is kept.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { deriveWithout } from '../steps/derive.ts'
import { renameKeys } from '../steps/replay.ts'
import type { RejectionHead } from '../steps/rejection.ts'
import type { Kept } from '../warehouse/asking/rejections.ts'
import type { ReplayHead } from './answers.ts'
import { type ReplayReport, type ReplayWish, replay } from './replay.ts'

const request = '0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55'
const nowMs = 1_767_225_600_000
const event = (more: object = {}) => ({
  client_user_id: 'u',
  event_name: 'login',
  timestamp: 1_767_225_600,
  ip_address: '::1',
  ...more,
})
const head: RejectionHead = {
  kind: 'event',
  code: 'VALIDATION_ERROR',
  message: '',
  violations: [],
  violationsTotal: 0,
  address: '',
  refused: null,
}
const kept = (raw: unknown, more: Partial<Kept> = {}): Kept => ({
  product: 'casino',
  mode: 'test',
  keyId: 'key_1',
  requestId: request,
  position: -2,
  receivedMs: 1,
  idempotencyKey: '',
  head,
  reason: 'rejected',
  exact: true,
  raw: typeof raw === 'string' ? raw : JSON.stringify(raw),
  ...more,
})

async function run(rows: Kept[], wish: Partial<ReplayWish> = {}) {
  const sent: { head: ReplayHead; events: unknown }[] = []
  const parts = {
    readKept: async () => rows,
    async send(of: ReplayHead, batch: Uint8Array) {
      sent.push({ head: of, events: JSON.parse(Buffer.from(batch).toString()) })
      return `new ${sent.length}`
    },
    derive: deriveWithout,
    now: () => nowMs,
  }
  const whole = { request, mapping: new Map(), partial: false, dryRun: false, ...wish }
  return { report: (await replay(parts, whole)) as ReplayReport, sent }
}

const sentence = ({ report }: { report: unknown }) => (typeof report === 'string' ? report : '')

describe('sending again', () => {
  test('a parked event keeps its place and its product, and its key says who sent it again', async () => {
    const one = kept(event(), { position: 3, head: null, reason: 'event_failed', idempotencyKey: 'k' })
    const { report, sent } = await run([one])
    assert.deepEqual(report.requestIds, ['new 1'])
    assert.deepEqual(sent, [
      {
        head: {
          product: 'casino',
          keyId: 'replay:key_1',
          mode: 'test',
          events: 1,
          positions: [3],
          replayOf: request,
          idempotencyKey: 'k',
        },
        events: [event()],
      },
    ])
    const again = await run([{ ...one, keyId: 'replay:key_1' }])
    assert.equal(again.sent[0]?.head.keyId, 'replay:key_1', 'and says it once')
  })

  test('a parked request is sent as what it was, a single event or a batch', async () => {
    const whole = { position: -1, head: null }
    assert.deepEqual((await run([kept(event(), whole)])).sent[0]?.events, [event()])
    const batch = [event(), event({ message_id: 'm' })]
    const { report, sent } = await run([kept(` ${JSON.stringify(batch)}`, whole)])
    assert.deepEqual([sent[0]?.events, sent[0]?.head.positions, report.withoutId], [batch, [0, 1], 1])
  })

  test('bad events are told by their place in the request that was sent', async () => {
    const rejected = kept([event(), {}, event(), 7], { head: { ...head, kind: 'batch', refused: [1, 2, 3] } })
    const { report, sent } = await run([rejected])
    assert.deepEqual([report.events, report.accepted, report.errors.map(({ index }) => index)], [3, 1, [1, 3]])
    assert.deepEqual([report.requestIds, sent], [[], []])
    const partial = await run([rejected], { partial: true })
    assert.deepEqual([partial.sent[0]?.events, partial.sent[0]?.head.positions], [[event()], [2]])
    const dry = await run([rejected], { partial: true, dryRun: true })
    assert.deepEqual([dry.report.accepted, dry.report.requestIds, dry.sent], [1, [], []])
  })

  test('what was erased is passed over, told of, and moves nothing', async () => {
    const erased = kept(['erased', event(), 'erased', event(), event()], {
      head: { ...head, kind: 'batch', refused: [1, 2, 4] },
    })
    const { report, sent } = await run([erased])
    assert.deepEqual([report.events, report.accepted, report.erased, report.errors], [2, 2, 1, []])
    assert.deepEqual(sent[0]?.head.positions, [1, 4])
  })

  test('a list is a list and an object is an event, whichever endpoint it was sent to', async () => {
    const list = await run([kept([event(), event()])])
    assert.deepEqual([list.sent[0]?.head.positions, list.report.accepted], [[0, 1], 2])
    const single = await run([kept(event(), { head: { ...head, kind: 'batch' } })])
    assert.deepEqual([single.sent[0]?.events, single.sent[0]?.head.positions], [[event()], [0]])
  })

  test('what is too much for one request is sent in several', async () => {
    const long = Array.from({ length: 10_001 }, (_, n) => event({ n }))
    const many = await run([kept(long, { head: { ...head, kind: 'batch' } })])
    assert.deepEqual(
      many.sent.map(({ head: of }) => [of.events, of.positions?.[0]]),
      [
        [5_000, 0],
        [5_000, 5_000],
        [1, 10_000],
      ],
    )
    assert.deepEqual(many.report.requestIds, ['new 1', 'new 2', 'new 3'])
    assert.deepEqual(
      many.sent.flatMap(({ events }) => events),
      long,
    )
    const wide = Array.from({ length: 1_000 }, () => event({ values: Array.from({ length: 250 }, () => 0) }))
    const values = await run([kept(wide, { head: { ...head, kind: 'batch' } })])
    assert.deepEqual(
      values.sent.map(({ head: of }) => of.events),
      [500, 500],
    )
  })

  test('of a list with something in it that is not JSON, the rest can be sent', async () => {
    const raw = `[${JSON.stringify(event())},{"client_user_id":x},${JSON.stringify(event())}]`
    const { report, sent } = await run([kept(raw, { head: { ...head, kind: 'batch' } })], { partial: true })
    assert.deepEqual(
      sent.flatMap(({ head: of }) => of.positions),
      [0, 2],
    )
    assert.deepEqual(
      report.errors.map(({ index, violations }) => [index, violations[0]?.rule]),
      [[1, 'syntax']],
    )
  })

  test('what cannot be sent is said in a sentence', async () => {
    assert.equal((await run([])).report, null)
    assert.match(sentence(await run([kept('{')])), /cannot be taken apart. The body is not JSON: it ends before/)
    const batch = { head: { ...head, kind: 'batch' as const } }
    assert.match(sentence(await run([kept('["erased"]', batch)])), /all of it was erased with its users/)
    assert.match(sentence(await run([kept('[]', batch)])), /there is no event in it/)
    assert.match(sentence(await run([kept(event(), { exact: false })])), /not UTF-8/)
    const many = `[${'{},'.repeat(120_000)}{}]`
    assert.match(sentence(await run([kept(many, batch)])), /at most 120000 events: got 120001/)
    const two = [kept(event(), { position: 1, head: null }), kept(event(), { position: 2, head: null })]
    assert.match(sentence(await run(two)), /name a position of 1, 2/)
  })
})

describe('renaming keys', () => {
  test('leaves values as they were spelled, and names that are taken alone', () => {
    const rename = (text: string, mapping: Record<string, string>) => renameKeys(text, new Map(Object.entries(mapping)))
    assert.equal(rename('{"a":1.500,"b":{"a":2}}', { a: 'c' }), '{"c":1.500,"b":{"a":2}}')
    assert.equal(rename('{"a":1,"c":2}', { a: 'c' }), '{"a":1,"c":2}')
    assert.equal(rename('{"a":1,"b":2}', { a: 'c', b: 'c' }), '{"c":1,"b":2}')
    assert.equal(
      rename('{"a":123456789012345678901234567890}', { a: '__proto__' }),
      '{"__proto__":123456789012345678901234567890}',
    )
    for (const text of ['[1.0]', '7', '{', '"a"']) assert.equal(rename(text, { a: 'b' }), text)
    assert.equal(rename('{ "a" : 1 }', {}), '{ "a" : 1 }', 'without a mapping not a byte is changed')
  })

  test('loses no value, whatever the mapping', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd')
    fc.assert(
      fc.property(fc.dictionary(key, fc.integer()), fc.dictionary(key, key), (sent, mapping) => {
        const text = renameKeys(JSON.stringify(sent), new Map(Object.entries(mapping)))
        const values = (object: object) =>
          Object.values(object)
            .map(Number)
            .toSorted((a, b) => a - b)
        assert.deepEqual(values(JSON.parse(text) as object), values(sent))
      }),
    )
  })
})
