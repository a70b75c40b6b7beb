// What a backup says about itself: manifest.json, written last, so that a backup without it is not one.
//
//   { format, program, began_at, taken_at, ended_at, loads_held_ms,
//     warehouse: null | { id, version, database, load_seq, log_offset, totals, tables: [{ name, create, parts }], rows, sums },
//     log: null | { id, oldest, head, queued }, accounts: { products, keys }, files: [{ path, bytes, sha256 }], sha256 }
//
// `sha256` is that of the JSON without it and without white space. `warehouse` is null where a ClickHouse server is the
// warehouse. `rows` and `sums` were counted in what was copied, not in what went on meanwhile.
// A newer format is refused; the formats before are read.

import { createHash } from 'node:crypto'
import type { LoadNote } from '../warehouse/load.ts'
import type { AccountsCopied, LogCopied, Measured } from './needs.ts'

export const manifestName = 'manifest.json'
const formatVersion = 1

export type FileCopied = { path: string; bytes: number; sha256: string }

export type Manifest = {
  format: number
  /** Version of the program that made it. */
  program: string
  began_at: string
  /** The moment whose warehouse this is. */
  taken_at: string
  ended_at: string
  loads_held_ms: number
  warehouse: WarehouseTold | null
  log: LogCopied | null
  accounts: AccountsCopied
  files: FileCopied[]
}

type WarehouseTold = {
  id: string
  version: number
  /** The last load that is in it, and where that ended in the log. */
  load_seq: number
  log_offset: number
  totals: LoadNote['totals'] | null
  tables: { name: string; create: string; parts: string[] }[]
} & Measured

export function writeManifest(manifest: Omit<Manifest, 'format'>): string {
  const whole: Manifest = { format: formatVersion, ...manifest }
  return `${JSON.stringify({ ...whole, sha256: sumOf(whole) }, null, 1)}\n`
}

/** The manifest, or a sentence why it is none. */
export function readManifest(text: string): Manifest | string {
  let read: Manifest & { sha256?: unknown }
  try {
    read = JSON.parse(text) as typeof read
  } catch {
    return `${manifestName} is damaged: it is not JSON`
  }
  const { sha256, ...manifest } = read ?? {}
  if (typeof manifest.format !== 'number') return `${manifestName} is damaged: it does not say its format`
  if (manifest.format > formatVersion)
    return `its format must be ${formatVersion} or older: got ${manifest.format}; a newer DataPulse wrote it`
  if (sha256 !== sumOf(manifest)) return `${manifestName} is damaged: its checksum is another one`
  const strange = manifest.files.find(({ path }) => !isInside(path))
  return strange === undefined ? manifest : `${manifestName} names a file outside of the backup: ${strange.path}`
}

function sumOf(manifest: object): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex')
}

function isInside(path: string): boolean {
  return !path.startsWith('/') && path.split('/').every(name => name !== '' && name !== '.' && name !== '..')
}
