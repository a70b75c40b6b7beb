// Which share a product belongs to, for ever.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseOf, shareOfProduct } from './shares.ts'

test('products are spread over all shares, each always to the same', () => {
  const products = Array.from({ length: 1_000 }, (_, i) => `product-${i}`)
  const counts = Array.from({ length: 8 }, () => 0)
  for (const product of products) counts[shareOfProduct(product, 8)]! += 1
  assert.ok(
    counts.every(count => count > 80),
    counts.join(' '),
  )
  // What is stored already is found by these: they must never change.
  assert.deepEqual(
    ['demo', 'casino', 'sports', 'lottery'].map(product => shareOfProduct(product, 4)),
    [0, 2, 2, 3],
  )
})

test('what belongs to no product is in the first share, and one share has the database by its own name', () => {
  assert.equal(shareOfProduct('', 16), 0)
  assert.equal(shareOfProduct('casino', 1), 0)
  assert.equal(databaseOf('datapulse', 0, 1), 'datapulse')
  assert.equal(databaseOf('datapulse', 3, 4), 'datapulse_3')
})
