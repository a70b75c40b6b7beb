// What the pipeline hands to the warehouse: one load, the outcome of one stretch of the log.
// A load that is repeated with the same token and the same content adds what is missing and nothing else.

import type { Event } from '@datapulse/contract'
import type { Derived } from '../steps/derive.ts'
import type { ErasedCounts } from '../steps/erasure.ts'

/** Where an event came from; the pair (requestId, position) names it for ever. */
export type Origin = {
  product: string
  mode: 'live' | 'test'
  keyId: string
  requestId: string
  /** Index in the request: 0 for a single event. */
  position: number
  receivedMs: number
  logOffset: number
  /** The request's Idempotency-Key; absent when it had none. */
  idempotencyKey?: string
}

/** An event to store. `identity` is 32 lower-case hex digits; `raw` is the event's text as sent. */
export type EventRow = { origin: Origin; event: Event; derived: Derived; identity: string; raw: string }

/** An event that was there before; `conflict` when its amount, currency or user differs from the one that stands. */
export type DuplicateRow = EventRow & {
  firstRequestId: string
  firstPosition: number
  conflict: boolean
}

/**
 * Something that could not be processed: an event, a whole request (position -1), or a damaged stretch of the log. And a
 * request that was refused at the door (see steps/rejection.ts): `detail` is its head as JSON.
 */
export type ParkedRow = { origin: Origin; events: number; reason: string; detail: string; raw: string }

/** Events refused at the door in one second, by product, key and code. */
export type RejectedRow = {
  product: string
  keyId: string
  code: string
  receivedMs: number
  events: number
  requests: number
  logOffset: number
  position: number
}

/**
 * How much a key was used in ten seconds, as far as one process (`source`) had counted them. Of several that differ in
 * numbers alone, the largest numbers count.
 */
export type UsageRow = {
  product: string
  keyId: string
  slotMs: number
  source: number
  /** Requests in a rolling minute, and the most that were in one. */
  limit: number
  peak: number
  /** Admitted by the limit, refused by it, and admitted and refused for another reason. */
  requests: number
  overLimit: number
  rejected: number
  /** Accepted. */
  events: number
}

/** Running totals over the life of this installation, in events. */
export type Totals = {
  accepted: number
  stored: number
  duplicate: number
  conflict: number
  parked: number
  rejected: number
}

/** The warehouse's own record of a load: the truth about how far the log has been processed. */
export type LoadNote = {
  /** 1, 2, 3 … */
  seq: number
  logId: string
  /** Offsets [from, to) of the log. */
  from: number
  to: number
  /** `LogReader.fingerprintBefore(to)` at the time. */
  fingerprint: string
  token: string
  loadedMs: number
  totals: Totals
}

export type Load = {
  note: LoadNote
  events: EventRow[]
  duplicates: DuplicateRow[]
  parked: ParkedRow[]
  rejected: RejectedRow[]
  usage?: UsageRow[]
  /** The events as the warehouse's `linesOf` gave them; left aside when the load has another number by now. */
  lines?: EventLines
}

/** Events as a warehouse takes them in a load of that number. */
export type EventLines = { seq: number; bytes: Buffer }

/** What the pipeline needs of a warehouse. */
export type LoadingWarehouse = {
  /** Names this warehouse: made with its first migration, never changed. UUID. */
  id(): Promise<string>
  lastNote(): Promise<LoadNote | null>
  /**
   * Durable when it resolves: events behind what is beside them, the note last. Repeatable under the same token, but
   * only with `isRepeated`, once an attempt of this process or an earlier one may have begun. A load that is refused
   * (WAREHOUSE_REFUSED) has left no events. `onSent` is called once the events have left this process, so that whoever
   * has other work does it from then on, and not while they are leaving; perhaps never, when it takes more than one attempt.
   */
  load(load: Load, isRepeated?: boolean, onSent?: () => void): Promise<void>
  /** What can be made of a load's events before its turn comes; gives way to other work meanwhile. Absent where that is nothing. */
  linesOf?(events: readonly EventRow[], seq: number): Promise<EventLines>
  /** Undoes what a load after `note` may have left half-done, except events (the index recognises those). */
  forgetAfter(note: LoadNote | null): Promise<void>
  /** Identities with their origins, in pages: what the index is rebuilt from. Of loads up to `seq`, all without. */
  identities(seq?: number): AsyncIterable<IdentityRow[]>
  /** Those that a load after `note` brought; waits for a load that is still running. */
  identitiesAfter(note: LoadNote | null): Promise<IdentityRow[]>
  /** What became of everything that is not stored, in pages: the rest of what the index remembers. */
  outcomes(): AsyncIterable<OutcomeRow[]>
}

/** A stored event as it was sent, to be made anew. `told` is what was derived from it, as one text. */
export type SentRow = {
  origin: Origin
  identity: string
  loadSeq: number
  raw: string
  flags: string[]
  told: string
}

export type RebuiltRow = EventRow & { loadSeq: number; told: string }

/** One rebuild; times are Unix milliseconds. `done` and `changed` are known when it is swapped in. */
export type RebuildNote = {
  id: string
  fromMs: number
  toMs: number
  startedMs: number
  endedMs: number
  events: number
  done: number
  changed: number
}

/** `seq`: the last load that it reads; `events`: how many events of these are in the range. */
export type BegunRebuild = { seq: number; note: RebuildNote }

/** What processing events again needs of a warehouse. Times of receipt: `fromMs` is included, `toMs` is not. */
export type RebuildingWarehouse = {
  beginRebuild(range: { fromMs: number; toMs: number }, as: { id: string; startedMs: number }): Promise<BegunRebuild>
  sentEvents(range: { fromMs: number; toMs: number }, begun: BegunRebuild): AsyncIterable<SentRow[]>
  addRebuilt(rows: readonly RebuiltRow[], begun: BegunRebuild, page: number): Promise<void>
  /** Takes over what was loaded since; gives how far it got. */
  catchUp(range: { fromMs: number; toMs: number }, begun: BegunRebuild): Promise<BegunRebuild>
  /** Must not meet a load. Throws, and leaves all as it was, when counts or sums are others. */
  swapRebuilt(range: { fromMs: number; toMs: number }, begun: BegunRebuild): Promise<void>
  /** The last one that was begun, and whether it counts, whoever has died since; null when there was none. */
  lastRebuild(): Promise<{ note: RebuildNote; isSwapped: boolean } | null>
  /** Removes what one that was cut off has left. */
  dropRebuilt(): Promise<void>
}

/** An event that came later and differs from the one that stands, which is told by its place. */
export type Conflict = {
  origin: Origin
  identity: string
  loadSeq: number
  flags: Event['flags']
  raw: string
  amount: string | null
  currency: string
  userId: string
  /** Null of one that stands by now, and when one of both is gone or about to be. */
  firstRequestId: string | null
  firstPosition: number
}

/** A decision about a conflict: `requestId` and `position` are the later one's place. */
export type Resolution = {
  id: string
  product: string
  mode: 'live' | 'test'
  requestId: string
  position: number
  firstRequestId: string
  firstPosition: number
  identity: string
  stands: 'first' | 'later'
  reason: string
  decidedMs: number
}

/** What deciding about conflicts needs of a warehouse. Everything may be done again. */
export type ResolvingWarehouse = {
  /** Null when no conflict came from there. */
  findConflict(requestId: string, position: number): Promise<Conflict | null>
  /** The last one about what came later from there. */
  lastResolution(requestId: string, position: number): Promise<Resolution | null>
  decide(resolution: Resolution): Promise<void>
  /** The later one takes the place of the first one among the events. */
  swap(resolution: Resolution, later: EventRow & { loadSeq: number }): Promise<void>
  done(resolution: Resolution): Promise<void>
  /** Decided and not done. */
  unfinished(): Promise<Resolution[]>
}

/** Loads after `from` up to `to`, of one build of the rollups. */
export type RollupStep = { build: string; from: number; to: number }
export type RollupName =
  | 'numbers'
  | 'firsts'
  | 'clicks'
  | 'clickRanks'
  | 'clickUsers'
  | 'users'
  | 'late'
  | 'received'
  | 'books'

/** What keeping the rollups of reports up to date needs of a warehouse (rollups.ts). Everything may be done again. */
export type RollingWarehouse = {
  /** Empties them; gives the name of the build that begins. Durable before anything is emptied. */
  beginBuild(): Promise<string>
  /** The build that counts, emptied; null before the first. */
  build(): Promise<string | null>
  /** The last load that is in each of them; 0 when none is. */
  stepped(build: string): Promise<Record<RollupName, number>>
  /** The last load of the step that follows `from`: one load at least, and more while they are few events; null without any. */
  nextStep(from: number, eventsMax: number): Promise<{ to: number } | null>
  /** Lays the step out, in memory that the engine may lose. A step that is in some of them already is laid out again as it was. */
  prepare(step: RollupStep): Promise<void>
  /**
   * All of the step or nothing is in that rollup: nothing when it is not laid out any more. Again without effect. A step is
   * made of what stood before it in `clickUsers` and `users`: first come `firsts`, `clicks` and `clickRanks`, then these two.
   */
  roll(name: RollupName, step: RollupStep): Promise<void>
  /** Makes few parts of those that clicks are looked up in, which would come about by itself within hours; again without effect. */
  merge(): Promise<void>
}

/** Of what is parked, or of a rejected request: where it is, why, and what was sent. */
export type KeptText = { requestId: string; position: number; reason: string; detail: string; raw: string }

export type ExpiredCounts = { events: number; rejectedRequests: number }

/** What deleting for good needs of a warehouse: for each event a row without text stays (steps/erasure.ts). */
export type ErasingWarehouse = {
  /** Everybody of whom there is an event or a duplicate, in pages. */
  users(product: string): AsyncIterable<string[]>
  identitiesOfUser(product: string, user: string): AsyncIterable<IdentityRow[]>
  /** All texts beside those of stored events and duplicates. */
  keptTexts(product: string): AsyncIterable<KeptText[]>
  /** Deletes a user's events and duplicates; gives how many. Again without effect. */
  eraseUser(product: string, user: string): Promise<{ stored: number; duplicate: number }>
  /** What is parked at these places is gone but for its place. */
  blankTexts(texts: readonly KeptText[]): Promise<void>
  replaceText(text: KeptText, other: Pick<KeptText, 'detail' | 'raw'>): Promise<void>
  /**
   * Counts as expired what is loaded and was received before `beforeMs`; nothing else may be counted and not deleted.
   * `id` makes the UUID of the row that stands for one kind of it. Rejected requests and usage of keys, which hold no events, are deleted.
   */
  countExpired(product: string, beforeMs: number, id: (kind: string) => string): Promise<ExpiredCounts>
  /** Of events that are counted as expired and still there. */
  identitiesExpired(product: string): AsyncIterable<IdentityRow[]>
  /** Deletes what is counted as expired. Again without effect. */
  deleteExpired(product: string): Promise<void>
  /** Removes what an attempt to process events again has left. */
  dropRebuilt(): Promise<void>
  countErased(): Promise<ErasedCounts>
}

/** A share of so many, and the last load that goes along. */
export type MovedShare = { share: number; shares: number; upTo: number }

/** Loads from `from` on and before `to`; `month` of tables that are kept by months, such as 202606. */
export type MovedBlock = { table: string; month: number | null; from: number; to: number; rows: number }

/** What the rows of a load of a share, or of all of them, count. */
export type MovedOutcomes = Omit<Totals, 'accepted'>

/** What rows of one table, product, mode, name and currency come to; of tables but the events, name and currency are empty. */
export type MovedSum = {
  table: string
  product: string
  mode: string
  name: string
  currency: string
  rows: number
  /** Decimal text. */
  amount: string
  result: string
  /** Of every column of every row. */
  hash: string
}

/** What moving a warehouse into another needs of both. */
export type MovingWarehouse = {
  /** Of the tables, as they are; 0 where there are none. */
  version(): Promise<number>
  lastNote(): Promise<LoadNote | null>
  /** Decisions about conflicts that are not carried out. */
  countUnfinished(): Promise<number>
  blocks(whose: MovedShare): AsyncIterable<MovedBlock>
  read(block: MovedBlock, whose: MovedShare): Promise<Buffer>
  outcomes(whose: MovedShare): Promise<MovedOutcomes>
  /** Loads that brought this share something, in pages, with the running totals of what they brought. */
  notes(whose: MovedShare): AsyncIterable<LoadNote[]>
  sums(whose: MovedShare): Promise<MovedSum[]>
  /** Of the tables, on the disk. */
  bytes(): Promise<number>
  isEmpty(): Promise<boolean>
  /** Puts a block where nothing else is; `isRepeated`: an earlier attempt may have begun. Gives whether it was there. */
  put(block: MovedBlock, lines: () => Promise<Buffer>, token: string, isRepeated: boolean): Promise<boolean>
}

/** Something that has its outcome and is no stored event. */
export type OutcomeRow =
  | { outcome: 'duplicate' | 'conflict' | 'parked'; requestId: string; position: number }
  | { outcome: 'rejected'; row: RejectedRow }

/** What the index keeps of a stored event. */
export type IdentityRow = {
  identity: string
  requestId: string
  position: number
  amount: string | null
  currency: string
  userId: string
  /** Of an event that is told by its request's Idempotency-Key: what its claim is made of. */
  claim: { product: string; mode: string; idempotencyKey: string } | null
}
