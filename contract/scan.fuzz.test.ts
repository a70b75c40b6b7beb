// The scan finds the elements that the parser finds; the quick proposal, where the parse bears it out, is the scan's.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { eventText, parseChunk } from './body.ts'
import { limits } from './limits.ts'
import { type BodyKind, type Faulty, type Scan, scanBody, scanFlat } from './scan.ts'

const gap = fc.constantFrom('', ' ', '\n', '\t\r ')
const text = fc.constantFrom('', 'a', '{', '}', '[', ']', ',', '},{', '"', '\\', '\\"', '字', '😀', '\u2028')
// No quote or backslash in keys: V8 14.6 can read an escaped key as another that it has seen (nodejs/node#63785).
const key = fc.constantFrom('', 'a', '{', '}', '[', ']', ',', '},{', '字', '😀', '\u2028')
const value = fc.oneof(
  text.map(sent => JSON.stringify(sent)),
  fc.constantFrom('1', '-0.5e3', 'null', 'true', '{}', '[]', '[{}]', '{"a":{"b":[]}}'),
)
const object = fc.array(fc.tuple(gap, key, gap, value, gap)).map(members => {
  const parts = members.map(([a, name, b, inner, c]) => `${a}${JSON.stringify(name)}${b}:${inner}${c}`)
  return `{${parts.join(',')}}`
})
const flatObject = fc.tuple(gap, key, gap).map(([a, name, b]) => `{${a}${JSON.stringify(name)}:1${b}}`)
const element = fc.oneof({ weight: 3, arbitrary: flatObject }, object, value)
const array = fc
  .tuple(fc.constantFrom('', '\ufeff'), gap, fc.array(fc.tuple(gap, element, gap), { maxLength: 8 }), gap)
  .map(
    ([mark, before, elements, after]) => `${mark}${before}[${elements.map(parts => parts.join('')).join(',')}]${after}`,
  )
const damaged = fc
  .tuple(array, fc.nat(), fc.constantFrom('', '{', '}', '[', ']', ',', '"', '\\', '1', ' '))
  .map(([body, place, put]) => body.slice(0, place % body.length) + put + body.slice((place % body.length) + 1))

test('the spans of a JSON array are its elements', () => {
  fc.assert(
    fc.property(array, body => {
      const scan = scanned(body, 'batch')
      const values = JSON.parse(body.replace('\ufeff', '')) as unknown[]
      assert.ok(scan.fault === null)
      assert.deepEqual(
        Array.from({ length: scan.events }, (_, i) => JSON.parse(eventText(body, scan, i)) as unknown),
        values,
      )
      for (let i = 0; i < scan.events; i++) assert.equal(eventText(body, scan, i).trim(), eventText(body, scan, i))
    }),
    { numRuns: 2_000 },
  )
})

test('spans that all parse are a JSON array', () => {
  fc.assert(
    fc.property(fc.oneof(damaged, fc.json(), fc.string()), body => {
      const scan = scanned(body, 'batch')
      if (scan.fault !== null || scan.unparsable !== null) return
      const parts = Array.from({ length: scan.events }, (_, i) => parseChunk(body, scan, i, i + 1))
      if (parts.includes(null)) return assert.throws(() => JSON.parse(body.replace('\ufeff', '')))
      assert.deepEqual(parts.flat(), JSON.parse(body.replace('\ufeff', '')))
    }),
    { numRuns: 3_000 },
  )
})

test('a proposal that parses as so many objects is what the scan finds', () => {
  fc.assert(
    fc.property(fc.oneof(array, damaged, object), fc.constantFrom<BodyKind>('event', 'batch'), (body, kind) => {
      const flat = scanFlat(body, kind)
      if (flat === null) return
      const values = parseChunk(body, flat, 0, flat.events)
      if (values?.length !== flat.events || values.some(sent => typeof sent !== 'object' || sent === null)) return
      assert.deepEqual({ ...scanned(body, kind), proposed: true, values: 0 }, flat)
    }),
    { numRuns: 5_000 },
  )
})

test('a batch stops the scan at the first event too many', () => {
  const of = (count: number) => `[${Array.from({ length: count }, () => '{}').join(',')}]`
  assert.equal(scanned(of(limits.batchEventsMax), 'batch').fault, null)
  const scan = scanned(of(limits.batchEventsMax + 1), 'batch')
  assert.deepEqual(scan, { fault: 'count', at: 1 + 3 * limits.batchEventsMax, events: limits.batchEventsMax + 1 })
  assert.equal(scanFlat(of(limits.batchEventsMax), 'batch')?.events, limits.batchEventsMax)
  assert.equal(scanFlat(of(limits.batchEventsMax + 1), 'batch'), null)
})

function scanned(body: string, kind: BodyKind): Scan | Faulty {
  return scanBody(body, Buffer.from(body), kind)
}
