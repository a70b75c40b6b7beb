// Accounts in memory: products with their retention, and the real list of those who were erased over a store of
// documents that outlives everything. And the list that a server keeps beside its data.

import type { Product } from '../../server/src/accounts/accounts.ts'
import type { Documents } from '../../server/src/accounts/documents.ts'
import { type ErasureList, type Erasures, erasuresOver } from '../../server/src/accounts/erasures.ts'
import type { KeptErasureList } from '../../server/src/roles/erasure-list.ts'

export type SimAccounts = Erasures & {
  listProducts(): Product[]
  /** What is stored was put back from a copy: as a restore does it, each erasure is done once more. */
  askAgain(): Promise<void>
}

export function openMemoryAccounts(products: Product[], now: () => number): SimAccounts {
  const erasures = erasuresOver(memoryDocuments(), now)
  return {
    ...erasures,
    listProducts: () => products,
    async askAgain() {
      for (const { id } of erasures.listErasures()) await erasures.noteErasure(id, { state: 'requested' })
    },
  }
}

export function memoryErasureList(): KeptErasureList {
  let kept: ErasureList | null = null
  return {
    read: () => kept,
    async write(list) {
      kept = structuredClone(list)
    },
  }
}

type Kept = { id: string; revision: number; value: unknown }

function memoryDocuments(): Documents {
  const kinds = new Map<string, Map<string, Kept>>()
  const watchers: ((kind: string, id: string) => void)[] = []
  const of = (kind: string) => kinds.get(kind) ?? new Map<string, Kept>()
  let revision = 0
  return {
    list: kind => [...of(kind).values()] as never[],
    get: (kind, id) => (of(kind).get(id) ?? null) as never,
    async put(kind, id, value, expected) {
      if ((of(kind).get(id)?.revision ?? 0) !== expected) return false
      kinds.set(kind, of(kind).set(id, { id, revision: ++revision, value: structuredClone(value) }))
      for (const changed of watchers) changed(kind, id)
      return true
    },
    watch: changed => void watchers.push(changed),
    catchUp() {},
    refresh() {},
    touch() {},
    lastUsed: () => null,
    close() {},
  }
}
