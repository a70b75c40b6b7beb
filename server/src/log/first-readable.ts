// Finds where a damaged segment becomes readable again, without knowing which of its pages are broken.

import { type CommitHead, headIsIntact } from './commit.ts'
import { isDamage, type SegmentReader } from './store.ts'

/** The first commit from `from` on, or the one behind the damage that is in the way: galloping, then halving. */
export function firstReadable(reader: SegmentReader, from: number, limit: number): CommitHead | null {
  let good = headFrom(reader, from)
  if (good !== 'unreadable') return good
  let bad = from
  let step = 1
  let to = from
  while (good === 'unreadable') {
    if (to >= limit) return null
    bad = to
    to = Math.min(limit, to + step)
    step *= 2
    good = headFrom(reader, to)
  }
  while (to - bad > 1) {
    const middle = bad + Math.floor((to - bad) / 2)
    const head = headFrom(reader, middle)
    if (head === 'unreadable') bad = middle
    else {
      to = middle
      good = head
    }
  }
  return good
}

/** The first commit's numbers at or after `offset`, when they can be trusted. */
export function headFrom(reader: SegmentReader, offset: number): CommitHead | null | 'unreadable' {
  try {
    const head = reader.nextHead(offset)
    return head !== null && head.offset === offset && !headIsIntact(head) ? 'unreadable' : head
  } catch (error) {
    if (isDamage(error)) return 'unreadable'
    throw error
  }
}
