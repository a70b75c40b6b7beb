// Erasures of persons: who is never to come back, by keyed hash, and how far each erasure has got. What was asked for is
// durable before anything is deleted, so that whoever dies amid it goes on at the next start.
//
// Documents:
//   erasure         Erasure
//   erasure-key     {id, key}: what users are hashed with; made with the first erasure, kept for ever

import { randomBytes } from 'node:crypto'
import { limits } from '../limits.ts'
import { hashUser, type Suppression, suppressionOf } from '../steps/suppression.ts'
import type { Documents } from './documents.ts'
import { productProblem } from './key.ts'

export type Erasure = {
  id: string
  product: string
  keyId: string
  /** See steps/suppression.ts. */
  hash: string
  createdMs: number
  /**
   * `requested`: nothing of the person is taken in any more, and what is there is being deleted. `erased`: it is gone from
   * the warehouse. `complete`: it has left the raw log too.
   */
  state: 'requested' | 'erased' | 'complete'
  /** What was deleted, in events; and rejected requests that were changed. */
  stored: number
  duplicate: number
  parked: number
  rejectedRequests: number
  erasedMs: number | null
  /** When the last of the person's events leaves the raw log, by the log's retention. */
  logUntilMs: number | null
  /** When it was last looked whether anything is there. */
  checkedMs: number | null
}

type ErasureKey = { id: string; key: string; createdMs: number }

/** What may be carried to another installation: enough to keep the persons out there. */
export type ErasureList = {
  keys: { id: string; key: string }[]
  users: Pick<Erasure, 'id' | 'product' | 'keyId' | 'hash' | 'createdMs'>[]
}

export type Erasures = {
  /** The erasure of a user of a product: the one that is there already, or a new one. `userId` as the contract trims it. */
  requestErasure(
    product: string,
    userId: string,
  ): Promise<{ ok: true; erasure: Erasure; created: boolean } | { ok: false; problem: string }>
  listErasures(product?: string): Erasure[]
  noteErasure(id: string, change: Partial<Erasure>): Promise<void>
  /** Always the newest that is known here. */
  suppression(): Suppression
  erasureList(): ErasureList
  /** Takes over what is not here. Gives how many users were new. */
  adoptErasures(list: ErasureList): Promise<number>
}

export function erasuresOver(documents: Documents, now: () => number): Erasures {
  let known: Suppression | null = null
  documents.watch(kind => {
    if (kind === 'erasure' || kind === 'erasure-key') known = null
  })
  const keys = () => documents.list<ErasureKey>('erasure-key').map(({ value }) => value)
  const all = () => documents.list<Erasure>('erasure').map(({ value }) => value)
  return {
    async requestErasure(product, userId) {
      const problem = productProblem(product)
      if (problem !== null) return { ok: false, problem }
      documents.refresh()
      const { id: keyId, key } = await keyOf(documents, now())
      const hash = hashUser(key, product, userId)
      const there = all().find(one => one.product === product && one.keyId === keyId && one.hash === hash)
      if (there !== undefined) return { ok: true, erasure: there, created: false }
      if (all().length >= limits.erasuresMax)
        return { ok: false, problem: `Cannot erase the user because ${limits.erasuresMax} at most are kept out.` }
      const erasure = requested({ id: makeId('erasure'), product, keyId, hash, createdMs: now() })
      await documents.put('erasure', erasure.id, erasure, 0)
      return { ok: true, erasure, created: true }
    },
    listErasures: product =>
      all()
        .filter(one => product === undefined || one.product === product)
        .sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1)),
    async noteErasure(id, change) {
      for (;;) {
        const found = documents.get<Erasure>('erasure', id)
        if (found === null) return
        if (await documents.put('erasure', id, { ...found.value, ...change }, found.revision)) return
      }
    },
    suppression() {
      documents.catchUp()
      known ??= suppressionOf(new Map(keys().map(({ id, key }) => [id, key])), all())
      return known
    },
    erasureList: () => ({
      keys: keys().map(({ id, key }) => ({ id, key })),
      users: all().map(({ id, product, keyId, hash, createdMs }) => ({ id, product, keyId, hash, createdMs })),
    }),
    async adoptErasures({ keys: theirs, users }) {
      for (const { id, key } of theirs) await documents.put('erasure-key', id, { id, key, createdMs: now() }, 0)
      let adopted = 0
      for (const user of users) if (await documents.put('erasure', user.id, requested(user), 0)) adopted += 1
      return adopted
    },
  }
}

function requested(user: ErasureList['users'][number]): Erasure {
  const nothing = { stored: 0, duplicate: 0, parked: 0, rejectedRequests: 0 }
  return { ...user, state: 'requested', ...nothing, erasedMs: null, logUntilMs: null, checkedMs: null }
}

/** The first key there is; two processes that make one at once end up with the same. */
async function keyOf(documents: Documents, nowMs: number): Promise<ErasureKey> {
  const first = () =>
    documents
      .list<ErasureKey>('erasure-key')
      .map(({ value }) => value)
      .sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1))[0]
  const there = first()
  if (there !== undefined) return there
  const made: ErasureKey = { id: makeId('erasure-key'), key: randomBytes(32).toString('hex'), createdMs: nowMs }
  await documents.put('erasure-key', made.id, made, 0)
  return first() ?? made
}

function makeId(kind: string): string {
  return `${kind}_${randomBytes(8).toString('hex')}`
}
