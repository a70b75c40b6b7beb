// Which Content-Type and Content-Encoding are read.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentTypeProblem, encodingOf, encodingProblem } from './media.ts'

test('application/json with any charset that means UTF-8, or no type at all', () => {
  const good = [
    undefined,
    '',
    'application/json',
    'Application/JSON',
    'application/json;charset=utf-8',
    'application/json; charset=UTF-8',
    'application/json ; charset="utf8"',
    'application/json; profile=x; Charset=unicode-1-1-utf-8',
    'application/json;',
  ]
  for (const value of good) assert.equal(contentTypeProblem(value), null, String(value))
})

test('another type or charset is named', () => {
  assert.match(contentTypeProblem('text/plain') ?? '', /application\/json, or absent: got "text\/plain"/)
  assert.match(contentTypeProblem('application/json; charset=latin1') ?? '', /utf-8: got "latin1"/)
  assert.match(contentTypeProblem('application/x-www-form-urlencoded') ?? '', /got/)
  assert.match(contentTypeProblem('application/json5') ?? '', /got/)
  const long = contentTypeProblem(`x/${'y'.repeat(10_000)}`) ?? ''
  assert.ok(long.length < 200)
})

test('gzip, br, zstd, identity or nothing', () => {
  const cases: [string | undefined, string][] = [
    [undefined, 'none'],
    ['', 'none'],
    ['identity', 'none'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    [' br ', 'br'],
    ['zstd', 'zstd'],
    ['deflate', 'unknown'],
    ['gzip, br', 'unknown'],
  ]
  for (const [value, encoding] of cases) assert.equal(encodingOf(value), encoding, String(value))
  assert.match(encodingProblem('deflate'), /gzip, br, zstd or absent: got "deflate"/)
})
