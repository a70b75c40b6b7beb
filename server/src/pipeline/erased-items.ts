// Items of users who were erased: nothing of them goes on but the place at which something was. Such an item lies among
// what is parked, with the reason `erased` and no text, so that it has its outcome, once, like everything else.

import { erasedReason } from '../steps/erasure.ts'
import type { Suppression } from '../steps/suppression.ts'
import { withoutTaken, withoutUsers } from '../steps/without-users.ts'
import { type Item, parkedItem } from './items.ts'

/** The same items while nobody is suppressed. */
export function withoutErased(items: Item[], suppression: Suppression): Item[] {
  return suppression.isEmpty ? items : items.map(item => onlyPlace(item, suppression))
}

function onlyPlace(item: Item, suppression: Suppression): Item {
  if (item.kind === 'rejected') return item
  const { origin } = item
  if (item.kind === 'event') return suppression.holds(origin.product, item.event.userId) ? erasedItem(item) : item
  const left = withoutUsers(item.row.raw, userId => suppression.holds(origin.product, userId))
  if (left === null) return item
  if (item.events === 1 && origin.position >= 0) return erasedItem(item)
  return { ...item, row: { ...item.row, ...withoutTaken(item.row, left) } }
}

function erasedItem({ origin, events }: Item): Item {
  return parkedItem(origin, events, erasedReason, 'load', '')
}
