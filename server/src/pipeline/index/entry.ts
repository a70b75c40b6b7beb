// The bytes of one entry of the index.
//
//   key    16 bytes  identity
//   value  16 bytes  request id (the UUID's bytes)
//           4 bytes  position, signed, big-endian (-1: the request as a whole)
//           8 bytes  fingerprint of what a duplicate is compared by
//           1 byte   1: no note has counted it, as far as it lies in the uncounted stretch
//
// Every identity's key has 16 bytes; keys of other lengths are the index's own notes.

import assert from 'node:assert/strict'
import type { IndexEntry } from './identity-index.ts'

export const keyBytes = 16
export const valueBytes = 29

export function encodeKey(identity: string): Buffer {
  const key = Buffer.from(identity, 'hex')
  assert.equal(key.length, keyBytes, `identity must be 32 hex digits: got ${identity}`)
  return key
}

/** The keys of many, one after another. */
export function encodeKeys(identities: readonly string[]): Buffer {
  const keys = Buffer.from(identities.join(''), 'hex')
  assert.equal(keys.length, identities.length * keyBytes, 'every identity must be 32 hex digits')
  return keys
}

export function keyAt(keys: Buffer, i: number): Buffer {
  return keys.subarray(i * keyBytes, (i + 1) * keyBytes)
}

export function encodeValue(entry: IndexEntry): Buffer {
  const value = Buffer.allocUnsafe(valueBytes)
  const id = entry.requestId
  value.write(id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24, 36), 0, 16, 'hex')
  value.writeInt32BE(entry.position, 16)
  value.write(entry.fingerprint, 20, 8, 'hex')
  value[28] = entry.uncounted ? 1 : 0
  return value
}

/** Null when these bytes are no entry: the index is damaged. */
export function decodeValue(value: Uint8Array): IndexEntry | null {
  if (value.length !== valueBytes) return null
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length)
  const id = bytes.toString('hex', 0, 16)
  return {
    requestId: `${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20)}`,
    position: bytes.readInt32BE(16),
    fingerprint: bytes.toString('hex', 20, 28),
    uncounted: bytes[28] === 1,
  }
}
