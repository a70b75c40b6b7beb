// What a product and a key are, and the rules for making one. A rule that is broken is told in one sentence.

export type Product = {
  /** The product's id is its name. */
  id: string
  createdMs: number
  /** Events are deleted so many days after their receipt; absent or null: never. */
  retentionDays?: number | null
}

/** What can be changed of a product; what is absent stays as it is. */
export type ProductChange = { retentionDays?: number | null }

export type Mode = 'live' | 'test'
export type Scope = 'ingest' | 'read'

export type Key = {
  /** `key_` and random characters; safe to show and to log. */
  id: string
  product: string
  name: string
  mode: Mode
  /** The secret's first characters: all that is ever shown of it again. */
  prefix: string
  /** SHA-256 of the secret, hex. */
  hash: string
  /** Requests in a rolling minute. */
  rateLimit: number
  scopes: Scope[]
  createdMs: number
  expiresMs: number | null
  revokedMs: number | null
}

export type KeyWish = {
  product: string
  /** Default: `default`. */
  name?: string
  /** Default: `live`. */
  mode?: Mode
  /** Default: 60. */
  rateLimit?: number
  expiresMs?: number | null
  /** Default: `['ingest']`. */
  scopes?: Scope[]
}

/** What can be changed of a key; what is absent stays as it is. */
export type KeyChange = Pick<KeyWish, 'name' | 'rateLimit' | 'expiresMs' | 'scopes'>

export const rateLimitDefault = 60
/** A hundred thousand requests a second: more than one key can use. */
const rateLimitMax = 6_000_000
const keyNameCharactersMax = 100
/** A hundred years. */
const retentionDaysMax = 36_500

const productPattern = /^[a-z0-9][a-z0-9_-]{0,62}$/
const scopesKnown: readonly string[] = ['ingest', 'read']

/** What is wrong with a product's name, or null. */
export function productProblem(name: unknown): string | null {
  if (typeof name === 'string' && productPattern.test(name)) return null
  return (
    'Cannot use this product name because it must be 1 to 63 of a-z, 0-9, "-" and "_", and start with a letter or digit: ' +
    `got ${show(name)}.`
  )
}

/** What is wrong with a change of a product, or null. */
export function productChangeProblem({ retentionDays }: ProductChange): string | null {
  if (retentionDays === undefined || retentionDays === null) return null
  if (Number.isSafeInteger(retentionDays) && retentionDays >= 1 && retentionDays <= retentionDaysMax) return null
  return `Cannot change the product because its retention must be 1 to ${retentionDaysMax} days: got ${show(retentionDays)}.`
}

/** What is wrong with the wish for a key, or null. */
export function keyProblem(wish: KeyWish, nowMs: number): string | null {
  const { mode } = wish
  const product = productProblem(wish.product)
  if (product !== null) return product
  if (mode !== undefined && mode !== 'live' && mode !== 'test') {
    return `Cannot create the key because its mode must be live or test: got ${show(mode)}.`
  }
  return settingsProblem('create', wish, nowMs)
}

/** What is wrong with a change of a key, or null. */
export function keyChangeProblem(change: KeyChange, nowMs: number): string | null {
  return settingsProblem('change', change, nowMs)
}

function settingsProblem(verb: 'create' | 'change', settings: KeyChange, nowMs: number): string | null {
  const { name, rateLimit, expiresMs, scopes } = settings
  if (name !== undefined && (typeof name !== 'string' || !isShortText(name))) {
    return `Cannot ${verb} the key because its name must be 1 to ${keyNameCharactersMax} printable characters: got ${show(name)}.`
  }
  if (rateLimit !== undefined && !(Number.isSafeInteger(rateLimit) && rateLimit >= 1 && rateLimit <= rateLimitMax)) {
    return `Cannot ${verb} the key because its rate limit must be a whole number from 1 to ${rateLimitMax}: got ${show(rateLimit)}.`
  }
  if (expiresMs !== undefined && expiresMs !== null && !(Number.isSafeInteger(expiresMs) && expiresMs > nowMs)) {
    return `Cannot ${verb} the key because its expiry must be a time in the future: got ${show(expiresMs)}.`
  }
  if (scopes !== undefined && !isScopes(scopes)) {
    return `Cannot ${verb} the key because its scopes must be one or both of ingest and read: got ${show(scopes)}.`
  }
  return null
}

function isShortText(text: string): boolean {
  const length = text.trim().length
  return length >= 1 && length <= keyNameCharactersMax && !/\p{C}/u.test(text)
}

function isScopes(scopes: unknown): boolean {
  if (!Array.isArray(scopes) || scopes.length === 0) return false
  return scopes.every(scope => scopesKnown.includes(scope)) && new Set(scopes).size === scopes.length
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 64 ? `${text.slice(0, 64)}…` : text
}
