// What stands in the place of events that were deleted: a row among what is parked, without a word of what was sent. Its
// `detail` says what the events were before, so that the books can be kept: everything that was accepted still has one
// outcome.

/** Of an event of a person who was erased: one row for each. */
export const erasedReason = 'erased'
/** Of events that outlived their product's retention: one row for each time and kind. */
export const expiredReason = 'expired'

/** What it was; `load`: it was never taken in. */
export type ErasedWas = 'stored' | 'duplicate' | 'conflict' | 'parked' | 'load'

/** In events. */
export type ErasedCounts = Record<ErasedWas, number>

export const nothingErased: ErasedCounts = { stored: 0, duplicate: 0, conflict: 0, parked: 0, load: 0 }

type Outcomes = { stored: number; duplicate: number; conflict: number; parked: number }

/**
 * The totals of the loads, with what was deleted since under `erased`: the sum stays the same. Conflicts, which are told
 * beside the sum, are counted as what they were when they came, and what is deleted as what it was by then: a decision
 * about a conflict may have made one of another duplicate, so that fewer may have come than are deleted.
 */
export function withErased<Totals extends Outcomes>(totals: Totals, was: ErasedCounts): Totals & { erased: number } {
  return {
    ...totals,
    stored: totals.stored - was.stored,
    duplicate: totals.duplicate - was.duplicate - was.conflict,
    conflict: Math.max(0, totals.conflict - was.conflict),
    parked: totals.parked - was.parked - was.load,
    erased: was.stored + was.duplicate + was.conflict + was.parked + was.load,
  }
}
