// Keys that look like a field in another spelling.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fields } from './fields.ts'
import { misspelledFields } from './misspelled.ts'

test('a key that is a field but for case and separators is told, in the order sent', () => {
  const sent = { userAgent: 'x', 'Client-User-ID': 1, client_user_id: 'u', clickid: null, 'is crypto': true }
  assert.deepEqual(misspelledFields(sent), [
    { sent: 'userAgent', expected: 'user_agent' },
    { sent: 'Client-User-ID', expected: 'client_user_id' },
    { sent: 'clickid', expected: 'click_id' },
    { sent: 'is crypto', expected: 'is_crypto' },
  ])
})

test('every field in camel case is told, and none as it is spelled', () => {
  for (const { name } of fields) {
    assert.deepEqual(misspelledFields({ [name]: 1 }), [])
    const camel = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
    if (camel !== name) assert.deepEqual(misspelledFields({ [camel]: 1 }), [{ sent: camel, expected: name }])
  }
})

test('custom properties are not', () => {
  const sent = JSON.parse('{"vip_tier":3,"":1,"__proto__":1,"user_agent_2":1,"amounts":1,"_":1}') as object
  assert.deepEqual(misspelledFields({ ...sent, [`user${'_'.repeat(200)}agent`]: 1 }), [])
})
