// Makes anew what is derived from events that are stored already, from each event as it was sent: with another database
// of addresses, a better parser, or code that reads something otherwise. The events' table is built a second time beside
// the first, while loads go on; then, between two loads, what came meanwhile is added, counts and sums of both are
// compared, and the tables change places at once. Dying before that leaves everything as it was; what was built is
// garbage, which the next one removes.
//
// What an event is (its place, its identity, its load) stays; only what normalising and deriving say of it is new. An
// event that can no longer be read, or a sum that is another, ends it without a change. Whether it was swapped in is a fact
// of the warehouse: that is asked when no answer came, and by the next life of this process (`readLast`).

import type { Derive } from '../steps/derive.ts'
import { processEvent } from '../steps/derive.ts'
import type { EventRow, RebuildNote, RebuiltRow, RebuildingWarehouse, SentRow } from '../warehouse/load.ts'
import type { Turns } from './turns.ts'

/** Received at or after `fromMs` and before `toMs`: Unix milliseconds. */
export type ReprocessRange = { fromMs: number; toMs: number }

export type ReprocessStatus = ReprocessRange & {
  /** `swapped`: it counts from now on. */
  state: 'building' | 'swapped' | 'failed'
  startedMs: number
  endedMs: number | null
  /** Events in the range when it began, and made anew so far. */
  events: number
  done: number
  /** Of these, how many came out otherwise than they were. */
  changed: number
  /** Why it failed; empty otherwise. */
  problem: string
}

export type ReprocessParts = {
  warehouse: RebuildingWarehouse
  derive: Derive
  turns: Turns
  /** Whoever exchanges events does it in here. */
  change<T>(work: () => Promise<T>): Promise<T>
  now: () => number
  logger: { info(fields: object, message: string): void; error(fields: object, message: string): void }
  isClosing: () => boolean
  sleep: (ms: number) => Promise<void>
}

/** Begins at once; `status` is kept up to date until it has ended. Never rejects. */
export function startReprocess(
  parts: ReprocessParts,
  range: ReprocessRange,
): { status: ReprocessStatus; ended: Promise<void> } {
  const { logger, now } = parts
  const status: ReprocessStatus = {
    ...range,
    state: 'building',
    startedMs: now(),
    endedMs: null,
    events: 0,
    done: 0,
    changed: 0,
    problem: '',
  }
  const ended = rebuild(parts, range, status).then(
    () => {
      Object.assign(status, { state: 'swapped', endedMs: now() })
      logger.info({ ...status }, 'events were processed again')
    },
    (cause: unknown) => {
      const problem = cause instanceof Error ? cause.message : String(cause)
      Object.assign(status, { state: 'failed', endedMs: now(), problem })
      logger.error({ ...status }, 'events could not be processed again: all is as it was')
    },
  )
  return { status, ended }
}

/** How the last one before this life ended. */
export async function readLast(warehouse: Pick<RebuildingWarehouse, 'lastRebuild'>): Promise<ReprocessStatus | null> {
  const last = await warehouse.lastRebuild()
  if (last === null) return null
  const { id: _, endedMs, ...note } = last.note
  if (last.isSwapped) return { ...note, state: 'swapped', endedMs, problem: '' }
  const problem = 'The pipeline ended before what was processed again was swapped in: all is as it was'
  return { ...note, state: 'failed', endedMs: null, problem }
}

async function rebuild(parts: ReprocessParts, range: ReprocessRange, status: ReprocessStatus): Promise<void> {
  const { warehouse, turns, derive, isClosing } = parts
  // What an earlier one has left is told and dropped first.
  await turns.run(async () => {})
  let begun = await warehouse.beginRebuild(range, { id: crypto.randomUUID(), startedMs: status.startedMs })
  status.events = begun.note.events
  let page = 0
  for await (const rows of inPages(warehouse.sentEvents(range, begun))) {
    if (isClosing()) throw new Error('the pipeline closes')
    const rebuilt = rows.map(row => rebuiltRow(row, derive))
    await warehouse.addRebuilt(rebuilt, begun, page++)
    status.done += rows.length
    status.changed += rebuilt.filter((row, i) => row.told !== rows[i]?.told).length
  }
  // Twice, so that little is left for the moment in which loads wait.
  for (let i = 0; i < 2; i++) begun = await warehouse.catchUp(range, begun)
  const swap = () => {
    const { done, changed } = status
    const note = { ...begun.note, done, changed, endedMs: parts.now() }
    return parts.change(() => warehouse.swapRebuilt(range, { ...begun, note }))
  }
  try {
    await turns.run(swap)
  } catch (cause) {
    if (!(await isSwapped(parts, begun.note))) throw cause
  }
}

/** Asks until the warehouse answers. */
async function isSwapped({ warehouse, isClosing, sleep }: ReprocessParts, { id }: RebuildNote): Promise<boolean> {
  for (;;) {
    try {
      const last = await warehouse.lastRebuild()
      return last !== null && last.isSwapped && last.note.id === id
    } catch (cause) {
      if (isClosing()) throw cause
      await sleep(retryMs)
    }
  }
}

const retryMs = 1_000

/** Each page is one insert; rows come in much smaller pieces. */
const pageRows = 10_000

async function* inPages(pieces: AsyncIterable<SentRow[]>): AsyncIterable<SentRow[]> {
  let page: SentRow[] = []
  for await (const piece of pieces) {
    page.push(...piece)
    if (page.length < pageRows) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

function rebuiltRow({ origin, identity, loadSeq, raw, flags }: SentRow, derive: Derive): RebuiltRow {
  try {
    const { event, derived } = processEvent(JSON.parse(raw), raw, origin.receivedMs, derive)
    // This flag alone is not of the event: deciding set it.
    if (flags.includes(reused) && !event.flags.includes(reused)) event.flags.push(reused)
    const row: EventRow = { origin, event, derived, identity, raw }
    return { ...row, loadSeq, told: toldOf(row) }
  } catch (cause) {
    const place = `${origin.requestId} ${origin.position}`
    throw new Error(`Cannot process the event at ${place} again: ${(cause as Error).message}`, { cause })
  }
}

/** What can come out otherwise, as one text. */
export function toldOf({ event, derived }: Pick<EventRow, 'event' | 'derived'>): string {
  const { country, city, gameType, agent } = derived
  return JSON.stringify([country, city, gameType, agent === null ? [] : Object.values(agent), event.flags])
}

const reused = 'idempotency_reused'
