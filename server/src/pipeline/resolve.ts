// An operator's decision about a conflict: the first event goes on standing, or the later one does from now on. It is
// carried out between two loads, and the index learns which event stands, so that what comes again is compared with
// that one. A decision that was begun when the pipeline died is finished before the next load. One that counts already is
// not made again.

import type { Derive } from '../steps/derive.ts'
import { processEvent } from '../steps/derive.ts'
import { identityOfPlace } from '../steps/identity.ts'
import type { Conflict, Resolution, ResolvingWarehouse } from '../warehouse/load.ts'
import { entriesOfStored, outcomeMarks } from './index/entry-of-row.ts'
import type { IdentityEntry, IdentityIndex } from './index/identity-index.ts'

export type ResolveWish = { requestId: string; position: number; stands: 'first' | 'later'; reason: string }

export type ResolveParts = {
  warehouse: ResolvingWarehouse
  index: Pick<IdentityIndex, 'replace'>
  derive: Derive
  /** Whoever exchanges events does it in here. */
  change<T>(work: () => Promise<T>): Promise<T>
  now: () => number
}

/** `otherwise`: it stands by that decision, and what stood before it has to be named to decide otherwise. */
export type Resolved = { resolution: Resolution } | { otherwise: Resolution } | 'none'

/** `none` when there is no such conflict. Must not meet a load. */
export async function resolveConflict(parts: ResolveParts, wish: ResolveWish): Promise<Resolved> {
  const { warehouse, now } = parts
  const { requestId, position, stands, reason } = wish
  const conflict = await warehouse.findConflict(requestId, position)
  if (conflict === null) return 'none'
  const last = await warehouse.lastResolution(requestId, position)
  const { origin, firstRequestId, firstPosition, identity } = conflict
  if (firstRequestId === null) {
    if (last === null || last.stands !== 'later') return 'none'
    return stands === 'later' ? { resolution: last } : { otherwise: last }
  }
  const isFirstOfLast = last?.firstRequestId === firstRequestId && last.firstPosition === firstPosition
  if (last !== null && stands === 'first' && last.stands === 'first' && isFirstOfLast) return { resolution: last }
  const { product, mode } = origin
  const place = { product, mode, requestId, position, firstRequestId, firstPosition, identity }
  const resolution: Resolution = { id: crypto.randomUUID(), ...place, stands, reason, decidedMs: now() }
  await warehouse.decide(resolution)
  await carryOut(parts, resolution, conflict)
  return { resolution }
}

/** What was decided and not done. Must not meet a load. */
export async function finishResolutions(parts: ResolveParts): Promise<void> {
  for (const resolution of await parts.warehouse.unfinished()) {
    const conflict = await parts.warehouse.findConflict(resolution.requestId, resolution.position)
    await carryOut(parts, resolution, conflict)
  }
}

async function carryOut(parts: ResolveParts, resolution: Resolution, conflict: Conflict | null): Promise<void> {
  const { warehouse, index, derive } = parts
  // Deleted meanwhile (a user who was erased): there is nothing left to decide about.
  if (resolution.stands === 'later' && conflict !== null) {
    const { origin, raw, flags, loadSeq, identity } = conflict
    const { event, derived } = processEvent(JSON.parse(raw), raw, origin.receivedMs, derive)
    // As it was flagged when it was decided about.
    const later = { origin, event: { ...event, flags }, derived, identity, raw, loadSeq }
    await parts.change(() => warehouse.swap(resolution, later))
    await index.replace([], [standing(conflict), placeOfFirst(resolution)])
  }
  await warehouse.done(resolution)
}

function standing({ origin, identity, amount, currency, userId }: Conflict): IdentityEntry {
  const { requestId, position } = origin
  const [entry] = entriesOfStored({ identity, requestId, position, amount, currency, userId, claim: null })
  return { ...(entry as IdentityEntry), uncounted: false }
}

/** Read again from the log, it has its outcome. */
function placeOfFirst({ firstRequestId: requestId, firstPosition: position }: Resolution): IdentityEntry {
  const identity = identityOfPlace(requestId, position)
  return { identity, requestId, position, fingerprint: outcomeMarks.conflict, uncounted: false }
}
