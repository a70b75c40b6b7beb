// What a reader of pages gets: compressed or not as it asks, the same bytes as others, and nothing that it has already.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { pageReply } from './pages.ts'

const page = { status: 200, headers: ['Content-Type', 'text/plain'], etag: 'W/"abc"', gzip: gzipSync('words') }

test('it is compressed for whoever takes that', async () => {
  for (const encodings of ['gzip', 'br, GZIP', 'gzip;q=0.5', '*', 'deflate, gzip;q=1.0']) {
    const { status, headers, body } = await pageReply(page, { 'accept-encoding': encodings })
    assert.deepEqual([status, headers.includes('Content-Encoding'), body], [200, true, page.gzip], encodings)
  }
  for (const encodings of [null, '', 'br', 'gzip;q=0', 'gzip; q=0.000, br', 'gzipped']) {
    const { headers, body } = await pageReply(page, encodings === null ? {} : { 'accept-encoding': encodings })
    assert.deepEqual([headers.includes('Content-Encoding'), String(body)], [false, 'words'], String(encodings))
  }
})

test('many readers share its bytes', async () => {
  const [one, other] = await Promise.all([pageReply(page, {}), pageReply(page, {})])
  assert.equal(one.body, other.body)
})

test('whoever has it gets it no second time, but is told each time that there is none', async () => {
  for (const tags of ['W/"abc"', '"abc"', '"x", W/"abc"', '*']) {
    const { status, body, headers } = await pageReply(page, { 'if-none-match': tags })
    assert.deepEqual([status, body.length, headers.slice(0, 2)], [304, 0, ['ETag', 'W/"abc"']], tags)
  }
  assert.equal((await pageReply(page, { 'if-none-match': '"abcd"' })).status, 200)
  assert.equal((await pageReply({ ...page, status: 404 }, { 'if-none-match': '*' })).status, 404)
})
