// However a file is cut into chunks, its events come out whole, in order, with their text as it was.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { cutEvents, type Piece } from './pieces.ts'
import { decodeText } from './text.ts'

const amounts = ['50.00', '0.123456789012345678', '-1e3', '12345678901234567890.5', '0']
const event = fc.record({
  user: fc.string({ unit: 'binary' }),
  nested: fc.json({ maxDepth: 3 }),
  amount: fc.constantFrom(...amounts),
})
const texts = fc.array(
  event.map(
    ({ user, nested, amount }) => `{"u":${JSON.stringify(user)},"n":${nested.replace(/\n/g, ' ')},"amount":${amount}}`,
  ),
)

it('gives every event of lines and of arrays with its text as it was, wherever the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      texts,
      fc.integer({ min: 1, max: 64 }),
      fc.constantFrom('\n', '\r\n', '\n\n'),
      async (all, size, end) => {
        const lines = await cut(all.join(end), size)
        assert.deepEqual(
          lines.map(piece => piece.text),
          all,
        )
        assert.ok(lines.every(piece => piece.problem === null))
        const array = await cut(` [\n${all.join(` ,${end}`)}${end}] \n`, size)
        assert.deepEqual(
          array.map(piece => piece.text),
          all,
        )
        assert.deepEqual(
          array.map(piece => piece.line),
          all.map((_, index) => index + 1),
        )
      },
    ),
  )
})

it('ends with pieces or a failure that says why, whatever the file holds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.integer({ min: 1, max: 9 }), async (bytes, size) => {
      try {
        for (const piece of await cut(bytes, size)) assert.ok(piece.line >= 1)
      } catch (error) {
        assert.match((error as Error).message, /^Cannot send/)
      }
    }),
  )
})

async function cut(file: string | Uint8Array, size: number): Promise<Piece[]> {
  const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : file
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  return Array.fromAsync(cutEvents(decodeText(chunks(), 'utf-8')))
}
