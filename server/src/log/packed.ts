// How records lie in the body of a commit: one after another, little-endian, without a gap.
//
//   0  u8   kind: 0 event, 1 batch, 2 tally, 3 rejection; + 0x80 when the mode is test; + 0x40 when there are extras
//   1  u8   length of the request id        2  u8  length of the product        3  u8  length of the key id
//   4  u32  events                          8  u32 length of the body          12  u48 received, Unix ms
//  18  request id, product, key id (UTF-8), extras, body
//
//   extras  u32 length, then as many bytes of JSON: {idempotencyKey?, positions?, replayOf?}
//
// A commit's checksum lies beside it in the store; this file only refuses what cannot be a packed record.

import assert from 'node:assert'
import type { LogRecord, StoredRecord } from './record.ts'

const kinds = ['event', 'batch', 'tally', 'rejection'] as const
const headBytes = 18
const testBit = 0x80
const extrasBit = 0x40
/** An integer of `positions` and its comma. */
const positionBytesMax = 12

/** An upper bound of what `packRecord` will write. */
export function packedBytesMax(record: LogRecord): number {
  const ids = 3 * (record.requestId.length + record.product.length + record.keyId.length)
  return headBytes + ids + extrasBytesMax(record) + record.body.length
}

/** Writes `record` at `at`, where `packedBytesMax` bytes are free, and says where it ends. */
export function packRecord(into: Buffer, at: number, record: LogRecord): number {
  const kind = kinds.indexOf(record.kind)
  assert(kind >= 0, `Cannot pack a record because kind must be one of ${kinds.join(', ')}: got ${record.kind}`)
  let end = at + headBytes
  const idBytes = into.write(record.requestId, end)
  end += idBytes
  const productBytes = into.write(record.product, end)
  end += productBytes
  const keyBytes = into.write(record.keyId, end)
  end += keyBytes
  assert(
    idBytes < 256 && productBytes < 256 && keyBytes < 256,
    `Cannot pack a record because ids must be under 256 bytes: got ${idBytes}, ${productBytes}, ${keyBytes}`,
  )
  const withExtras = hasExtras(record)
  if (withExtras) {
    const extrasBytes = into.write(extrasOf(record), end + 4)
    into.writeUInt32LE(extrasBytes, end)
    end += 4 + extrasBytes
  }
  into[at] = kind | (record.mode === 'test' ? testBit : 0) | (withExtras ? extrasBit : 0)
  into[at + 1] = idBytes
  into[at + 2] = productBytes
  into[at + 3] = keyBytes
  into.writeUInt32LE(record.events, at + 4)
  into.writeUInt32LE(record.body.length, at + 8)
  into.writeUIntLE(record.receivedMs, at + 12, 6)
  into.set(record.body, end)
  return end + record.body.length
}

/** The records of a commit whose first has `offset`, or null when the bytes are not packed records. Bodies are views. */
export function unpackRecords(packed: Uint8Array, offset: number, count: number): StoredRecord[] | null {
  const from = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
  const records: StoredRecord[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + headBytes > from.length) return null
    const kind = kinds[from[at]! & ~(testBit | extrasBit)]
    const idEnd = at + headBytes + from[at + 1]!
    const productEnd = idEnd + from[at + 2]!
    const keyEnd = productEnd + from[at + 3]!
    const withExtras = (from[at]! & extrasBit) !== 0
    if (withExtras && keyEnd + 4 > from.length) return null
    const bodyStart = withExtras ? keyEnd + 4 + from.readUInt32LE(keyEnd) : keyEnd
    const end = bodyStart + from.readUInt32LE(at + 8)
    if (kind === undefined || end > from.length) return null
    const extras = withExtras ? readExtras(from.toString('utf8', keyEnd + 4, bodyStart)) : noExtras
    if (extras === null) return null
    records.push({
      offset: offset + i,
      kind,
      requestId: from.toString('utf8', at + headBytes, idEnd),
      product: from.toString('utf8', idEnd, productEnd),
      keyId: from.toString('utf8', productEnd, keyEnd),
      mode: (from[at]! & testBit) === 0 ? 'live' : 'test',
      receivedMs: from.readUIntLE(at + 12, 6),
      events: from.readUInt32LE(at + 4),
      ...extras,
      body: packed.subarray(bodyStart, end),
    })
    at = end
  }
  return at === from.length ? records : null
}

type Extras = Pick<LogRecord, 'idempotencyKey' | 'positions' | 'replayOf'>

const noExtras: Extras = {}

function hasExtras({ idempotencyKey, positions, replayOf }: LogRecord): boolean {
  return idempotencyKey !== undefined || positions !== undefined || replayOf !== undefined
}

function extrasBytesMax(record: LogRecord): number {
  if (!hasExtras(record)) return 0
  const { idempotencyKey, positions, replayOf } = record
  // JSON escapes a quote or a backslash with one more byte, anything odd with five.
  return (
    128 + 6 * ((idempotencyKey?.length ?? 0) + (replayOf?.length ?? 0)) + positionBytesMax * (positions?.length ?? 0)
  )
}

function extrasOf({ idempotencyKey, positions, replayOf }: LogRecord): string {
  return JSON.stringify({ idempotencyKey, positions, replayOf })
}

/** Null when this is no text of ours. */
function readExtras(text: string): Extras | null {
  try {
    const { idempotencyKey, positions, replayOf } = JSON.parse(text) as Extras
    if (positions !== undefined && !Array.isArray(positions)) return null
    return {
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(positions !== undefined && { positions }),
      ...(replayOf !== undefined && { replayOf }),
    }
  } catch {
    return null
  }
}
