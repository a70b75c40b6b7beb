// Users who were erased and must not come back: known by a keyed hash alone, so that the list names nobody. Whoever has
// the list and its key can ask it about a user, and nothing else can be read from it.
// Nearly every installation has few of them or none, so asking costs nothing for a product that has none, and one hash
// for an event of one that has.

import { hash } from 'node:crypto'

/** `keyId`: which key the hash was made with; a list that came from elsewhere may have another. */
export type SuppressedUser = { product: string; keyId: string; hash: string }

export type Suppression = {
  /** Whether nobody is on the list. */
  isEmpty: boolean
  holds(product: string, userId: string): boolean
}

/** Secrets by their ids, 64 hex digits each. */
export type SuppressionKeys = ReadonlyMap<string, string>

/** 64 hex digits. */
export function hashUser(key: string, product: string, userId: string): string {
  return hash('sha256', `${key} ${JSON.stringify([product, userId])}`, 'hex')
}

export function suppressionOf(keys: SuppressionKeys, users: readonly SuppressedUser[]): Suppression {
  const byProduct = new Map<string, Map<string, Set<string>>>()
  for (const user of users) {
    const key = keys.get(user.keyId)
    if (key === undefined) continue
    const byKey = byProduct.get(user.product) ?? new Map<string, Set<string>>()
    byProduct.set(user.product, byKey.set(key, (byKey.get(key) ?? new Set()).add(user.hash)))
  }
  return {
    isEmpty: byProduct.size === 0,
    holds(product, userId) {
      const byKey = byProduct.get(product)
      if (byKey === undefined) return false
      for (const [key, hashes] of byKey) if (hashes.has(hashUser(key, product, userId))) return true
      return false
    },
  }
}

export const nobodySuppressed: Suppression = { isEmpty: true, holds: () => false }
