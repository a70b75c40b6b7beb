// Deletes what must not be kept any more: everything of users who were erased, and what outlived its product's
// retention. Who is erased is on the suppression list first, and everything decided before that is loaded, so nothing
// of them can come after; then the index forgets their events, the warehouse deletes them, and texts that are kept
// beside (parked events, rejected requests) lose what was theirs. Each step may be done again: dying in between costs
// another look.

import { identityOfText } from '../steps/identity.ts'
import { withoutTaken, withoutUsers } from '../steps/without-users.ts'
import type { ErasingWarehouse, ExpiredCounts, IdentityRow, KeptText } from '../warehouse/load.ts'

export type EraseParts = {
  warehouse: ErasingWarehouse
  /** Of the pipeline. */
  forget(rows: readonly IdentityRow[]): Promise<void>
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
  const { warehouse } = parts
  const erased = new Map<string, Erased>()
  const of = (mark: string): Erased => {
    const known = erased.get(mark) ?? { stored: 0, duplicate: 0, parked: 0, rejectedRequests: 0 }
    erased.set(mark, known)
    return known
  }
  const found: { user: string; mark: string }[] = []
  for await (const users of warehouse.users(product))
    for (const user of users) {
      const mark = markOf(user)
      if (mark !== null) found.push({ user, mark })
    }
  for (const { user, mark } of found) {
    for await (const rows of warehouse.identitiesOfUser(product, user)) await parts.forget(rows)
    const { stored, duplicate } = await parts.change(() => warehouse.eraseUser(product, user))
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

/** Deletes what a product received before `beforeMs`, the beginning of a UTC day. */
export async function expire(parts: EraseParts, product: string, beforeMs: number): Promise<ExpiredCounts> {
  let events = 0
  for await (const rows of parts.warehouse.identitiesBefore(product, beforeMs)) {
    await parts.forget(rows)
    events += rows.length
  }
  const work = () => parts.warehouse.expire(product, beforeMs, kind => uuidOf(`expired ${product} ${beforeMs} ${kind}`))
  return events > 0 ? parts.change(work) : work()
}

/** A UUID (version 8) made from a text: the same text, the same one. */
function uuidOf(text: string): string {
  const hex = identityOfText(text)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}
