// Deletes what must not be kept any more: everything of users who were erased, and what outlived its product's
// retention. Who is erased is on the suppression list first, and everything decided before that is loaded, so nothing
// of them can come after; then, between two loads, the index forgets their events and the warehouse deletes them, and
// texts that are kept beside (parked events, rejected requests) lose what was theirs. Each step may be done again: dying
// in between costs another look.

import { identityOfText } from '../steps/identity.ts'
import { withoutTaken, withoutUsers } from '../steps/without-users.ts'
import type { ErasingWarehouse, ExpiredCounts, KeptText } from '../warehouse/load.ts'
import type { Forget, Pipeline } from './pipeline.ts'

export type EraseParts = {
  warehouse: ErasingWarehouse
  pipeline: Pick<Pipeline, 'deleting'>
  /** Events are deleted in here. */
  change<T>(work: () => Promise<T>): Promise<T>
}

/** In events; and rejected requests whose text lost something. */
export type Erased = { stored: number; duplicate: number; parked: number; rejectedRequests: number }

/** `markOf` tells users who are to be erased from others: the same mark for the same erasure, null for anybody else. */
export async function eraseUsers(
  parts: EraseParts,
  product: string,
  markOf: (userId: string) => string | null,
): Promise<Map<string, Erased>> {
  const { warehouse, pipeline } = parts
  const erased = new Map<string, Erased>()
  const of = (mark: string): Erased => {
    const known = erased.get(mark) ?? { stored: 0, duplicate: 0, parked: 0, rejectedRequests: 0 }
    erased.set(mark, known)
    return known
  }
  // What was counted as expired is not there to be counted once more.
  await pipeline.deleting(forget => deleteExpired(parts, product, forget))
  const found: { user: string; mark: string }[] = []
  for await (const users of warehouse.users(product))
    for (const user of users) {
      const mark = markOf(user)
      if (mark !== null) found.push({ user, mark })
    }
  for (const { user, mark } of found) {
    const { stored, duplicate } = await pipeline.deleting(async forget => {
      for await (const rows of warehouse.identitiesOfUser(product, user)) await forget(rows)
      return parts.change(() => warehouse.eraseUser(product, user))
    })
    of(mark).stored += stored
    of(mark).duplicate += duplicate
  }
  await eraseTexts(warehouse, product, markOf, of)
  return erased
}

async function eraseTexts(
  warehouse: ErasingWarehouse,
  product: string,
  markOf: (userId: string) => string | null,
  of: (mark: string) => Erased,
): Promise<void> {
  const blank: KeptText[] = []
  const changed: { text: KeptText; other: Pick<KeptText, 'detail' | 'raw'> }[] = []
  for await (const texts of warehouse.keptTexts(product)) {
    for (const text of texts) {
      const marks = new Set<string>()
      const left = withoutUsers(text.raw, userId => {
        const mark = markOf(userId)
        if (mark !== null) marks.add(mark)
        return mark !== null
      })
      if (left === null) continue
      // A single event that is parked; anything else is a request, perhaps of several persons.
      const isEvent = text.position >= 0
      if (isEvent) blank.push(text)
      else changed.push({ text, other: withoutTaken(text, left) })
      for (const mark of marks) {
        if (isEvent) of(mark).parked += 1
        else of(mark).rejectedRequests += 1
      }
    }
  }
  await warehouse.blankTexts(blank)
  for (const { text, other } of changed) await warehouse.replaceText(text, other)
}

/**
 * Deletes what a product received before `beforeMs`, the beginning of a UTC day. It is counted first, and what was counted
 * is deleted then, or the next time.
 */
export function expire(parts: EraseParts, product: string, beforeMs: number): Promise<ExpiredCounts> {
  const { warehouse, pipeline } = parts
  return pipeline.deleting(async forget => {
    await deleteExpired(parts, product, forget)
    const id = (kind: string) => uuidOf(`expired ${product} ${beforeMs} ${kind}`)
    const expired = await warehouse.countExpired(product, beforeMs, id)
    if (expired.events > 0) await deleteExpired(parts, product, forget)
    return expired
  })
}

async function deleteExpired({ warehouse, change }: EraseParts, product: string, forget: Forget): Promise<void> {
  let events = 0
  for await (const rows of warehouse.identitiesExpired(product)) {
    await forget(rows)
    events += rows.length
  }
  const work = () => warehouse.deleteExpired(product)
  await (events > 0 ? change(work) : work())
}

/** A UUID (version 8) made from a text: the same text, the same one. */
function uuidOf(text: string): string {
  const hex = identityOfText(text)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}
