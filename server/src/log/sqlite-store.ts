// The log's store on disk: a directory of SQLite files, opened by `node:sqlite`. The only file that knows SQLite.
//
//   segment-00000012-1500-9000.db        number, first offset, events before it (decimal)
//   segment-….db-wal, -shm               while it is written, and until it is sealed
//   segment-….db.damaged, -wal.damaged   set aside because one of them was broken; its records are in the next number,
//                                        which has the same first offset (see wal-frames.ts)
//   consumed.json                        {format, logId, offset, events}: how far the reader has come
//   new-….tmp                            a segment or note being made; removed at start
//
// A segment is made under a temporary name, synced, renamed, and the directory synced: it is there whole or not at
// all. While it is written all commits lie in its WAL, which is never checkpointed: a commit is one insert and one
// fsync. A read-only connection is held beside the writing one, because SQLite checkpoints when its last writing
// connection closes and a read-only one cannot. Sealing checkpoints into the .db and empties the WAL.
// Never open a segment's .db or -shm with node:fs: closing any descriptor of it drops SQLite's locks in the process.

import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { CommitHead } from './commit.ts'
import { copySqlite } from '../sqlite-copy.ts'
import { makeFolderDurably, renameDurably, syncFolder, writeFileDurably } from '../durable-file.ts'
import {
  type Consumed,
  type LogStore,
  type SegmentName,
  type SegmentReader,
  type SegmentWriter,
  StoreError,
} from './store.ts'
import { mendedWal, readWal } from './wal-frames.ts'

/** Version of the tables, and of what packed.ts packs (2: extras; 3: rejections). A newer one is refused; older ones are read. */
export const segmentFormat = 3
const pageBytes = 8192
const busyMs = 2_000
const namePattern = /^segment-(\d{8,})-(\d+)-(\d+)\.db$/
const headColumns = 'offset, records, events_before, events, body_bytes, body_sum, head_sum'
const lastHead = `SELECT ${headColumns} FROM commits ORDER BY offset DESC LIMIT 1`

export function openSqliteStore(dir: string): LogStore {
  makeFolderDurably(dir)
  return {
    list: () => guarded('list the segments', () => listSegments(dir)),
    create: (name, logId) => guarded('make a segment', () => createSegment(dir, name, logId)),
    openWriter: (name, logId) => guarded(`open ${fileOf(name)}`, () => reopenSegment(dir, name, logId ?? (() => null))),
    openReader: name => guarded(`open ${fileOf(name)}`, () => openSegmentReader(dir, name), join(dir, fileOf(name))),
    seal: name => guarded(`seal ${fileOf(name)}`, () => sealSegment(join(dir, fileOf(name)))),
    stat: name => guarded(`look at ${fileOf(name)}`, () => statSegment(join(dir, fileOf(name)))),
    drop: name => guarded(`drop ${fileOf(name)}`, () => dropSegment(dir, fileOf(name))),
    freeBytes: () =>
      guarded('see the free space', () => {
        const { bavail, bsize } = statfsSync(dir)
        return bavail * bsize
      }),
    readConsumed: () => guarded('read consumed.json', () => readConsumed(dir)),
    writeConsumed: consumed =>
      guarded('write consumed.json', () => {
        writeFileDurably(dir, 'consumed.json', JSON.stringify({ format: 1, ...consumed }))
      }),
  }
}

/** Removes what a crash left half-made. Only the writer, holding the lock, may call it. */
export function tidySqliteStore(dir: string): void {
  const names = readdirSync(dir)
  for (const name of names) {
    const owner = name.replace(/-(wal|shm)$/, '')
    const orphan = owner !== name && namePattern.test(owner) && !names.includes(owner)
    if (orphan || (name.startsWith('new-') && name.includes('.tmp'))) rmSync(join(dir, name), { force: true })
  }
}

/** Copies a segment, also one that is being written, as it is at this moment; the copy has its final form, and is synced. */
export async function copySegment(dir: string, name: SegmentName, to: string): Promise<void> {
  const file = fileOf(name)
  try {
    await copySqlite(join(dir, file), join(to, file))
  } catch (cause) {
    const why = existsSync(join(dir, file)) ? (cause as Error).message : 'retention dropped it meanwhile: try again'
    throw new Error(`Cannot copy ${file} of the log: ${why}`, { cause })
  }
}

function fileOf(name: SegmentName): string {
  return `segment-${String(name.number).padStart(8, '0')}-${name.firstOffset}-${name.eventsBefore}.db`
}

function listSegments(dir: string): SegmentName[] {
  const names: SegmentName[] = []
  for (const file of readdirSync(dir)) {
    const parts = namePattern.exec(file)
    if (parts !== null) {
      names.push({ number: Number(parts[1]), firstOffset: Number(parts[2]), eventsBefore: Number(parts[3]) })
    }
  }
  return names.sort((a, b) => a.number - b.number)
}

function createSegment(dir: string, name: SegmentName, logId: string): SegmentWriter {
  const temporary = `new-${name.number}.tmp`
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(join(dir, temporary + suffix), { force: true })
  makeEmpty(dir, temporary, name, logId)
  renameDurably(dir, temporary, fileOf(name))
  const writer = openWriterAt(dir, name, [], false)
  try {
    // The WAL was made by opening it; its directory entry must survive a power cut too.
    syncFolder(dir)
    return writer
  } catch (error) {
    writer.close()
    throw error
  }
}

/** Writes a segment without commits under a temporary name. */
function makeEmpty(dir: string, temporary: string, name: SegmentName, logId: string): void {
  const db = new DatabaseSync(join(dir, temporary))
  try {
    db.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL;
      CREATE TABLE meta (format INTEGER NOT NULL, log_id TEXT NOT NULL, first_offset INTEGER NOT NULL,
        events_before INTEGER NOT NULL);
      CREATE TABLE commits (offset INTEGER PRIMARY KEY, records INTEGER NOT NULL, events_before INTEGER NOT NULL,
        events INTEGER NOT NULL, body_bytes INTEGER NOT NULL, body_sum INTEGER NOT NULL, head_sum INTEGER NOT NULL,
        body BLOB NOT NULL);`)
    const { firstOffset, eventsBefore } = name
    db.prepare('INSERT INTO meta VALUES (?, ?, ?, ?)').run(segmentFormat, logId, firstOffset, eventsBefore)
  } finally {
    db.close()
  }
}

/** See `LogStore.openWriter`. Nothing is opened before what would be lost by opening it is in memory. */
function reopenSegment(dir: string, name: SegmentName, logId: () => string | null): SegmentWriter {
  const path = join(dir, fileOf(name))
  const { bytes: wal, found } = readWal(`${path}-wal`, pageBytes)
  if (wal === null) return openWriterAt(dir, name, [], false)
  const damage: string[] = []
  if (found.commitsBehind < 2) {
    try {
      // SQLite would delete the WAL of a file that is empty.
      if (sizeOf(path) < pageBytes) throw new StoreError('CORRUPT', 'it is cut short')
      // Where something lies behind the last commit nothing is appended, so that two torn ends never look like damage.
      const writer = openWriterAt(dir, name, [], found.framesBehind > 0)
      giveBack(wal)
      return writer
    } catch (error) {
      if (storeCodeOf(error) !== 'CORRUPT') throw error
      damage.push(`${fileOf(name)} cannot be opened: ${(error as Error).message}`)
    }
  } else {
    const place = `after frame ${found.framesValid}: ${found.commitsBehind} commits lie behind it`
    damage.push(`The write-ahead log of ${fileOf(name)} is damaged ${place}`)
    const mended = mendSegment(dir, name, mendedWal(wal, pageBytes), damage, temporary => {
      copyFileSync(path, join(dir, temporary))
    })
    if (mended !== null) return mended
  }
  // Until it is sealed, the file itself holds nothing but what its name and the log's id tell.
  const id = found.framesValid + found.framesBehind === 0 ? null : (logId() ?? idIn(path))
  if (id !== null) {
    const whole = found.commitsBehind < 2 ? wal : mendedWal(wal, pageBytes)
    const remade = mendSegment(dir, name, whole, damage, temporary => makeEmpty(dir, temporary, name, id))
    if (remade !== null) return remade
  }
  throw new StoreError('CORRUPT', damage.join('. '))
}

/** Frees the memory at once: the thread that opens a log is rarely collected, and would hold a whole WAL for ever. */
function giveBack(bytes: Buffer): void {
  const { buffer } = bytes
  // A small one may lie in a buffer that others share.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length) buffer.transfer(0)
}

/**
 * Makes the next segment out of a file that `make` gives and a WAL, and sets the damaged one aside; null when what
 * comes of it cannot be read. It has a name of its own because a reader may hold the damaged one open, and with it
 * SQLite's idea of where that ends.
 */
function mendSegment(
  dir: string,
  name: SegmentName,
  wal: Buffer,
  damage: string[],
  make: (temporary: string) => void,
): SegmentWriter | null {
  const mended = { ...name, number: name.number + 1 }
  const file = fileOf(name)
  const temporary = `new-${mended.number}.tmp`
  try {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(join(dir, temporary + suffix), { force: true })
    make(temporary)
    writeFileSync(join(dir, `${temporary}-wal`), wal)
    sealSegment(join(dir, temporary))
    checkSegment(join(dir, temporary), name)
  } catch (error) {
    const code = storeCodeOf(error)
    if (code === 'FULL' || code === 'BUSY') throw error
    damage.push(`Its commits could not be brought back: ${(error as Error).message}`)
    return null
  }
  renameDurably(dir, temporary, fileOf(mended))
  for (const suffix of ['', '-wal']) {
    if (existsSync(join(dir, file + suffix)))
      renameSync(join(dir, file + suffix), join(dir, `${file}${suffix}.damaged`))
  }
  rmSync(join(dir, `${file}-shm`), { force: true })
  syncFolder(dir)
  const sentence = `Its commits were brought back into ${fileOf(mended)}; what of them is broken is reported when it is read`
  return openWriterAt(dir, mended, [[...damage, sentence].join('. ')], true)
}

/** Throws unless it can be opened and shows its last commit. */
function checkSegment(path: string, name: SegmentName): void {
  const db = new DatabaseSync(path, { timeout: busyMs })
  try {
    checkMeta(db, name)
    db.prepare(lastHead).get()
  } finally {
    db.close()
  }
}

/** The log's id as it stands somewhere in a file that SQLite cannot open. */
function idIn(path: string): string | null {
  return /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/.exec(readFileSync(path, 'latin1'))?.[0] ?? null
}

function openWriterAt(dir: string, name: SegmentName, damage: string[], closedForAppend: boolean): SegmentWriter {
  const path = join(dir, fileOf(name))
  const pin = new DatabaseSync(path, { readOnly: true, timeout: busyMs })
  let db: DatabaseSync | null = null
  try {
    // Before there is a writing connection: one that is closed would move the WAL into a file that is damaged.
    const logId = checkMeta(pin, name)
    db = new DatabaseSync(path, { timeout: busyMs })
    db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_spill = OFF')
    const writing = db
    const insert = db.prepare(`INSERT INTO commits (${headColumns}, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
    const last = db.prepare(lastHead).get()
    return {
      logId,
      last: last === undefined ? null : headOf(last as HeadRow),
      damage,
      closedForAppend,
      append: commit =>
        guarded('write a commit', () => {
          const { offset, records, eventsBefore, events, bodyBytes, bodySum, headSum, body } = commit
          insert.run(offset, records, eventsBefore, events, bodyBytes, bodySum, headSum, body)
        }),
      bytes: () => sizeOf(`${path}-wal`),
      close: () => {
        writing.close()
        pin.close()
      },
    }
  } catch (error) {
    db?.close()
    pin.close()
    throw error
  }
}

function openSegmentReader(dir: string, name: SegmentName): SegmentReader {
  const db = new DatabaseSync(join(dir, fileOf(name)), { readOnly: true, timeout: busyMs })
  try {
    const logId = checkMeta(db, name)
    const next = db.prepare(`SELECT ${headColumns}, body FROM commits WHERE offset >= ? ORDER BY offset LIMIT 1`)
    const nextHead = db.prepare(`SELECT ${headColumns} FROM commits WHERE offset >= ? ORDER BY offset LIMIT 1`)
    const holding = db.prepare(`SELECT ${headColumns} FROM commits WHERE offset <= ? ORDER BY offset DESC LIMIT 1`)
    const headAt = (statement: StatementSync, offset: number) => {
      const row = guarded('read a commit', () => statement.get(offset))
      return row === undefined ? null : headOf(row as HeadRow)
    }
    return {
      logId,
      next: offset => {
        const row = guarded('read a commit', () => next.get(offset)) as (HeadRow & { body: unknown }) | undefined
        if (row === undefined) return null
        const body = row.body instanceof Uint8Array ? row.body : new Uint8Array()
        return { ...headOf(row), body }
      },
      nextHead: offset => headAt(nextHead, offset),
      holding: offset => headAt(holding, offset),
      close: () => db.close(),
    }
  } catch (error) {
    db.close()
    throw error
  }
}

function sealSegment(path: string): void {
  const db = new DatabaseSync(path, { timeout: busyMs })
  try {
    const done = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number } | undefined
    if (done?.busy !== 0) throw new StoreError('BUSY', 'a reader was using it')
  } finally {
    db.close()
  }
}

function statSegment(path: string): { bytes: number; bornMs: number; changedMs: number; sealed: boolean } {
  const wal = statSync(`${path}-wal`, { throwIfNoEntry: false })
  const db = statSync(path)
  const sealed = wal === undefined || wal.size === 0
  const bytes = db.size + (wal?.size ?? 0) + sizeOf(`${path}-shm`)
  return { bytes, bornMs: db.birthtimeMs, changedMs: sealed ? db.mtimeMs : wal.mtimeMs, sealed }
}

function dropSegment(dir: string, file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(dir, file + suffix), { force: true })
  // What was set aside goes with the segment that has its records: names sort by number.
  for (const name of readdirSync(dir)) {
    if (name.endsWith('.damaged') && name < file) rmSync(join(dir, name), { force: true })
  }
  syncFolder(dir)
}

function readConsumed(dir: string): Consumed | null {
  const path = join(dir, 'consumed.json')
  if (!existsSync(path)) return null
  const text = readFileSync(path, 'utf8')
  try {
    const { logId, offset, events } = JSON.parse(text)
    if (typeof logId !== 'string' || !Number.isSafeInteger(offset)) return null
    return { logId, offset, events: Number.isSafeInteger(events) ? events : null }
  } catch {
    return null
  }
}

type HeadRow = Record<
  'offset' | 'records' | 'events_before' | 'events' | 'body_bytes' | 'body_sum' | 'head_sum',
  number
>

function headOf(row: HeadRow): CommitHead {
  return {
    offset: row.offset,
    records: row.records,
    eventsBefore: row.events_before,
    events: row.events,
    bodyBytes: row.body_bytes,
    bodySum: row.body_sum,
    headSum: row.head_sum,
  }
}

/** Refuses a segment of a newer version, and one that is not what its name says. Gives the log's id. */
function checkMeta(db: DatabaseSync, name: SegmentName): string {
  const meta = db.prepare('SELECT format, log_id, first_offset, events_before FROM meta').get() as
    | { format: number; log_id: string; first_offset: number; events_before: number }
    | undefined
  if (meta === undefined) throw new StoreError('CORRUPT', 'it has no meta row')
  if (meta.format > segmentFormat) {
    const wanted = `must be ${segmentFormat} or older: got ${meta.format}; a newer DataPulse wrote it`
    throw new StoreError('NEWER', `Cannot open ${fileOf(name)} because its format version ${wanted}`)
  }
  if (meta.first_offset !== name.firstOffset || meta.events_before !== name.eventsBefore) {
    throw new StoreError('CORRUPT', `it begins at ${meta.first_offset}, its name says otherwise`)
  }
  return meta.log_id
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** Runs a disk call and turns what it throws into a `StoreError`. `needed` is a file whose absence is told apart. */
function guarded<T>(what: string, call: () => T, needed?: string): T {
  try {
    return call()
  } catch (error) {
    if (error instanceof StoreError && error.code === 'NEWER') throw error
    const known = error as Error & { code?: string; errcode?: number }
    const code = storeCodeOf(error)
    const absent = needed !== undefined && !existsSync(needed)
    const detail = known.errcode === undefined ? known.message : `${known.message} (SQLite ${known.errcode})`
    throw new StoreError(absent ? 'MISSING' : code, `Cannot ${what}: ${detail}`, error)
  }
}

function storeCodeOf(error: unknown): StoreError['code'] {
  return error instanceof StoreError ? error.code : codeOf(error as Error & { code?: string; errcode?: number })
}

function codeOf(error: { code?: string; errcode?: number }): StoreError['code'] {
  switch ((error.errcode ?? -1) & 0xff) {
    case 13:
      return 'FULL'
    case 5:
    case 6:
    case 15:
    case 17:
      return 'BUSY'
    // Our statements are right: what SQLite finds wrong with them is wrong with the file.
    case 1:
    case 11:
    case 19:
    case 20:
    case 22:
    case 24:
    case 26:
      return 'CORRUPT'
  }
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return 'FULL'
  // A number outside the safe integers: no writer of ours wrote it.
  if (error.code === 'ERR_OUT_OF_RANGE') return 'CORRUPT'
  return error.code === 'ENOENT' ? 'MISSING' : 'IO'
}
