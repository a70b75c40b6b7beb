// The index of identities on LevelDB: a directory with one small value per identity, written in one synced batch per
// load. A get of many keys runs off the main thread. Keys are hashes: there is nothing to compress, and they are asked for
// and written nearly in order (key-order.ts). LevelDB's bloom filter answers for most identities that are new.
// bench/micro/pipeline.bench.ts measures it.
//
// Notes of its own, under keys that are not 16 bytes long, as JSON:
//   format      version of this layout; a newer or unknown one is not read but rebuilt
//   checkpoint  see Checkpoint
//   pending     see Pending
//
// What LevelDB cannot read is INDEX_DAMAGED, a lock that
// another process holds INDEX_HELD, everything else (no space) INDEX_IO. LevelDB checks the checksums
// of its logs and manifest, but not of blocks that it looks up: an entry is checked for its length only.

import { rm } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import { decodeValue, encodeKey, encodeKeys, encodeValue, keyAt } from './entry.ts'
import {
  type Checkpoint,
  type IdentityEntry,
  type IdentityIndex,
  type IndexEntry,
  IndexFault,
  type IndexPlace,
  type IndexState,
  type Pending,
  type Staged,
} from './identity-index.ts'
import { keyOrder } from './key-order.ts'

export const indexFormat = 1
const notes = { format: Buffer.from('format'), checkpoint: Buffer.from('checkpoint'), pending: Buffer.from('pending') }

/**
 * Memory is at most two write buffers, the cache, and the index blocks of open tables. The cache is small because tables
 * are mapped where that is possible, and what is mapped is not cached again (measured: 64 MiB of it gained nothing).
 */
export const levelOptions = {
  keyEncoding: 'buffer',
  valueEncoding: 'buffer',
  compression: false,
  cacheSize: 8 * 1024 * 1024,
  writeBufferSize: 16 * 1024 * 1024,
  blockSize: 4 * 1024,
  maxFileSize: 16 * 1024 * 1024,
  maxOpenFiles: 1000,
} as const

type Level = ClassicLevel<Buffer, Buffer>

/** The index in a directory of its own. */
export function levelIndexPlace(dir: string): IndexPlace {
  return {
    open: () => openLevelIndex(dir),
    wipe: () => rm(dir, { recursive: true, force: true, maxRetries: 3 }),
  }
}

async function openLevelIndex(dir: string): Promise<IdentityIndex> {
  const level: Level = new ClassicLevel(dir, levelOptions)
  await guarded(() => level.open())
  try {
    await checkFormat(level)
  } catch (cause) {
    await level.close().catch(() => {})
    throw cause
  }
  return {
    state: () => guarded(() => readState(level)),
    find: identities => guarded(() => find(level, identities)),
    begin: pending => guarded(() => level.put(notes.pending, toBytes(pending), { sync: true })),
    stage: entries => stage(level, entries),
    commit: (staged, checkpoint) => guarded(() => commit(staged as StagedBatch, checkpoint)),
    replace: (identities, entries) => guarded(() => replace(level, identities, entries)),
    add: entries => guarded(() => level.batch(entries.map(toPut))),
    bytes: () => guarded(() => level.approximateSize(Buffer.alloc(16, 0), Buffer.alloc(17, 255))),
    close: () => guarded(() => level.close()),
  }
}

async function checkFormat(level: Level): Promise<void> {
  const found = await guarded(() => level.get(notes.format))
  if (found === undefined) {
    const first = await guarded(() => level.keys({ limit: 1 }).all())
    if (first.length > 0) throw new IndexFault('the index does not say its format', { damaged: true })
    await guarded(() => level.put(notes.format, toBytes(indexFormat), { sync: true }))
    return
  }
  if (fromBytes(found) !== indexFormat) {
    throw new IndexFault(`the index has format ${found.toString()}, this program reads ${indexFormat}`, {
      damaged: true,
    })
  }
}

async function readState(level: Level): Promise<IndexState> {
  const [checkpoint, pending] = await level.getMany([notes.checkpoint, notes.pending])
  return {
    checkpoint: checkpoint === undefined ? null : (fromBytes(checkpoint) as Checkpoint),
    pending: pending === undefined ? null : (fromBytes(pending) as Pending),
  }
}

async function find(level: Level, identities: string[]): Promise<(IndexEntry | undefined)[]> {
  if (identities.length === 0) return []
  const keys = encodeKeys(identities)
  const order = keyOrder(keys)
  const values = await level.getMany(Array.from(order, i => keyAt(keys, i)))
  const found = Array.from<IndexEntry | undefined>({ length: identities.length })
  for (const [at, value] of values.entries()) if (value !== undefined) found[order[at]!] = entryIn(value)
  return found
}

function entryIn(value: Buffer): IndexEntry {
  const entry = decodeValue(value)
  if (entry === null) throw new IndexFault(`an entry of the index has ${value.length} bytes`, { damaged: true })
  return entry
}

type StagedBatch = Staged & { batch: ReturnType<typeof chain> }

/** A batch in LevelDB's own memory: making it costs as much as writing it, and can be done while a load is under way. */
function stage(level: Level, entries: Iterable<IdentityEntry>): StagedBatch {
  const batch = chain(level)
  const all = [...entries]
  const keys = encodeKeys(all.map(entry => entry.identity))
  for (const i of keyOrder(keys)) batch.put(keyAt(keys, i), encodeValue(all[i]!))
  return { batch, discard: () => batch.close() }
}

function chain(level: Level) {
  return level.batch()
}

async function commit({ batch }: StagedBatch, checkpoint: Checkpoint): Promise<void> {
  batch.put(notes.checkpoint, toBytes(checkpoint)).del(notes.pending)
  await batch.write({ sync: true })
}

async function replace(level: Level, identities: string[], entries: IdentityEntry[]): Promise<void> {
  const batch = chain(level)
  for (const identity of identities) batch.del(encodeKey(identity))
  for (const entry of entries) batch.put(encodeKey(entry.identity), encodeValue(entry))
  await batch.write({ sync: true })
}

function toPut(entry: IdentityEntry) {
  return { type: 'put' as const, key: encodeKey(entry.identity), value: encodeValue(entry) }
}

function toBytes(note: unknown): Buffer {
  return Buffer.from(JSON.stringify(note))
}

function fromBytes(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch (cause) {
    throw new IndexFault('a note of the index is not JSON', { damaged: true, cause })
  }
}

/** LevelDB's errors, as ours. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof IndexFault) throw cause
    const { code, message } = deepest(cause)
    const held = code === 'LEVEL_LOCKED' || /\block\b/i.test(message)
    const damaged = code === 'LEVEL_CORRUPTION' || /corrupt|checksum|missing files|bad block|bad magic/i.test(message)
    throw new IndexFault(`the index failed: ${message}`, { damaged: damaged && !held, held, cause })
  }
}

function deepest(cause: unknown): { code: string; message: string } {
  const error = cause as { code?: string; message?: string; cause?: unknown }
  if (error.cause !== undefined && error.cause !== null) return deepest(error.cause)
  return { code: error.code ?? '', message: error.message ?? String(cause) }
}
