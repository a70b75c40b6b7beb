// Looking up ahead: every item once, in order, whatever pieces they came in; a failure waits for whoever asks.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IndexEntry } from './index/identity-index.ts'
import { type Item, parkedItem } from './items.ts'
import { openLookup } from './lookup.ts'

const items = Array.from({ length: 9 }, (_, position) => itemAt(position))

test('each item is asked for once, and answers come in order', async () => {
  const asked: string[] = []
  const index = {
    find: async (identities: string[]) => {
      asked.push(...identities)
      return identities.map(identity => (identity === items[4]!.identity ? entryOf(items[4]!) : undefined))
    },
  }
  const lookup = openLookup(index)
  for (const end of [0, 2, 2, 5, 9]) lookup.goOn(items.slice(0, end))
  assert.deepEqual(
    (await lookup.answers()).map(entry => entry?.position),
    items.map((_, at) => (at === 4 ? 4 : undefined)),
  )
  assert.deepEqual(
    asked,
    items.map(({ identity }) => identity),
  )
})

test('a failure is kept until the answers are wanted', async () => {
  const lookup = openLookup({ find: async () => Promise.reject(new Error('the index is away')) })
  lookup.goOn(items)
  await new Promise(resolve => setImmediate(resolve))
  await assert.rejects(lookup.answers(), /the index is away/)
})

function itemAt(position: number): Item {
  const requestId = '00000000-0000-4000-8000-000000000001'
  const origin = { product: 'p', mode: 'live' as const, keyId: 'k', requestId, position, receivedMs: 0, logOffset: 0 }
  return parkedItem(origin, 1, 'event_failed', '', '')
}

function entryOf({ origin: { requestId, position } }: Item): IndexEntry {
  return { requestId, position, fingerprint: '0000000000000003', uncounted: false }
}
