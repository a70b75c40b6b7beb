// What is taken apart is what a parser finds, and nothing of it is lost or rewritten.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { elementsOf, membersOf } from './json-parts.ts'

test('a list is its elements, each to the letter', () => {
  assert.deepEqual(elementsOf(' [ {"a": 1.0} ,\n"],[\\"" , [1,[2]] ] '), ['{"a": 1.0}', '"],[\\""', '[1,[2]]'])
  assert.deepEqual(elementsOf('[ ]'), [])
})

test('an object is its members, also of a name that comes again or is escaped', () => {
  assert.deepEqual(membersOf('{ "a" : {"b":[1]}, "\\u0061":"x:,}" ,"":2.50 }'), [
    { name: 'a', value: '{"b":[1]}' },
    { name: 'a', value: '"x:,}"' },
    { name: '', value: '2.50' },
  ])
  assert.deepEqual(membersOf('{}'), [])
})

test('any list and any object come apart as they are parsed', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 1, 2), (list, spaces) => {
      const texts = elementsOf(JSON.stringify(list, null, spaces))
      assert.deepEqual(
        texts.map(text => JSON.parse(text)),
        JSON.parse(JSON.stringify(list)),
      )
    }),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 2), (object, spaces) => {
      const members = membersOf(JSON.stringify(object, null, spaces))
      const entries = members.map(({ name, value }) => [name, JSON.parse(value)] as const)
      assert.deepEqual(Object.fromEntries(entries), JSON.parse(JSON.stringify(object)))
    }),
  )
})
