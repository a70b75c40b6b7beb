// A manifest is read as it was written, or not at all.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Manifest, readManifest, writeManifest } from './manifest.ts'

const manifest: Omit<Manifest, 'format'> = {
  program: '0.1.0',
  began_at: '2026-06-01T00:00:00.000Z',
  taken_at: '2026-06-01T00:00:01.000Z',
  ended_at: '2026-06-01T00:00:02.000Z',
  loads_held_ms: 12,
  warehouse: null,
  log: { id: 'a', oldest: { offset: 0, events: 0 }, head: { offset: 3, events: 5 }, queued: 2 },
  accounts: { products: 1, keys: 2 },
  files: [{ path: 'log/segment-00000001-0-0.db', bytes: 3, sha256: 'ab' }],
}

test('it is read as it was written, however its white space looks', () => {
  const text = writeManifest(manifest)
  assert.deepEqual(readManifest(text), { format: 1, ...manifest })
  assert.deepEqual(readManifest(JSON.stringify(JSON.parse(text))), { format: 1, ...manifest })
})

test('any changed character is noticed', () => {
  const text = writeManifest(manifest)
  for (const [from, to] of [
    ['"keys": 2', '"keys": 3'],
    ['0.1.0', '0.1.1'],
    ['"sha256": "ab"', '"sha256": "ac"'],
    ['"log": {', '"lug": {'],
  ] as const) {
    assert.ok(text.includes(from))
    assert.match(refusalOf(text.replace(from, to)), /checksum is another one/)
  }
  assert.match(refusalOf(text.slice(0, -20)), /it is not JSON/)
  assert.match(refusalOf('null'), /damaged/)
})

test('a newer format is refused by its number, whatever else is in it', () => {
  assert.match(refusalOf('{"format":2,"all":"otherwise"}'), /must be 1 or older: got 2; a newer DataPulse/)
})

test('no file outside of the backup is named', () => {
  for (const path of ['../accounts.db', '/etc/passwd', 'log/../../x', 'log//x', ''])
    assert.match(
      refusalOf(writeManifest({ ...manifest, files: [{ path, bytes: 1, sha256: '' }] })),
      /names a file outside/,
    )
})

function refusalOf(text: string): string {
  const read = readManifest(text)
  return typeof read === 'string' ? read : 'it was read'
}
