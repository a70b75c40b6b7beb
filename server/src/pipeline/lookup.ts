// What the index knows about the items of one chunk, asked for piece by piece while the chunk is still being read: looking
// up takes longer than reading, and happens in a thread of its own.
// It holds as long as nothing but loads changes the index. What the load in flight brings may be in an answer or not:
// whoever decides knows it anyway (`Ahead` in decisions.ts).

import type { IdentityIndex, IndexEntry } from './index/identity-index.ts'
import type { Item } from './items.ts'

/** One answer for each item, in order. */
export type Looked = readonly (IndexEntry | undefined)[]

export type Lookup = {
  /** Asks for items from where it was asked for last. Failures are kept for `answers`. */
  goOn(items: readonly Item[]): void
  answers(): Promise<Looked>
}

export function openLookup(index: Pick<IdentityIndex, 'find'>): Lookup {
  const pieces: Promise<Looked>[] = []
  let asked = 0
  return {
    goOn(items) {
      if (items.length === asked) return
      const piece = index.find(items.slice(asked).map(({ identity }) => identity))
      piece.catch(() => {})
      pieces.push(piece)
      asked = items.length
    },
    answers: async () => (await Promise.all(pieces)).flat(),
  }
}
