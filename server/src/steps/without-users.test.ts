// A person is taken out of whatever was kept, and nobody else is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutUsers } from './without-users.ts'

const isErased = (userId: string) => userId === 'u1' || userId === '7'

test('an event of the person is gone, one of another is left alone', () => {
  assert.equal(withoutUsers('{"client_user_id":" u1 ","event_name":"login"}', isErased), '')
  assert.equal(withoutUsers('{"client_user_id":7}', isErased), '')
  assert.equal(withoutUsers('{"client\\u005fuser_id":"u1"}', isErased), '')
  assert.equal(withoutUsers('{"clientUserId":"u1"}', isErased), '')
  assert.equal(withoutUsers('{"client_user_id":"u2","friend":"u1"}', isErased), null)
  assert.equal(withoutUsers('{"client_user_id":null}', isErased), null)
})

test('the other events of a batch stay to the letter', () => {
  const [mine, yours] = ['{"client_user_id":"u1"}', '{ "client_user_id" : "u2", "amount": 1.10 }']
  assert.equal(withoutUsers(`[${mine}, ${yours},${mine}]`, isErased), `[${yours}]`)
  assert.equal(withoutUsers(`[${yours}]`, isErased), null)
  assert.equal(withoutUsers(`[${mine}]`, isErased), '[]')
  assert.equal(withoutUsers(`[1,${mine}]`, isErased), '[1]')
})

test('what is not JSON is gone when the person is named in it', () => {
  assert.equal(withoutUsers('{"client_user_id":"u1", oops', isErased), '')
  assert.equal(withoutUsers('{"client_user_id":"\\u0075\\u0031", oops', isErased), '')
  assert.equal(withoutUsers('{"client_user_id":7, oops', isErased), '')
  assert.equal(withoutUsers('{"client_user_id":"u2", oops', isErased), null)
  assert.equal(withoutUsers('', isErased), null)
})
