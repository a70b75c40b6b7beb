// Whatever the chunks, the encoding and the damage: the body read is the body sent, or it is refused; nothing throws,
// and every byte that was taken from the budget is given back.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { BodyBudget } from './body-budget.ts'
import { BodyReader } from './body-reader.ts'
import { type Decompressed, Decompressor, type Encoding } from './decompress.ts'

const bytesMax = 300_000
const encodings: Encoding[] = ['gzip', 'br', 'zstd']

/** Bytes from empty to just over the limit, some of them easy to compress. */
const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 4_000 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.nat(7_000)).map(([piece, times]) => {
    const whole = Buffer.alloc(piece.length * times)
    for (let i = 0; i < times; i++) whole.set(piece, i * piece.length)
    return new Uint8Array(whole)
  }),
)
const cuts = fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 20 })

function chunksOf(bytes: Uint8Array, sizes: number[]): Buffer[] {
  const chunks: Buffer[] = []
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : (sizes[i % sizes.length] as number)
    chunks.push(Buffer.from(bytes.subarray(at, at + size)))
    at += size
  }
  return chunks
}

function compress(bytes: Uint8Array, encoding: Encoding): Buffer {
  if (encoding === 'gzip') return gzipSync(bytes)
  if (encoding === 'br') return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })
  return zstdCompressSync(bytes)
}

function decompress(bytes: Buffer, encoding: Encoding, budget: BodyBudget, holder: { bodyBytes: number }) {
  const decompressor = new Decompressor(budget, bytesMax)
  return new Promise<Decompressed>(resolve => decompressor.run(bytes, encoding, holder, resolve))
}

test('any chunking gives the same body, and memory stays within twice of it', () => {
  fc.assert(
    fc.property(bodies, cuts, fc.boolean(), (bytes, sizes, known) => {
      const budget = new BodyBudget(10 * bytesMax, 10 * bytesMax)
      const holder = { bodyBytes: 0 }
      const reader = new BodyReader(budget, holder, bytesMax, known ? bytes.length : -1)
      let taken = 'more'
      let length = 0
      for (const chunk of chunksOf(bytes, sizes)) {
        if (taken === 'more') taken = reader.take(chunk)
        if (taken === 'more') length += chunk.length
        assert.ok(budget.bytes <= Math.max(2 * length + 70_000, 64 * 1024), `${budget.bytes} held for ${length}`)
      }
      assert.equal(taken, bytes.length > bytesMax ? 'large' : 'more')
      if (taken === 'more') assert.ok(reader.bytes.equals(bytes))
      reader.release()
      reader.release()
      assert.deepEqual([budget.bytes, holder.bodyBytes], [0, 0])
    }),
  )
})

test('beyond the budget, or beyond a key’s share of it, a body is refused', () => {
  const budget = new BodyBudget(1_000, 600)
  const [a, b] = [{ bodyBytes: 0 }, { bodyBytes: 0 }]
  const first = new BodyReader(budget, a, bytesMax, -1)
  assert.equal(first.take(Buffer.alloc(500)), 'more')
  assert.equal(new BodyReader(budget, a, bytesMax, -1).take(Buffer.alloc(101)), 'share')
  assert.equal(new BodyReader(budget, b, bytesMax, -1).take(Buffer.alloc(501)), 'full')
  assert.equal(new BodyReader(budget, b, bytesMax, -1).take(Buffer.alloc(500)), 'more')
  first.release()
  assert.equal(budget.bytes, 500)
})

test('what was compressed decompresses to itself, or is too large', async () => {
  await fc.assert(
    fc.asyncProperty(bodies, fc.constantFrom(...encodings), async (bytes, encoding) => {
      const budget = new BodyBudget(10 * bytesMax, 10 * bytesMax)
      const holder = { bodyBytes: 0 }
      const result = await decompress(compress(bytes, encoding), encoding, budget, holder)
      assert.equal(result.fault, bytes.length > bytesMax ? 'large' : null)
      if (result.fault === null) {
        assert.ok(result.body.bytes.equals(bytes))
        result.body.release()
      }
      assert.deepEqual([budget.bytes, holder.bodyBytes], [0, 0])
    }),
    { numRuns: 200 },
  )
})

test('damaged, cut or random compressed bytes end in an answer, and hold nothing', async () => {
  const damage = fc.record({ cut: fc.nat(5_000), flip: fc.nat(5_000), bits: fc.nat(255) })
  await fc.assert(
    fc.asyncProperty(bodies, fc.constantFrom(...encodings, 'random' as const), damage, async (bytes, encoding, how) => {
      const sent = encoding === 'random' ? Buffer.from(bytes) : compress(bytes, encoding)
      const damaged = Buffer.from(sent.subarray(0, Math.max(0, sent.length - (how.cut % (sent.length + 1)))))
      if (damaged.length > 0) damaged[how.flip % damaged.length]! ^= how.bits
      const budget = new BodyBudget(10 * bytesMax, 10 * bytesMax)
      const holder = { bodyBytes: 0 }
      const result = await decompress(damaged, encoding === 'random' ? 'zstd' : encoding, budget, holder)
      if (result.fault === null) result.body.release()
      assert.deepEqual([budget.bytes, holder.bodyBytes], [0, 0])
    }),
    { numRuns: 300 },
  )
})

test('an end that is missing, and bytes after the end, are damage', async () => {
  const bytes = Buffer.from('{"a":1}'.repeat(50))
  for (const encoding of encodings) {
    for (const size of [bytes, Buffer.concat(Array.from({ length: 600 }, () => bytes))]) {
      const sent = compress(size, encoding)
      for (const broken of [sent.subarray(0, -1), sent.subarray(0, 5), Buffer.concat([sent, Buffer.from('more')])]) {
        const result = await decompress(broken, encoding, new BodyBudget(1e7, 1e7), { bodyBytes: 0 })
        assert.equal(result.fault, 'damaged', `${encoding} ${size.length}`)
      }
      assert.equal(
        (await decompress(Buffer.alloc(0), encoding, new BodyBudget(1e7, 1e7), { bodyBytes: 0 })).fault,
        'damaged',
      )
    }
  }
})

test('a bomb stops at the limit, or at the budget', async () => {
  const zeros = Buffer.alloc(20_000_000)
  for (const encoding of encodings) {
    const bomb = compress(zeros, encoding)
    const budget = new BodyBudget(1e9, 1e9)
    assert.equal((await decompress(bomb, encoding, budget, { bodyBytes: 0 })).fault, 'large')
    assert.equal(budget.bytes, 0)
    const small = new BodyBudget(200_000, 200_000)
    assert.equal((await decompress(bomb, encoding, small, { bodyBytes: 0 })).fault, 'share')
    assert.equal(small.bytes, 0)
  }
})

test('many at once are all answered', async () => {
  const budget = new BodyBudget(1e9, 1e9)
  const holder = { bodyBytes: 0 }
  const decompressor = new Decompressor(budget, bytesMax)
  const sent = compress(Buffer.alloc(250_000, 'x'), 'gzip')
  const results = await Promise.all(
    Array.from(
      { length: 50 },
      () => new Promise<Decompressed>(resolve => decompressor.run(sent, 'gzip', holder, resolve)),
    ),
  )
  for (const result of results) {
    assert.equal(result.fault, null)
    if (result.fault === null) result.body.release()
  }
  assert.deepEqual([budget.bytes, decompressor.running], [0, 0])
})
