// A person is taken out of whatever was kept, and nobody else is, nor moved.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Remainder, withoutUsers } from './without-users.ts'

const isErased = (userId: string) => userId === 'u1' || userId === '7'
const nothing: Remainder = { text: '', taken: null }

test('an event of the person is gone, one of another is left alone', () => {
  assert.deepEqual(withoutUsers('{"client_user_id":" u1 ","event_name":"login"}', isErased), nothing)
  assert.deepEqual(withoutUsers('{"client_user_id":7}', isErased), nothing)
  assert.deepEqual(withoutUsers('{"client\\u005fuser_id":"u1"}', isErased), nothing)
  assert.deepEqual(withoutUsers('{"clientUserId":"u1"}', isErased), nothing)
  assert.deepEqual(withoutUsers('\ufeff{"client_user_id":"u1"}', isErased), nothing)
  assert.equal(withoutUsers('{"client_user_id":"u2","friend":"u1","amount":7}', isErased), null)
  assert.equal(withoutUsers('{"client_user_id":null}', isErased), null)
})

test('an event that says in no usable way whose it is, is of anybody whom it names', () => {
  assert.deepEqual(withoutUsers('{"uid":"u1","event_name":"login"}', isErased), nothing)
  assert.deepEqual(withoutUsers('{"client_user_id":" ","uid":7}', isErased), nothing)
  assert.deepEqual(withoutUsers('{"uid":"u1","uid":"u2"}', isErased), nothing)
  assert.deepEqual(withoutUsers('{"user":{"ids":["u0","u1"]}}', isErased), nothing)
  assert.equal(withoutUsers('{"uid":"u2","rate":7.5}', isErased), null)
})

test('a value that a later one of the same name hides is not left behind', () => {
  assert.deepEqual(withoutUsers('{"client_user_id":"u1","client_user_id":"x"}', isErased), nothing)
  assert.deepEqual(withoutUsers('{"client_user_id":"x","client\\u005fuser_id":"u1"}', isErased), nothing)
  assert.equal(withoutUsers('{"client_user_id":"x","to":{"client_user_id":"u1"}}', isErased), null)
})

test('the other events of a batch stay to the letter, and where they were', () => {
  const [mine, yours] = ['{"client_user_id":"u1"}', '{ "client_user_id" : "u2", "amount": 1.10 }']
  const left = (text: string) => withoutUsers(text, isErased)
  assert.deepEqual(left(`[${mine}, ${yours},${mine}]`), { text: `["erased",${yours},"erased"]`, taken: [0, 2] })
  assert.equal(left(`[${yours}]`), null)
  assert.deepEqual(left(`[${mine}]`), { text: '["erased"]', taken: [0] })
  assert.deepEqual(left(`[1,null,${mine}]`), { text: '[1,null,"erased"]', taken: [2] })
  assert.deepEqual(left('[[{"client_user_id":"u1"}],"u1"]'), { text: '["erased","erased"]', taken: [0, 1] })
  const long = Array.from({ length: 6_000 }, () => '{}')
  assert.equal(left(`[${long.join(',')},${mine}]`)?.taken?.[0], 6_000)
})

test('what was taken out is not taken out again, whatever a person is called', () => {
  assert.equal(
    withoutUsers('["erased",{}]', () => true),
    null,
  )
})

test('what is not JSON is gone when the person is named in it', () => {
  const gone = [
    '{"client_user_id":"u1", oops',
    '{"client_user_id":"\\u0075\\u0031", oops',
    '{"client_user_id":7, oops',
    '{"uid":"u1", oops',
    '{"uid: "u1"}',
    'client_user_id=u1&amount=5',
    '"u1',
  ]
  for (const text of gone) assert.deepEqual(withoutUsers(text, isErased), nothing, text)
  assert.equal(withoutUsers('{"client_user_id":"u2", oops', isErased), null)
  assert.equal(withoutUsers('', isErased), null)
})

test('nothing is too deep or too long', () => {
  const deep = `${'['.repeat(100_000)}"u1"${']'.repeat(100_000)}`
  assert.deepEqual(withoutUsers(`[${deep}]`, isErased), { text: '["erased"]', taken: [0] })
  const escapes = '\\"'.repeat(2_000_000)
  assert.equal(withoutUsers(`{"client_user_id":"${escapes}`, isErased), null)
})
