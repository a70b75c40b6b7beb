// What is sent to whom: the greatest weight, our order among equals, and never what was refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseEncoding } from './accept-encoding.ts'

test('the greatest weight is chosen, and of equals what is offered first', () => {
  const cases: [string | string[] | undefined, string | null][] = [
    ['gzip, deflate, br, zstd', 'br'],
    ['br;q=0.5, gzip', 'gzip'],
    ['gzip;q=0.2,br;q=0.3', 'br'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['*', 'br'],
    ['*;q=0.1, br;q=0', 'gzip'],
    [['gzip', 'br;q=0'], 'gzip'],
    ['br;q=0, gzip;q=0.0', null],
    ['br; q = 0 , gzip ; q=0.000', null],
    ['*;q=0', null],
    ['br;q=2, gzip;q=-1', null],
    ['br;q=, gzip;q=x', null],
    ['brotli, gzipped, a/br', null],
    ['identity', null],
    ['', null],
    [undefined, null],
  ]
  for (const [sent, wanted] of cases) assert.equal(chooseEncoding(sent, ['br', 'gzip']), wanted, String(sent))
})

test('what is not offered is not chosen', () => {
  assert.equal(chooseEncoding('br, gzip;q=0.1', ['gzip']), 'gzip')
  assert.equal(chooseEncoding('br', ['gzip']), null)
})
