// Products and their keys: who may send, how much, and under which product what they send is kept.
// Promises: a change is durable when its promise resolves; every process that has the file open follows within
// `pollMs` (a revoked key stops within a second everywhere); reading never touches the disk.
// A secret is returned once, by createKey; what is kept is its hash and its first characters.

import type { NatsConnection } from '@nats-io/transport-node'
import { limits } from '../limits.ts'
import { type Access, accessOver } from './access.ts'
import { type Documents, openDocuments } from './documents.ts'
import { type Erasures, erasuresOver } from './erasures.ts'
import {
  type Key,
  type KeyChange,
  type KeyWish,
  keyChangeProblem,
  keyProblem,
  type Mode,
  type Product,
  type ProductChange,
  productChangeProblem,
  productProblem,
  rateLimitDefault,
  type Scope,
} from './key.ts'
import { hashSecret, makeKeyId, makeSecret, secretCharactersMax, shortenSecret } from './secret.ts'

export type { Key, KeyChange, KeyWish, Mode, Product, ProductChange, Scope }
export type { Erasure, ErasureList, Erasures } from './erasures.ts'

export type AccountsOptions = {
  /** `data/accounts.db` */
  path: string
  now: () => number
  logger: { warn(fields: object, message: string): void }
  /** How often other processes' changes are looked for. */
  pollMs?: number
}

/** A wish that cannot be granted; `problem` is a sentence for the one who asked. */
export type Refused = { ok: false; problem: string }

export type Accounts = Erasures &
  Access & {
    createProduct(name: string): Promise<{ ok: true; product: Product; created: boolean } | Refused>
    listProducts(): Product[]
    updateProduct(id: string, change: ProductChange): Promise<{ ok: true; product: Product } | Refused>
    /** Makes the product too if it is new. `secret` is not kept: this is the only time it is told. */
    createKey(wish: KeyWish): Promise<{ ok: true; key: Key; secret: string } | Refused>
    listKeys(product?: string): Key[]
    /** From the next request on, everywhere within a second. A revoked key stays as it is. */
    updateKey(id: string, change: KeyChange): Promise<{ ok: true; key: Key } | Refused>
    /** Revoking a revoked key changes nothing. */
    revokeKey(id: string): Promise<{ ok: true; key: Key } | Refused>
    /** The key whose secret this is, if it may be used now; unknown, revoked and expired keys are alike null. */
    findKey(presentedSecret: string, nowMs: number): Key | null
    /** Of a secret that findKey has just refused: whose it was, and why it is no more; null when it never was a key's. */
    findEnded(presentedSecret: string): { key: Key; ended: 'revoked' | 'expired' } | null
    /** Notes when keys were last used. Best effort: a failure is logged, nothing waits for the disk. */
    touch(uses: Iterable<readonly [keyId: string, usedMs: number]>): void
    lastUsed(keyId: string): number | null
    /** For how long nothing was heard from where accounts are kept; what is known is as old as that. */
    unseenMs(): number
    status(): { products: number; keys: number; keysActive: number }
    close(): void
  }

export function openAccounts(options: AccountsOptions): Accounts {
  const warn = tellSometimes(options.logger, options.now)
  const documents = openDocuments(options.path, options.pollMs ?? 100, fault => warn(fault, unread))
  return accountsOver(documents, options.now, warn)
}

/** The same where NATS key-value holds them. */
export async function openSharedAccounts(
  options: Pick<AccountsOptions, 'now' | 'logger'> & { connection: NatsConnection; replicas: number },
): Promise<Accounts> {
  const { now, logger, connection, replicas } = options
  const warn = tellSometimes(logger, now)
  const onFault = (fault: unknown) => warn(fault, unread)
  const { openNatsDocuments } = await import('./nats-documents.ts')
  return accountsOver(await openNatsDocuments({ connection, replicas, now, onFault }), now, warn)
}

const unread = 'accounts cannot be read; going on with the keys known so far'

type Warn = (fault: unknown, message: string) => void

function accountsOver(documents: Documents & { unseenMs?(): number }, now: () => number, warn: Warn): Accounts {
  const keysByHash = new Map<string, Key>()
  /** Presented secret → key, so that the hot path does not hash. Holds known keys only, hence never more than there are. */
  const keysByPresented = new Map<string, Key>()
  for (const { value } of documents.list<Key>('key')) keysByHash.set(value.hash, value)
  documents.watch((kind, id) => {
    if (kind !== 'key') return
    const document = documents.get<Key>('key', id)
    if (document === null) return
    keysByHash.set(document.value.hash, document.value)
    keysByPresented.clear()
  })

  return {
    createProduct: name => createProduct(documents, name, now),
    ...erasuresOver(documents, now),
    ...accessOver(documents, now, fault => warn(fault, 'when a session was last seen was not written')),
    updateProduct: (id, change) => updateProduct(documents, id, change),
    listProducts: () => valuesOf<Product>(documents, 'product'),
    createKey: wish => createKey(documents, wish, now),
    listKeys: product =>
      valuesOf<Key>(documents, 'key').filter(key => product === undefined || key.product === product),
    updateKey: (id, change) => updateKey(documents, id, change, now),
    revokeKey: id => revokeKey(documents, id, now),
    findKey,
    findEnded(presented) {
      const key = keysByPresented.get(presented)
      return key === undefined ? null : { key, ended: key.revokedMs === null ? 'expired' : 'revoked' }
    },
    touch(uses) {
      try {
        documents.touch(uses)
      } catch (fault) {
        warn(fault, 'last-used times of keys were not written')
      }
    },
    lastUsed: id => documents.lastUsed(id),
    unseenMs: () => documents.unseenMs?.() ?? 0,
    status: () => countAccounts(documents, now()),
    close: () => documents.close(),
  }

  function findKey(presented: string, nowMs: number): Key | null {
    let key = keysByPresented.get(presented)
    if (key === undefined) {
      if (presented.length > secretCharactersMax) return null
      const hash = hashSecret(presented)
      key = keysByHash.get(hash) ?? newKey(hash)
      if (key === undefined) return null
      keysByPresented.set(presented, key)
    }
    if (key.revokedMs !== null || (key.expiresMs !== null && key.expiresMs <= nowMs)) return null
    return key
  }

  /** A key that another process made a moment ago is good at once, not only after the next poll. */
  function newKey(hash: string): Key | undefined {
    documents.catchUp()
    return keysByHash.get(hash)
  }
}

async function createProduct(documents: Documents, name: string, now: () => number) {
  const problem = productProblem(name)
  if (problem !== null) return refused(problem)
  documents.refresh()
  if (documents.list('product').length >= limits.productsMax && documents.get('product', name) === null) {
    return refused(`Cannot create the product because there may be ${limits.productsMax} at most.`)
  }
  const product: Product = { id: name, createdMs: now() }
  const created = await documents.put('product', name, product, 0)
  return { ok: true as const, product: documents.get<Product>('product', name)?.value ?? product, created }
}

async function updateProduct(
  documents: Documents,
  id: string,
  change: ProductChange,
): Promise<{ ok: true; product: Product } | Refused> {
  const problem = productChangeProblem(change)
  if (problem !== null) return refused(problem)
  documents.refresh()
  for (;;) {
    const found = documents.get<Product>('product', id)
    if (found === null)
      return refused(`Cannot change the product because there is none with the id ${JSON.stringify(id)}.`)
    const product: Product = { ...found.value, ...change }
    if (await documents.put('product', id, product, found.revision)) return { ok: true, product }
  }
}

async function createKey(documents: Documents, wish: KeyWish, now: () => number) {
  const nowMs = now()
  const problem = keyProblem(wish, nowMs)
  if (problem !== null) return refused(problem)
  if (documents.list('key').length >= limits.keysMax) {
    return refused(`Cannot create the key because there may be ${limits.keysMax} at most.`)
  }
  const made = await createProduct(documents, wish.product, now)
  if (!made.ok) return made
  const mode = wish.mode ?? 'live'
  const secret = makeSecret(mode)
  const key: Key = {
    id: makeKeyId(),
    product: wish.product,
    name: wish.name?.trim() ?? 'default',
    mode,
    prefix: shortenSecret(secret),
    hash: hashSecret(secret),
    rateLimit: wish.rateLimit ?? rateLimitDefault,
    scopes: wish.scopes ?? ['ingest'],
    createdMs: nowMs,
    expiresMs: wish.expiresMs ?? null,
    revokedMs: null,
  }
  if (!(await documents.put('key', key.id, key, 0))) throw new Error(`Two keys cannot have the id ${key.id}.`)
  return { ok: true as const, key, secret }
}

async function updateKey(documents: Documents, id: string, change: KeyChange, now: () => number) {
  const problem = keyChangeProblem(change, now())
  if (problem !== null) return refused(problem)
  const changed = change.name === undefined ? change : { ...change, name: change.name.trim() }
  return rewriteKey(documents, id, 'change', key =>
    key.revokedMs === null ? { ...key, ...changed } : refused('Cannot change the key because it is revoked.'),
  )
}

async function revokeKey(documents: Documents, id: string, now: () => number) {
  return rewriteKey(documents, id, 'revoke', key => (key.revokedMs === null ? { ...key, revokedMs: now() } : key))
}

/** Puts what `rewrite` makes of the key in its place; nothing is written when that is the very same. */
async function rewriteKey(
  documents: Documents,
  id: string,
  verb: 'change' | 'revoke',
  rewrite: (key: Key) => Key | Refused,
): Promise<{ ok: true; key: Key } | Refused> {
  documents.refresh()
  // Somebody else may write the same key at the same time; the loser looks again.
  for (;;) {
    const found = documents.get<Key>('key', id)
    if (found === null)
      return refused(`Cannot ${verb} the key because there is none with the id ${JSON.stringify(id)}.`)
    const key = rewrite(found.value)
    if ('ok' in key) return key
    if (key === found.value) return { ok: true as const, key }
    if (await documents.put('key', id, key, found.revision)) return { ok: true as const, key }
  }
}

function valuesOf<T extends { id: string; createdMs: number }>(documents: Documents, kind: string): T[] {
  const values = documents.list<T>(kind).map(document => document.value)
  return values.sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1))
}

function countAccounts(documents: Documents, nowMs: number) {
  const keys = documents.list<Key>('key')
  const active = keys.filter(
    ({ value }) => value.revokedMs === null && (value.expiresMs === null || value.expiresMs > nowMs),
  )
  return { products: documents.list('product').length, keys: keys.length, keysActive: active.length }
}

/** A fault that stays is told once in ten seconds, not at each poll. */
function tellSometimes(logger: AccountsOptions['logger'], now: () => number): Warn {
  const toldMs = new Map<string, number>()
  return (fault: unknown, message: string) => {
    const nowMs = now()
    if (Math.abs(nowMs - (toldMs.get(message) ?? Number.NEGATIVE_INFINITY)) < 10_000) return
    toldMs.set(message, nowMs)
    logger.warn({ fault: String(fault) }, message)
  }
}

function refused(problem: string): Refused {
  return { ok: false, problem }
}
