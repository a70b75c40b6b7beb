// The options of a client, their defaults, and what is wrong with them. A wrong one is told at once, by its name, and the
// key is never repeated. Every limit of the client has its name here.

import { limits } from '@datapulse/contract'
import { DataPulseError } from './error.ts'
import type { Notice } from './notice.ts'
import type { OpenSpool } from './outbox.ts'
import type { Fetch } from './world.ts'

export type ClientOptions = {
  /** Where the server is: `https://events.example.com`. */
  url: string
  /** The API key, with the scope `ingest`. */
  key: string
  /** A batch is sent when it holds so many events (500), so many bytes (1 MiB), or its oldest event has waited so long (100 ms). */
  batch?: { events?: number; bytes?: number; ms?: number }
  /** What is held here without an outcome at most: events (10,000) and bytes (32 MiB). Beyond it `track` waits, in so many calls (100,000), with as many bytes again. */
  memory?: { events?: number; bytes?: number; waiting?: number }
  /** Requests at once (1). With more than one, events may arrive in another order. */
  concurrency?: number
  /** How long one request may take (30 s). */
  timeoutMs?: number
  /** The longest wait between two tries grows from `baseMs` (500) to `maxMs` (30 s); the wait itself is drawn evenly below it. */
  backoff?: { baseMs?: number; maxMs?: number }
  /** How long an event is tried before its `track` rejects with UNDELIVERED; without it, as long as it takes. Not with a spool. */
  giveUpMs?: number
  /** Compress bodies (true), where the runtime can. */
  gzip?: boolean
  /** No timer is left behind: what is handed over is sent at once. For functions that are frozen between requests. */
  serverless?: boolean
  /** Events handed over survive this process: `diskSpool({ directory })` of `@datapulse/client/spool`. */
  spool?: OpenSpool
  /** Told of every request, retry and outcome, for logs and metrics. */
  onNotice?: (notice: Notice) => unknown
  /** Another `fetch`, such as one with a proxy. */
  fetch?: Fetch
}

export type Settings = {
  url: string
  key: string
  batch: { events: number; bytes: number; ms: number }
  memory: { events: number; bytes: number; waiting: number }
  concurrency: number
  timeoutMs: number
  backoff: { baseMs: number; maxMs: number }
  giveUpMs: number
  gzip: boolean
  serverless: boolean
}

const dayMs = 24 * 60 * 60 * 1000

export function readOptions(options: ClientOptions): Settings {
  const { batch = {}, memory = {}, backoff = {} } = options
  const bytesMin = limits.eventBytesMax + 2
  return {
    url: readUrl(options.url),
    key: readKey(options.key),
    batch: {
      events: whole('batch.events', batch.events ?? 500, 1, limits.batchEventsMax),
      bytes: whole('batch.bytes', batch.bytes ?? 1024 * 1024, 1, limits.bodyBytesMax),
      ms: whole('batch.ms', batch.ms ?? 100, 0, dayMs),
    },
    memory: {
      events: whole('memory.events', memory.events ?? 10_000, 1),
      bytes: whole('memory.bytes', memory.bytes ?? 32 * 1024 * 1024, bytesMin),
      waiting: whole('memory.waiting', memory.waiting ?? 100_000, 0),
    },
    concurrency: whole('concurrency', options.concurrency ?? 1, 1, 64),
    timeoutMs: whole('timeoutMs', options.timeoutMs ?? 30_000, 1, dayMs),
    backoff: {
      baseMs: whole('backoff.baseMs', backoff.baseMs ?? 500, 1, dayMs),
      maxMs: whole('backoff.maxMs', backoff.maxMs ?? 30_000, 1, dayMs),
    },
    giveUpMs: options.giveUpMs === undefined ? Number.POSITIVE_INFINITY : whole('giveUpMs', options.giveUpMs, 1),
    gzip: options.gzip ?? true,
    serverless: options.serverless ?? false,
  }
}

function readUrl(given: unknown): string {
  const parsed = typeof given === 'string' && URL.canParse(given) ? new URL(given) : null
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw wrong('url', 'must be an http or https address, such as https://events.example.com')
  if (parsed.username !== '' || parsed.password !== '' || parsed.search !== '' || parsed.hash !== '')
    throw wrong('url', 'must be an address alone, without a user, a query or a #')
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`
}

function readKey(given: unknown): string {
  if (typeof given !== 'string' || given === '') throw wrong('key', 'must be an API key')
  if (!/^[\x21-\x7e]+$/.test(given)) throw wrong('key', 'must be an API key: this one has characters that no key has')
  return given
}

function whole(name: string, given: unknown, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(given) && (given as number) >= min && (given as number) <= max) return given as number
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  throw wrong(name, `must be a whole number ${range}: got ${typeof given === 'number' ? given : typeof given}`)
}

function wrong(name: string, must: string): DataPulseError {
  return new DataPulseError('BAD_OPTION', `Cannot open a client because ${name} ${must}`)
}
