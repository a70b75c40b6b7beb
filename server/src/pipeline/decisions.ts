// What becomes of each item of a chunk, decided in order: an event whose identity nobody has is stored; one that is
// there already, from this very place, is the same event read again and changes nothing; one that is there from another
// place is a duplicate, in conflict when amount, currency or user differ. Parked and rejected items and duplicates are
// remembered by their place, so that they too are recognised when the log is read again.
// Known is what the index has, what the load in flight brings (`ahead`), and what stands earlier in the chunk.
//
// The counts are of new decisions only: for every chunk
//   events in the range of the log = stored + duplicate + parked + again
// where `again` counts what an earlier load has counted. What is found stored within the uncounted stretch (see
// identity-index.ts) was brought by a load whose note was never written: it counts as stored now.

import assert from 'node:assert/strict'
import { identityOfPlace } from '../steps/identity.ts'
import type { DuplicateRow, EventRow, ParkedRow, RejectedRow } from '../warehouse/load.ts'
import type { Chunk } from './chunk.ts'
import type { Checkpoint, IdentityEntry, IdentityIndex, IndexEntry } from './index/identity-index.ts'
import type { Item } from './items.ts'

export type Decided = {
  events: EventRow[]
  duplicates: DuplicateRow[]
  parked: ParkedRow[]
  rejected: RejectedRow[]
  /** What the index has to learn, by identity. */
  entries: Map<string, IdentityEntry>
  counts: Counts
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

export async function decide(
  items: Item[],
  index: Pick<IdentityIndex, 'find'>,
  ahead: Ahead,
  uncounted: Checkpoint['uncounted'],
  logId: string,
): Promise<Decided> {
  const found = await index.find(items.map(item => item.identity))
  const places = await findPlaces(items, found, index)
  const decided: Decided = {
    events: [],
    duplicates: [],
    parked: [],
    rejected: [],
    entries: new Map(),
    counts: noCounts(),
  }
  const { counts, entries } = decided
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    const { origin, identity } = item
    const first = entries.get(identity) ?? ahead.get(identity) ?? found[i]
    if (first === undefined) {
      take(item, decided)
      entries.set(identity, entryOf(item))
    } else if (isPlace(first, item)) {
      if (first.rebuilt && isWithin(uncounted, logId, origin.logOffset)) {
        counts.stored++
        entries.set(identity, entryOf(item))
      } else counts.again += item.events
    } else if (places.has(i)) {
      counts.again += item.events
    } else {
      assert(item.kind === 'event', `identity ${identity} of something ${item.kind} is held by another place`)
      const conflict = first.fingerprint !== item.fingerprint
      counts.duplicate++
      if (conflict) counts.conflict++
      decided.duplicates.push({
        ...rowOf(item),
        firstRequestId: first.requestId,
        firstPosition: first.position,
        conflict,
      })
      const place = placeEntry(item)
      entries.set(place.identity, place)
    }
  }
  return decided
}

export function noCounts(): Counts {
  return { stored: 0, duplicate: 0, conflict: 0, parked: 0, rejected: 0, again: 0 }
}

export function addCounts(sums: Counts, counts: Counts): void {
  for (const name of Object.keys(sums) as (keyof Counts)[]) sums[name] += counts[name]
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

function take(item: Item, decided: Decided): void {
  const { counts } = decided
  if (item.kind === 'event') {
    decided.events.push(rowOf(item))
    counts.stored++
  } else if (item.kind === 'parked') {
    decided.parked.push(item.row)
    counts.parked += item.events
  } else {
    decided.rejected.push(item.row)
    counts.rejected += item.row.events
  }
}

/** Of the items that look like duplicates of something in the index, those whose outcome was written down before. */
async function findPlaces(
  items: Item[],
  found: (IndexEntry | undefined)[],
  index: Pick<IdentityIndex, 'find'>,
): Promise<Set<number>> {
  const suspects: number[] = []
  for (let i = 0; i < items.length; i++) {
    const first = found[i]
    if (first !== undefined && !isPlace(first, items[i]!)) suspects.push(i)
  }
  if (suspects.length === 0) return none
  const known = await index.find(suspects.map(i => placeEntry(items[i]!).identity))
  return new Set(suspects.filter((_, at) => known[at] !== undefined))
}

const none: Set<number> = new Set()

function isPlace(entry: IndexEntry, item: Item): boolean {
  return entry.position === item.origin.position && entry.requestId === item.origin.requestId
}

function isWithin(stretch: Checkpoint['uncounted'], logId: string, offset: number): boolean {
  return stretch !== null && stretch.logId === logId && offset >= stretch.from && offset < stretch.to
}

function rowOf(item: Item & { kind: 'event' }): EventRow {
  return { origin: item.origin, event: item.event, identity: item.identity, raw: item.raw }
}

function placeEntry(item: Item): IdentityEntry {
  const { requestId, position } = item.origin
  const identity = identityOfPlace(requestId, position)
  return { identity, requestId, position, fingerprint: noFingerprint, rebuilt: false }
}

function entryOf(item: Item): IdentityEntry {
  const { requestId, position } = item.origin
  const fingerprint = item.kind === 'event' ? item.fingerprint : noFingerprint
  return { identity: item.identity, requestId, position, fingerprint, rebuilt: false }
}

const noFingerprint = '0000000000000000'
