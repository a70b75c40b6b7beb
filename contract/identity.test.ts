// Which events are the same event: the identity of each kind, and what must never share one.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { identityOf, type IdentityOrigin } from './identity.ts'
import { normalise } from './normalise.ts'

const origin: IdentityOrigin = { product: 'demo', mode: 'live', requestId: 'r1', position: 0 }
const elsewhere: Partial<IdentityOrigin> = { requestId: 'r2', position: 5 }

test('a money event is told by its transaction', () => {
  const same = identity({ transaction_id: 'tx', amount: 1, message_id: 'm' })
  assert.equal(same.kind, 'transaction')
  assert.equal(identity({ transaction_id: ' tx ', amount: 2, client_user_id: 'v' }, elsewhere).text, same.text)
  for (const other of [{ transaction_id: 'ty' }, { transaction_id: 'tx', event_name: 'withdraw' }]) {
    assert.notEqual(identity(other).text, same.text)
  }
  assert.equal(identity({ transaction_id: 7 }).text, identity({ transaction_id: '7' }).text)
})

test('else by its message, of one user', () => {
  const same = identity({ event_name: 'login', message_id: 'm', transaction_id: 'tx' })
  assert.equal(same.kind, 'message')
  assert.equal(identity({ event_name: 'login', message_id: 'm', x: 1 }, elsewhere).text, same.text)
  for (const other of [{ message_id: 'n' }, { client_user_id: 'v' }, { event_name: 'logout' }]) {
    assert.notEqual(identity({ event_name: 'login', message_id: 'm', ...other }).text, same.text)
  }
})

test('else by its transaction and its text, so that two states of one transaction stay two', () => {
  const sent = { event_name: 'withdraw_status', transaction_id: 'tx' }
  const pending = identity({ ...sent, status: 'pending' })
  assert.equal(pending.kind, 'content')
  assert.equal(identity({ ...sent, status: 'pending' }, elsewhere).text, pending.text)
  assert.notEqual(identity({ ...sent, status: 'approved' }).text, pending.text)
})

test("else by its request's key with its position there and its text", () => {
  const sent = { event_name: 'login' }
  const keyed = { idempotencyKey: 'k' }
  const first = identity(sent, keyed)
  assert.equal(first.kind, 'request')
  assert.equal(identity(sent, { ...keyed, requestId: 'r2' }).text, first.text)
  for (const [other, place] of [
    [{ ...sent, x: 1 }, keyed],
    [sent, { ...keyed, position: 1 }],
    [sent, { idempotencyKey: 'l' }],
    [sent, { ...keyed, product: 'other' }],
    [sent, { ...keyed, mode: 'test' }],
  ] as const) {
    assert.notEqual(identity(other, place).text, first.text)
  }
  for (const told of [{ transaction_id: 'tx' }, { ...sent, message_id: 'm' }, { ...sent, transaction_id: 'tx' }]) {
    assert.equal(identity(told, keyed).text, identity(told).text)
  }
})

test('else by its place alone', () => {
  const sent = { event_name: 'login' }
  assert.equal(identity(sent).kind, 'none')
  assert.equal(identity(sent).text, identity({ ...sent, x: 1 }).text)
  assert.notEqual(identity(sent, { position: 1 }).text, identity(sent).text)
  assert.notEqual(identity(sent, { requestId: 'r2' }).text, identity(sent).text)
})

test('products and modes never share an identity', () => {
  for (const sent of [
    { transaction_id: 'tx' },
    { event_name: 'login', message_id: 'm' },
    { event_name: 'x', transaction_id: 'tx' },
  ]) {
    const texts = [{}, { product: 'other' }, { mode: 'test' as const }].map(change => identity(sent, change).text)
    assert.equal(new Set(texts).size, 3)
  }
})

test('other parts give another text, whatever characters they are made of', () => {
  const part = fc.string({ unit: fc.constantFrom('a', '"', ',', '[', ']', '\\', '\u0001'), minLength: 1, maxLength: 4 })
  const parts = fc.tuple(part, part, part)
  const textOf = ([product, name, message]: [string, string, string]) =>
    identity({ event_name: `x${name}`, message_id: `x${message}` }, { product }).text
  fc.assert(fc.property(parts, parts, (a, b) => assert.equal(textOf(a) === textOf(b), a.join('\n') === b.join('\n'))))
})

function identity(change: object, place: Partial<IdentityOrigin> = {}) {
  const sent = {
    client_user_id: 'u',
    event_name: 'deposit',
    timestamp: 1,
    ip_address: '::1',
    amount: 1,
    currency: 'USD',
    ...change,
  }
  const text = JSON.stringify(sent)
  const sha256Hex = (of: string) => createHash('sha256').update(of).digest('hex')
  return identityOf(normalise(sent, text, 0), { ...origin, ...place }, text, sha256Hex)
}
