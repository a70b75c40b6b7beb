// A refused request on its way to what is parked: its text is what was sent, or says that it is not, and of erased users
// there is neither an event nor a word in it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredRecord } from '../log/record.ts'
import { deriveWithout } from '../steps/derive.ts'
import { type RejectionHead, readHead } from '../steps/rejection.ts'
import type { Suppression } from '../steps/suppression.ts'
import { withoutErased } from './erased-items.ts'
import { type Item, itemsOfRecord } from './items.ts'

const told = (more: Partial<RejectionHead> = {}): RejectionHead => ({
  kind: 'batch',
  code: 'VALIDATION_ERROR',
  message: '',
  violations: [],
  violationsTotal: 0,
  address: '',
  refused: null,
  ...more,
})

function itemOf(head: RejectionHead, body: Buffer | string, kind: StoredRecord['kind'] = 'rejection') {
  const line = kind === 'rejection' ? `${JSON.stringify(head)}\n` : ''
  const record: StoredRecord = {
    kind,
    requestId: '0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55',
    product: 'casino',
    keyId: 'key_1',
    mode: 'live',
    receivedMs: 1,
    events: 0,
    offset: 5,
    body: Buffer.concat([Buffer.from(line), Buffer.from(body)]),
  }
  const items: Item[] = []
  itemsOfRecord(record, deriveWithout, items)
  return items[0] as Extract<Item, { kind: 'parked' }>
}

const suppression: Suppression = { isEmpty: false, holds: (_product, user) => user === 'ann' }
const withoutAnn = (item: Item) => (withoutErased([item], suppression)[0] as Extract<Item, { kind: 'parked' }>).row

test('bytes that are not UTF-8 are told of', () => {
  const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xfe]), Buffer.from('"}')])
  const { row } = itemOf(told(), bytes)
  assert.deepEqual([readHead(row.detail).exact, row.raw], [false, '{"a":"\ufffd"}'])
  assert.equal(readHead(itemOf(told(), '{"a":"\ufffd"}').row.detail).exact, undefined)
  assert.match(itemOf(told(), bytes, 'batch').row.detail, /not UTF-8 were replaced\)$/)
})

test('an event of an erased user leaves its place, and nothing that was said of it', () => {
  const violation = (index: number, message: string) => ({ index, field: 'ip_address', rule: 'type' as const, message })
  const violations = [violation(0, 'got "ann’s"'), violation(1, 'got "bob’s"')]
  const head = told({ refused: [0, 1], violations, violationsTotal: 2, message: '2 events were refused' })
  const row = withoutAnn(itemOf(head, '[{"uid":"ann"},{"uid":"bob"}]'))
  assert.equal(row.raw, '["erased",{"uid":"bob"}]')
  const left = [violation(0, 'erased with its user'), violation(1, 'got "bob’s"')]
  assert.deepEqual(readHead(row.detail), { ...head, violations: left })

  const one = { field: 'ip_address', rule: 'type' as const, message: 'got "ann’s"' }
  const single = told({ kind: 'event', violations: [one], violationsTotal: 1, message: one.message })
  const gone = withoutAnn(itemOf(single, '{"uid":"ann"}'))
  assert.equal(gone.raw, '')
  assert.equal(gone.detail.includes('ann’s'), false)
  const odd = withoutAnn(itemOf('none' as never, '{"uid":"ann"}'))
  assert.deepEqual([odd.raw, odd.detail], ['', '"none"'])
})
