// The door of moving: an installation of one machine goes to where several machines share their log, accounts and warehouse.
//
//   look       everything is read through and counted; what cannot be moved as it is is refused before anything is changed
//   claim      the data directory says where it goes (migrated-file.ts), and the other side whose move it is: no server starts
//              on either of both until the end
//   accounts   every document as it is
//   warehouse  share after share: blocks of rows, then its notes, and last of all the note from which its pipeline goes on
//   queue      what is in the log behind the last load, appended in order (queue.ts)
//   compare    counts, exact sums and a sum of hashes of all rows, by product and event name: else it is not done
//   end        the other side may be started on, and the data directory says that it is done
//
// Each step finds what an earlier attempt did of it, so that whoever is killed on any line does the same again and goes on. It
// can, because what is left stays as it is. Of rows, those up to the last load go along; what a load left half-done behind
// that has no note, is still in the log, and is loaded by whoever has the share.
//
// The note that is put last names the new log, and its beginning: so recovery (pipeline/recovery.ts) finds a log that fits and
// of which nothing is loaded, and goes on there, with the totals of the share. In it accepted is what was decided: each event
// of the old log before the queue. Where there are several shares the totals are those of the rows that each has; what the
// old note counted and no row stands for stays missing, in the first.

import { setTimeout as sleep } from 'node:timers/promises'
import type { LogHead } from '../log/record.ts'
import type { LoadNote, MovedShare, MovedSum, Totals } from '../warehouse/load.ts'
import { isDeepStrictEqual } from 'node:util'
import type { Migrated, MovedTo } from './migrated-file.ts'
import type { MakeToken, MovedAccounts, MoveSource, MoveTarget } from './needs.ts'
import { measureQueue, moveQueue, type Queued } from './queue.ts'

export type MigrationParts = {
  source: MoveSource
  /** Null to look only. */
  target: MoveTarget | null
  to: MovedTo
  shareOf: (product: string) => number
  /** The version of the warehouse that this program writes. */
  warehouseVersion: number
  /** The last load before `note` whose totals count. */
  lastWhole: (note: LoadNote | null) => number
  makeToken: MakeToken
  now: () => number
  /** Of this move: the one that the data directory names, or one that nobody has. */
  id: string
  /** What is going on, in a sentence. */
  tell: (sentence: string) => void
  /** How long something that an attempt before this one sent may still arrive; 2 seconds where nothing is said. */
  settleMs?: number
}

export type Moved = {
  state: 'looked' | 'done'
  to: MovedTo
  products: number
  keys: number
  erasures: number
  events: number
  duplicates: number
  parked: number
  rejected: number
  warehouse_bytes: number
  queued: Queued
  /** Groups of rows whose counts and sums were compared, and are equal. */
  compared: number
}

/** What was found before anything is changed. */
type Found = {
  accounts: MovedAccounts
  note: LoadNote | null
  upTo: number
  /** Where the log goes on behind the last load. */
  from: number
  queued: Queued
  all: Totals
  bytes: number
}

export async function migrate(parts: MigrationParts): Promise<Moved> {
  const found = await look(parts)
  const { target } = parts
  if (target === null) return movedAs(parts, found, 'looked', 0)
  const begun = await begin(parts, target, found)
  if (begun.claim === 'done') {
    await end(parts, target, begun.migrated)
    return movedAs(parts, found, 'done', 0)
  }
  const step = steps(target, begun.migrated)
  await step('accounts', () => moveAccounts(parts, target, found))
  for (let share = 0; share < parts.to.shares; share++)
    await step(`warehouse ${share}`, () => moveWarehouse(parts, target, found, share, begun))
  if (begun.isResumed) await sleep(parts.settleMs ?? 2_000)
  const ends = await moveLog(parts, target, found)
  const compared = await compare(parts, target, found, ends)
  await end(parts, target, begun.migrated)
  return movedAs(parts, found, 'done', compared)
}

async function look({ source, warehouseVersion, lastWhole, to, tell }: MigrationParts): Promise<Found> {
  const { warehouse, log } = source
  const migrated = source.migrated()
  if (migrated !== null && !isDeepStrictEqual(migrated.to, to))
    throw new Error(
      `Cannot move the installation to ${placeOf(to)} because an earlier \`datapulse migrate\` began to move it to ${placeOf(migrated.to)}: end that one.`,
    )
  const accounts = source.accounts()
  const version = await warehouse.version()
  if (version !== warehouseVersion)
    throw new Error(
      `Cannot move the warehouse because its version must be ${warehouseVersion}: got ${version}. Start this version of the program on it once.`,
    )
  if ((await warehouse.countUnfinished()) > 0) throw halfDone('a decision about a conflict')
  const isErasing = ({ kind, value }: MovedAccounts['documents'][0]) =>
    kind === 'erasure' && (value as { state?: unknown }).state === 'requested'
  if (accounts.documents.some(isErasing)) throw halfDone('the erasure of a user')
  const note = await warehouse.lastNote()
  const fits = await source.fits(note)
  if ('problem' in fits) throw new Error(fits.problem)
  tell('The log behind the last load is read through.')
  const queued = await measureQueue(log, fits.from)
  const upTo = lastWhole(note)
  const rows = await warehouse.outcomes({ share: 0, shares: 1, upTo })
  const all = note?.totals ?? { ...rows, accepted: rows.stored + rows.duplicate + rows.parked }
  return { accounts, note, upTo, from: fits.from, queued, all, bytes: await warehouse.bytes() }
}

function halfDone(what: string): Error {
  return new Error(
    `Cannot move the installation because ${what} is begun and not done: start the server on it once, and stop it when it is ready.`,
  )
}

type Begun = { migrated: Migrated; claim: 'none' | 'under way' | 'done'; isResumed: boolean }

async function begin(parts: MigrationParts, target: MoveTarget, { accounts }: Found): Promise<Begun> {
  const { source, to, now, id, tell } = parts
  const there = source.migrated()
  const migrated: Migrated = there ?? {
    format: 1,
    id,
    state: 'under way',
    begun_at: new Date(now()).toISOString(),
    ended_at: null,
    to,
    done: [],
  }
  const claim = await target.claimed(migrated.id)
  if (claim === 'none') {
    if (migrated.state === 'done') throw isDone(to)
    // What an attempt before this one did went to a place that was emptied since.
    migrated.done = []
    tell('The other side is looked at: nothing may be there yet.')
    await target.refuseOthers(accounts)
    await target.keep(migrated)
    await target.claim(migrated.id)
  }
  return { migrated, claim, isResumed: claim !== 'none' }
}

function isDone(to: MovedTo): Error {
  return new Error(
    `Cannot move the installation because it was moved to ${placeOf(to)} already, and is not there any more: remove \`migrated.json\` to move it once more.`,
  )
}

/** Does what is not noted as done, and notes it. */
function steps(target: MoveTarget, migrated: Migrated) {
  return async (name: string, work: () => Promise<void>) => {
    if (migrated.done.includes(name)) return
    await work()
    migrated.done.push(name)
    await target.keep(migrated)
  }
}

async function moveAccounts({ tell }: MigrationParts, target: MoveTarget, { accounts }: Found): Promise<void> {
  tell(`The accounts are moved: ${accounts.documents.length} documents.`)
  for (const document of accounts.documents) await target.putDocument(document)
  await target.noteUses(accounts.uses)
}

async function moveWarehouse(
  parts: MigrationParts,
  target: MoveTarget,
  found: Found,
  share: number,
  { migrated, isResumed }: Begun,
): Promise<void> {
  const { source, to, tell } = parts
  const whose: MovedShare = { share, shares: to.shares, upTo: found.upTo }
  const named = (what: string) => `moved ${migrated.id} ${share} ${what}`
  await target.ready(share)
  let rows = 0
  let toldMs = parts.now()
  for await (const block of source.warehouse.blocks(whose)) {
    const { table, month, from, to: end } = block
    const read = () => source.warehouse.read(block, whose)
    await target.put(share, block, read, named(`${table} ${month ?? ''} ${from} ${end}`), isResumed)
    rows += block.rows
    if (parts.now() - toldMs < tellMs) continue
    toldMs = parts.now()
    tell(`The warehouse of share ${share} is moved: ${rows} rows so far.`)
  }
  if (to.shares > 1)
    for await (const notes of source.warehouse.notes(whose))
      await target.putNotes(share, notes, named(`notes ${notes[0]?.seq}`), isResumed)
  const last = await lastNoteOf(parts, target, found, share)
  if (last !== null) await target.putNotes(share, [last], named('the last note'), isResumed)
  tell(`The warehouse of share ${share} is moved: ${rows} rows.`)
}

const tellMs = 5_000

/** From which the pipeline of a share goes on: at the beginning of its log. Null where nothing was ever loaded. */
async function lastNoteOf(
  parts: MigrationParts,
  target: MoveTarget,
  { note, upTo, all }: Found,
  share: number,
): Promise<LoadNote | null> {
  if (note === null) return null
  const { source, to, id, makeToken } = parts
  const totals = to.shares === 1 ? all : await totalsOf(source, all, { share, shares: to.shares, upTo })
  return {
    seq: upTo + 1,
    logId: await target.logId(share),
    from: 0,
    to: 0,
    fingerprint: '',
    token: makeToken(`${id} ${share}`, totals.accepted),
    loadedMs: note.loadedMs,
    totals,
  }
}

/** Of the rows; the first share has what was counted and has no row anywhere. */
async function totalsOf({ warehouse }: MoveSource, all: Totals, whose: MovedShare): Promise<Totals> {
  const own = await warehouse.outcomes(whose)
  if (whose.share === 0) {
    const rows = await warehouse.outcomes({ ...whose, shares: 1 })
    for (const name of Object.keys(own) as (keyof typeof own)[]) own[name] += Math.max(0, all[name] - rows[name])
  }
  return { ...own, accepted: own.stored + own.duplicate + own.parked }
}

async function moveLog(parts: MigrationParts, target: MoveTarget, found: Found): Promise<LogHead[]> {
  const { source, shareOf, to, tell } = parts
  tell(`What waits in the log is moved: ${found.queued.records} records, ${found.queued.events} events.`)
  let [appended, toldMs] = [0, parts.now()]
  return moveQueue(source.log, found.from, shareOf, to.shares, target, records => {
    appended += records
    if (parts.now() - toldMs < tellMs) return
    toldMs = parts.now()
    tell(`What waits in the log is moved: ${appended} records so far.`)
  })
}

/** Throws unless what was moved is what was there, to the last row and digit. Gives how many groups were compared. */
async function compare(parts: MigrationParts, target: MoveTarget, found: Found, ends: LogHead[]): Promise<number> {
  const { source, to, tell } = parts
  tell('Counts and sums are compared.')
  let compared = 0
  for (let share = 0; share < to.shares; share++) {
    const told = await source.warehouse.sums({ share, shares: to.shares, upTo: found.upTo })
    const problem = difference(told, await target.sums(share))
    if (problem !== null) throw differs(share, problem)
    const note = await lastNoteOf(parts, target, found, share)
    if (!isDeepStrictEqual(await target.lastNote(share), note))
      throw differs(share, 'its last note must be that of this move')
    const [wanted, got] = [ends[share] as LogHead, await target.logEnd(share)]
    if (wanted.offset !== got.offset || wanted.events !== got.events)
      throw differs(
        share,
        `its log must hold ${wanted.offset} records with ${wanted.events} events: got ${got.offset} with ${got.events}`,
      )
    compared += told.length
  }
  return compared
}

/** The first thing that differs, in words; null where nothing does. */
export function difference(told: readonly MovedSum[], found: readonly MovedSum[]): string | null {
  const keyOf = ({ table, product, mode, name, currency }: MovedSum) =>
    JSON.stringify([table, product, mode, name, currency])
  const sums = new Map(found.map(sum => [keyOf(sum), sum]))
  for (const sum of told) {
    const other = sums.get(keyOf(sum))
    const where = [sum.table, sum.name, sum.currency, sum.product && `of ${sum.product}`, sum.mode && `(${sum.mode})`]
    for (const what of ['rows', 'amount', 'result', 'hash'] as const)
      if (other?.[what] !== sum[what])
        return `${what} of ${where.filter(Boolean).join(' ')} must be ${sum[what]}: got ${other?.[what] ?? 'none'}`
  }
  return found.length === told.length ? null : `there must be ${told.length} groups of rows: got ${found.length}`
}

function differs(share: number, how: string): Error {
  return new Error(
    `What was moved is not what was there, and nothing may be started on it: in share ${share}, ${how}. Remove what is at the other place and \`migrated.json\`, and move again.`,
  )
}

async function end({ now }: MigrationParts, target: MoveTarget, migrated: Migrated): Promise<void> {
  await target.finish(migrated.id)
  if (migrated.state === 'done') return
  await target.keep({ ...migrated, state: 'done', ended_at: new Date(now()).toISOString() })
}

function placeOf({ log, warehouse, database, shares }: MovedTo): string {
  return `${log}, ${warehouse} (${database}, ${shares} shares)`
}

function movedAs({ to }: MigrationParts, found: Found, state: Moved['state'], compared: number): Moved {
  const { accounts, all, bytes, queued } = found
  const count = (kind: string) => accounts.documents.filter(document => document.kind === kind).length
  const { stored: events, duplicate: duplicates, parked, rejected } = all
  const counted = { products: count('product'), keys: count('key'), erasures: count('erasure') }
  return { state, to, ...counted, events, duplicates, parked, rejected, warehouse_bytes: bytes, queued, compared }
}
