// What becomes of each item of a chunk, decided in order: an event whose identity nobody has is stored; one that is
// there already, from this very place, is the same event read again and changes nothing; one that is there from another
// place is a duplicate, in conflict when amount, currency or user differ. Parked and rejected items and duplicates are
// remembered by their place, so that they too are recognised when the log is read again.
// An event that is told by its request's Idempotency-Key also claims its place under that key: the first claim stands,
// and another event with the same claim is stored and flagged.
// Of a user who was erased nothing but its place is taken (erased-items.ts).
// Known is what the index has, what the load in flight brings (`ahead`), and what stands earlier in the chunk.
//
// The counts are of new decisions only: for every chunk
//   events in the range of the log = stored + duplicate + parked + again
// where `again` is what an earlier note has counted. What no note has counted yet (see `uncounted` in
// identity-index.ts) is counted now, as what it was decided to be, and not loaded again.

import assert from 'node:assert/strict'
import { claimFingerprint, outcomeMarks } from './index/entry-of-row.ts'
import { identityOfPlace } from '../steps/identity.ts'
import type { DuplicateRow, EventLines, EventRow, ParkedRow, RejectedRow } from '../warehouse/load.ts'
import type { Suppression } from '../steps/suppression.ts'
import type { Chunk } from './chunk.ts'
import { withoutErased } from './erased-items.ts'
import type { Checkpoint, IdentityEntry, IdentityIndex, IndexEntry } from './index/identity-index.ts'
import type { Item } from './items.ts'
import type { Looked } from './lookup.ts'

export type Decided = {
  events: EventRow[]
  duplicates: DuplicateRow[]
  parked: ParkedRow[]
  rejected: RejectedRow[]
  /** What the index has to learn, by identity. */
  entries: Map<string, IdentityEntry>
  counts: Counts
  /** The events made ready for the warehouse, where there was time for it. */
  lines?: EventLines
}

/** In events. */
export type Counts = {
  stored: number
  duplicate: number
  conflict: number
  parked: number
  rejected: number
  /** Read again: has its outcome already. */
  again: number
}

/** What a load in flight brings, by identity. */
export type Ahead = ReadonlyMap<string, IndexEntry>

/** How to decide: which stretch holds what no note has counted, whether this load's note will count, who is kept out. */
export type Reckoning = {
  uncounted: Checkpoint['uncounted']
  logId: string
  counting: boolean
  suppression: Suppression
}

/** @param looked what the index knows about the items, where that was asked for before (lookup.ts) */
export async function decide(
  sent: Item[],
  index: Pick<IdentityIndex, 'find'>,
  ahead: Ahead,
  reckoning: Reckoning,
  looked: Looked | null = null,
): Promise<Decided> {
  const items = withoutErased(sent, reckoning.suppression)
  // Of an item that became another nothing was asked yet.
  const isLooked = looked !== null && items.every((item, i) => item.identity === sent[i]?.identity)
  const found = isLooked ? looked : await index.find(items.map(item => item.identity))
  const marks = await findMarks(items, found, index, reckoning)
  const claims = await findClaims(items, index)
  const decided: Decided = {
    events: [],
    duplicates: [],
    parked: [],
    rejected: [],
    entries: new Map(),
    counts: noCounts(),
  }
  const { counts, entries } = decided
  const uncounted = !reckoning.counting
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    const { identity } = item
    const first = entries.get(identity) ?? ahead.get(identity) ?? found[i]
    const known = first !== undefined && isSame(first, item) ? first : marks.get(i)
    if (known !== undefined) {
      if (!known.uncounted || !isWithin(reckoning, item)) counts.again += item.events
      else if (reckoning.counting) {
        countKnown(item, known, counts)
        const entry = known === first ? identity : identityOfPlace(item.origin.requestId, item.origin.position)
        entries.set(entry, { ...known, identity: entry, uncounted })
      }
    } else if (first === undefined) {
      const { requestId, position } = item.origin
      const claim = claimEntryOf(item)
      const holder =
        claim === null
          ? undefined
          : (entries.get(claim.identity) ?? ahead.get(claim.identity) ?? claims.get(claim.identity))
      take(item, decided, holder !== undefined && holder.fingerprint !== claim?.fingerprint)
      if (claim !== null && holder === undefined) entries.set(claim.identity, claim)
      const fingerprint = item.kind === 'event' ? item.fingerprint : outcomeMarks.parked
      entries.set(identity, { identity, requestId, position, fingerprint, uncounted })
    } else {
      assert(item.kind === 'event', `identity ${identity} of something ${item.kind} is held by another place`)
      const conflict = first.fingerprint !== item.fingerprint
      counts.duplicate++
      if (conflict) counts.conflict++
      const { requestId: firstRequestId, position: firstPosition } = first
      decided.duplicates.push({ ...rowOf(item), firstRequestId, firstPosition, conflict })
      const mark = markOf(item, conflict ? outcomeMarks.conflict : outcomeMarks.duplicate, uncounted)
      entries.set(mark.identity, mark)
    }
  }
  return decided
}

export function noCounts(): Counts {
  return { stored: 0, duplicate: 0, conflict: 0, parked: 0, rejected: 0, again: 0 }
}

/** The equation of the header; `events` is what the log says of the chunk's range. */
export function checkCounts(chunk: Chunk, counts: Counts): void {
  const events = chunk.to.events - chunk.from.events
  const { stored, duplicate, parked, again } = counts
  assert.equal(
    stored + duplicate + parked + again,
    events,
    `outcomes of the events from offset ${chunk.from.offset} to ${chunk.to.offset}: ${JSON.stringify(counts)}`,
  )
}

function take(item: Item, decided: Decided, isReused: boolean): void {
  const { counts } = decided
  if (item.kind === 'event') {
    decided.events.push(isReused ? flagged(item) : item)
    counts.stored++
  } else if (item.kind === 'parked') {
    decided.parked.push(item.row)
    counts.parked += item.events
  } else {
    decided.rejected.push(item.row)
    counts.rejected += item.row.events
  }
}

/**
 * Marks are what is remembered of an event under its place: that it was a duplicate, or refused and parked. They are
 * looked for where the identity is held by another place, and wherever something may wait for being counted.
 */
async function findMarks(
  items: Item[],
  found: Looked,
  index: Pick<IdentityIndex, 'find'>,
  reckoning: Reckoning,
): Promise<ReadonlyMap<number, IndexEntry>> {
  const suspects: number[] = []
  for (let i = 0; i < items.length; i++) {
    const first = found[i]
    const item = items[i]!
    if (first === undefined ? isWithin(reckoning, item) : !isSame(first, item)) suspects.push(i)
  }
  if (suspects.length === 0) return none
  const places = suspects
    .map(i => items[i]!.origin)
    .map(({ requestId, position }) => identityOfPlace(requestId, position))
  const entries = await index.find(places)
  const marks = new Map<number, IndexEntry>()
  for (const [at, i] of suspects.entries()) {
    const entry = entries[at]
    if (entry !== undefined) marks.set(i, entry)
  }
  return marks
}

/** Who holds what the items claim, as far as the index knows. */
async function findClaims(items: Item[], index: Pick<IdentityIndex, 'find'>): Promise<ReadonlyMap<string, IndexEntry>> {
  const wanted: string[] = []
  for (const item of items) if (item.kind === 'event' && item.claim !== null) wanted.push(item.claim)
  if (wanted.length === 0) return none
  const found = await index.find(wanted)
  return new Map(wanted.flatMap((claim, i) => (found[i] === undefined ? [] : [[claim, found[i]]])))
}

function claimEntryOf(item: Item): IdentityEntry | null {
  if (item.kind !== 'event' || item.claim === null) return null
  const { requestId, position } = item.origin
  const fingerprint = claimFingerprint(item.identity)
  return { identity: item.claim, requestId, position, fingerprint, uncounted: false }
}

/** What an earlier load decided about an item, counted now: as that, also when its user was erased since. */
function countKnown(item: Item, known: IndexEntry, counts: Counts): void {
  if (item.kind === 'rejected') counts.rejected += item.row.events
  else if (known.fingerprint === outcomeMarks.duplicate) counts.duplicate++
  else if (known.fingerprint === outcomeMarks.conflict) {
    counts.duplicate++
    counts.conflict++
  } else if (item.kind === 'parked' || known.fingerprint === outcomeMarks.parked) counts.parked += item.events
  else counts.stored++
}

const none: ReadonlyMap<never, IndexEntry> = new Map<never, IndexEntry>()

/** Whether it is this very item, read again. What is no event has an identity of its own. */
function isSame(entry: IndexEntry, item: Item): boolean {
  if (item.kind !== 'event') return true
  return entry.position === item.origin.position && entry.requestId === item.origin.requestId
}

function isWithin({ uncounted, logId }: Reckoning, { origin }: Item): boolean {
  return (
    uncounted !== null &&
    uncounted.logId === logId &&
    origin.logOffset >= uncounted.from &&
    origin.logOffset < uncounted.to
  )
}

function markOf({ origin }: Item, fingerprint: string, uncounted: boolean): IdentityEntry {
  const { requestId, position } = origin
  return { identity: identityOfPlace(requestId, position), requestId, position, fingerprint, uncounted }
}

function flagged(item: Item & { kind: 'event' }): EventRow {
  const row = rowOf(item)
  return { ...row, event: { ...row.event, flags: [...row.event.flags, 'idempotency_reused'] } }
}

function rowOf(item: Item & { kind: 'event' }): EventRow {
  const { origin, event, derived, identity, raw } = item
  return { origin, event, derived, identity, raw }
}
