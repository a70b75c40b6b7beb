// Whatever happens to the bytes of a segment, what is read from it was written: a damaged line is noticed and spoils no other.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { decodeCheckpoint, decodeSegment, encodeCheckpoint, encodeLine, type Entry, segmentHeader } from './segment.ts'

const entries = fc
  .array(fc.record({ text: fc.jsonValue().map(value => JSON.stringify(value)), gap: fc.integer({ min: 1, max: 9 }) }))
  .map(all =>
    all.map(({ text }, i): Entry => ({ seq: all.slice(0, i + 1).reduce((sum, { gap }) => sum + gap, 0), text })),
  )
const encode = (all: Entry[]) => Buffer.concat([segmentHeader, Buffer.from(all.map(encodeLine).join(''))])

it('gives back what was written', () => {
  fc.assert(
    fc.property(entries, all => {
      assert.deepEqual(decodeSegment(encode(all)), { entries: all, damaged: 0 })
    }),
  )
})

it('cut off anywhere, gives the lines before, and calls nothing damaged', () => {
  fc.assert(
    fc.property(entries, fc.nat(), (all, cut) => {
      const bytes = encode(all)
      const found = decodeSegment(bytes.subarray(0, cut % (bytes.length + 1)))
      assert.ok('entries' in found)
      assert.deepEqual(found, { entries: all.slice(0, found.entries.length), damaged: 0 })
    }),
  )
})

it('damaged anywhere, gives only what was written, and loses no more than two lines for one byte', () => {
  fc.assert(
    fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (all, place, change) => {
      const bytes = encode(all)
      const at = place % bytes.length
      bytes[at] = (bytes[at] ?? 0) ^ change
      const found = decodeSegment(bytes)
      if ('newer' in found) return assert.ok(at < segmentHeader.length, 'only the header says so')
      const written = new Map(all.map(({ seq, text }) => [seq, text]))
      for (const { seq, text } of found.entries) assert.equal(text, written.get(seq))
      assert.ok(all.length - found.entries.length <= 2)
      if (found.entries.length < all.length - 1) assert.ok(found.damaged > 0)
    }),
  )
})

it('a checkpoint is whole or none', () => {
  const bytes = Buffer.from(encodeCheckpoint(500))
  assert.equal(decodeCheckpoint(bytes.toString()), 500)
  for (let at = 0; at < bytes.length; at++) {
    assert.equal(decodeCheckpoint(bytes.subarray(0, at).toString()), null)
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.equal(decodeCheckpoint(changed.toString()), null)
  }
})
