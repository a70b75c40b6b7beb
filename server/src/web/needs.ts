// What the admin API needs of the rest of the server, as types of functions. They are handed in when web is opened;
// web imports no other stage. Everything about keys and products, and `standing`, must work while the warehouse is
// away; the asking functions may throw a fault, and those whose `code` problem.ts knows are answered 503.

import type { Event } from '@datapulse/contract'
import type { Origin, Totals } from '../warehouse/load.ts'

export type Product = { id: string; createdMs: number }

/** What is told of a key. Whoever gives one may give more with it; only this is shown. */
export type Key = {
  id: string
  product: string
  name: string
  mode: 'live' | 'test'
  scopes: ('ingest' | 'read')[]
  /** Requests in a rolling minute. */
  rateLimit: number
  /** The secret's first characters. */
  prefix: string
  createdMs: number
  expiresMs: number | null
  revokedMs: number | null
}

export type KeyWish = {
  product: string
  name?: string
  mode?: 'live' | 'test'
  scopes?: ('ingest' | 'read')[]
  rateLimit?: number
  expiresMs?: number | null
}

/** A wish that cannot be granted, with a sentence for the one who asked. */
export type Refused = { ok: false; problem: string }

export type Accounts = {
  listProducts(): Product[]
  /** `created` is false when it was there. */
  createProduct(name: string): Promise<{ ok: true; product: Product; created: boolean } | Refused>
  listKeys(product?: string): Key[]
  /** Makes the product if it is new. `secret` is the whole key: it is given this once. */
  createKey(wish: KeyWish): Promise<{ ok: true; key: Key; secret: string } | Refused>
  /** Revoking twice is not an error. */
  revokeKey(id: string): Promise<{ ok: true; key: Key } | Refused>
  /** Unix milliseconds. */
  lastUsed(keyId: string): number | null
}

/** Which rows are asked for; null does not filter. `since` is included, `until` is not; both mean the time of receipt. */
export type Question = {
  product: string | null
  mode: 'live' | 'test' | null
  sinceMs: number | null
  untilMs: number | null
}

export type EventsQuestion = Question & {
  name: string | null
  userId: string | null
  transactionId: string | null
  clickId: string | null
  messageId: string | null
  requestId: string | null
  /** Also give the text as sent. */
  raw: boolean
}

/** One page: newest first; `cursor` is what an earlier page gave as `next`. */
export type PageWish = { limit: number; cursor: string | null }

/** `next` is null on the last page. */
export type Page<Row> = { rows: Row[]; next: string | null }

/** `raw` is null unless it was asked for. */
export type StoredEvent = { origin: Origin; event: Event; raw: string | null }

export type CountsQuestion = Question & { name: string | null }

/** Stored events of one product, mode, name and currency. `amount` is an exact decimal sum; null where none had one. */
export type Count = {
  product: string
  mode: 'live' | 'test'
  name: string
  currency: string
  events: number
  amount: string | null
}

export type Duplicate = {
  origin: Origin
  event: Event
  firstRequestId: string
  firstPosition: number
  conflict: boolean
}

export type DuplicatesQuestion = Question & {
  name: string | null
  transactionId: string | null
  conflict: boolean | null
}

/** `text` is what could not be processed, as far as it is text. */
export type Parked = { origin: Origin; events: number; reason: string; detail: string; text: string }

/** Refused at the door, summed by product, key and code. */
export type Rejected = {
  product: string
  keyId: string
  code: string
  events: number
  requests: number
  lastMs: number
}

export type StageName = 'api' | 'log' | 'pipeline' | 'warehouse' | 'accounts'

/** One stage's health; `why` says what is wrong when it is not ready. */
export type StageHealth = { ready: boolean; why: string | null; [figure: string]: string | number | boolean | null }

/** Where everything is just now. null means: cannot be known at the moment. */
export type Standing = {
  stages: Partial<Record<StageName, StageHealth>>
  log: { offset: number; events: number; oldestOffset: number; bytes: number; segments: number } | null
  /** How far the log is processed: the last load's `to`, and the events before it. */
  checkpoint: { offset: number; events: number } | null
  lag: { events: number; seconds: number } | null
  disk: { freeBytes: number; usedBytes: number } | null
  /** Events the API was sent since this installation began; null where it does not count them by itself. */
  received: number | null
  totals: Totals | null
}

export type WebNeeds = {
  accounts: Accounts
  listEvents(question: EventsQuestion, page: PageWish): Promise<Page<StoredEvent>>
  countEvents(question: CountsQuestion): Promise<Count[]>
  listDuplicates(question: DuplicatesQuestion, page: PageWish): Promise<Page<Duplicate>>
  listParked(question: Question, page: PageWish): Promise<Page<Parked>>
  countRejected(question: Question): Promise<Rejected[]>
  standing(): Promise<Standing>
  /** Prometheus text. */
  metrics(): Promise<string>
}

export type WebLogger = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
