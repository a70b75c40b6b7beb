// Where every lane stands: turns the messages of a stream, in order, into one row of records that are numbered from 0
// without a gap. What a lane has lost lies before the message that shows it, and is counted by its totals on both sides.

import type { DamagedRange, LogHead } from '../record.ts'
import type { CommitNote } from './commit-message.ts'

/** Records and events that a lane has put, and when it put the last (Unix milliseconds). */
export type LanePlace = { records: number; events: number; ms: number }

/** A place between two messages: everything before the message `seq` lies before `offset`. */
export type Mark = LogHead & { seq: number; lanes: Record<string, LanePlace> }

/** Where a log begins. */
export const logOrigin: Mark = { seq: 1, offset: 0, events: 0, lanes: {} }

/** What a message adds: where its records begin, and what is missing before it. Null when it is there already. */
export type Placed = LogHead & { damage: DamagedRange | null }

/** A lane that has been silent for so long has ended: its writer begins another rather than go on with it. */
export const laneIdleMsMax = 3_600_000

export class LaneBook {
  #lanes: Map<string, LanePlace>
  #next: LogHead & { seq: number }

  constructor({ seq, offset, events, lanes }: Mark) {
    this.#next = { seq, offset, events }
    this.#lanes = new Map(Object.entries(lanes))
  }

  /** Where the next message will begin. */
  get next(): Readonly<LogHead & { seq: number }> {
    return this.#next
  }

  /** `note` is null where the message cannot be read: what was in it is missing, and its lane will tell how much. */
  take(seq: number, lane: string, note: CommitNote | null, ms: number): Placed | null {
    const next = { ...this.#next, seq: seq + 1 }
    this.#next = next
    if (note === null) return null
    const known = this.#lanes.get(lane) ?? { records: 0, events: 0, ms }
    if (note.recordsBefore < known.records) return null
    const missing = note.recordsBefore - known.records
    const damage =
      missing === 0
        ? null
        : {
            from: next.offset,
            to: next.offset + missing,
            events: note.eventsBefore - known.events,
            reason: `messages of lane ${lane} are not in the stream any more`,
          }
    const placed = {
      offset: next.offset + missing,
      events: next.events + (damage?.events ?? 0),
      damage,
    }
    const { recordsBefore, records, eventsBefore, events } = note
    this.#lanes.set(lane, { records: recordsBefore + records, events: eventsBefore + events, ms })
    this.#next = { seq: seq + 1, offset: placed.offset + records, events: placed.events + events }
    return placed
  }

  /** The place behind what was taken; lanes that ended before `sinceMs` are forgotten. */
  mark(sinceMs: number): Mark {
    for (const [lane, { ms }] of this.#lanes) if (ms < sinceMs) this.#lanes.delete(lane)
    return { ...this.#next, lanes: Object.fromEntries(this.#lanes) }
  }
}
