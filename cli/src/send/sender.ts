// Sends one batch until every event of it has an outcome: accepted, or rejected with the violations. The server keeps the
// good events of a batch and names the others. 429 and 5xx are waited out as the server says; the network's faults, with
// backoff. A reply that was lost leaves open whether the batch was stored: sending it again is right, because events with
// an identity count once, and the rest go under an Idempotency-Key that is made from the batch.

import { checkDryRun } from '@datapulse/contract'
import { createHash } from 'node:crypto'
import { whyUnreachable } from '../admin.ts'
import { Failure } from '../failure.ts'
import type { Piece } from './pieces.ts'

export type Violation = { index?: number; field?: string; rule?: string; message?: string }
export type Rejection = { piece: Piece; violations: Violation[] }
/** `misspelled`: keys that look like a field, as only a dry run tells, with how many events have them. */
export type BatchOutcome = { accepted: number; rejected: Rejection[]; misspelled: Map<string, number> }

export type SenderOptions = {
  /** Base URL of the public port, without a trailing slash. */
  apiUrl: string
  apiKey: string
  /** The file's name, or what stands for it. */
  source: string
  dryRun: boolean
  /** How often in a row one request may fail for a reason that passes, before it is given up. */
  triesMax: number
  /** Ends with a fault when the waiting is over before its time. */
  sleep: (ms: number) => Promise<unknown>
  random: () => number
  fetch?: typeof fetch
  note: (text: string) => void
  /** Told before and after a wait: why, and for how long. */
  waiting: (why: string | null, ms: number) => void
}

export type Sender = { send: (batch: Piece[]) => Promise<BatchOutcome>; counts: { requests: number; retries: number } }

const backoffMs = 500
const backoffMsMax = 30_000
/** Waits for the limit are no failures; but a server that says 429 for ever is not waited for. */
const rateWaitsMax = 200

export function openSender(options: SenderOptions): Sender {
  const counts = { requests: 0, retries: 0 }
  const sleep = async (ms: number, why: string): Promise<void> => {
    options.waiting(why, ms)
    await options.sleep(ms)
    options.waiting(null, 0)
  }
  const pace = openPace(ms => sleep(ms, 'the key has no request left'))

  const send = async (batch: Piece[]): Promise<BatchOutcome> => {
    const outcome: BatchOutcome = { accepted: 0, rejected: [], misspelled: new Map() }
    for (const piece of batch)
      if (piece.problem !== null)
        outcome.rejected.push({ piece, violations: [{ rule: 'json', message: piece.problem }] })
    await sendGood(
      batch.filter(piece => piece.problem === null),
      outcome,
    )
    outcome.rejected.sort((a, b) => a.piece.line - b.piece.line)
    return outcome
  }

  const sendGood = async (pieces: Piece[], outcome: BatchOutcome): Promise<void> => {
    let left = pieces
    while (left.length > 0) {
      const body = `[${left.map(piece => piece.text).join(',')}]`
      const reply = await request(body)
      const bad =
        reply.status === 200 ? errorsOf(reply, left.length, options) : violationsByIndex(reply, body, left.length)
      for (const [index, violations] of bad) outcome.rejected.push({ piece: left[index]!, violations })
      if (reply.status === 200) {
        outcome.accepted += left.length - bad.size
        for (const key of misspelledOf(reply)) outcome.misspelled.set(key, (outcome.misspelled.get(key) ?? 0) + 1)
        return
      }
      if (bad.size > 0) left = left.filter((_, index) => !bad.has(index))
      else if (left.length === 1) {
        const { code, message = '' } = reply.body
        outcome.rejected.push({ piece: left[0]!, violations: [{ rule: code ?? String(reply.status), message }] })
        return
      } else {
        // Too large, or refused for a reason that names no event: the halves will tell.
        const half = left.length >> 1
        await sendGood(left.slice(0, half), outcome)
        left = left.slice(half)
      }
    }
  }

  /** Returns 200, 400 or 413; waits out what passes; throws for what does not. */
  const request = async (body: string): Promise<Reply> => {
    let failures = 0
    for (let waits = 0; ; ) {
      await pace.wait()
      const reply = await post(options, body)
      counts.requests += 1
      if ('status' in reply) {
        pace.heed(reply.headers)
        if (reply.status === 200 || reply.status === 400 || reply.status === 413) return reply
        if (reply.status < 500 && reply.status !== 429 && reply.status !== 408) throw refused(reply)
      }
      const isRate = 'status' in reply && reply.status === 429
      if (isRate ? ++waits > rateWaitsMax : ++failures >= options.triesMax)
        throw gaveUp(reply, failures, options.apiUrl)
      counts.retries += 1
      const ms =
        retryAfterMs(reply) ?? Math.min(backoffMsMax, backoffMs * 2 ** (failures - 1)) * (0.5 + options.random())
      const why = 'status' in reply ? String(reply.status) : reply.fault
      if (!isRate) options.note(`${why}: again in ${(ms / 1_000).toFixed(1)} s`)
      await sleep(ms, isRate ? 'the key is over its limit' : why)
    }
  }

  return { send, counts }
}

type Errors = { index?: number; violations?: Violation[] }[]
type Reply = {
  status: number
  headers: Headers
  body: {
    code?: string
    message?: string
    violations?: Violation[]
    status?: string
    mode?: string
    accepted?: number
    successCount?: number
    errors?: Errors
    misspelledFields?: Record<string, { sent: string; expected: string }[]>
  }
}

async function post(options: SenderOptions, body: string): Promise<Reply | { fault: string }> {
  const { apiUrl, apiKey, source, dryRun } = options
  const idempotencyKey = createHash('sha256').update(`${source}\n${body}`).digest('hex')
  try {
    const ask = options.fetch ?? fetch
    const reply = await ask(`${apiUrl}/v2/s2s/batch?${dryRun ? 'dryrun' : 'partial=1'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': apiKey, 'idempotency-key': idempotencyKey },
      body,
      signal: AbortSignal.timeout(60_000),
      redirect: 'error',
    })
    return { status: reply.status, headers: reply.headers, body: parse(await reply.text()) }
  } catch (error) {
    return { fault: whyUnreachable(error) }
  }
}

function parse(text: string): Reply['body'] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return { message: text.slice(0, 200) }
  }
}

/** What a 200 says of the bad events. One that does not account for every event is no answer of ours. */
function errorsOf({ body }: Reply, count: number, { apiUrl, dryRun }: SenderOptions): Map<number, Violation[]> {
  const errors = new Map((body.errors ?? []).map(({ index = -1, violations = [] }) => [index, violations]))
  const good = dryRun ? body.successCount : body.accepted
  const isOurs = dryRun ? body.mode === 'dryrun' : body.status === 'success'
  if (isOurs && good === count - errors.size && [...errors.keys()].every(index => index >= 0 && index < count))
    return errors
  throw new Failure(
    'NOT_DATAPULSE',
    `What answers at ${apiUrl} is not the public API of DataPulse, or an older one: it said 200 and not what became of ${count} events`,
  )
}

/** What a 400 says. It lists few; what more this program's own check finds is rejected too, with the server's word on it. */
function violationsByIndex({ status, body }: Reply, text: string, count: number): Map<number, Violation[]> {
  const byIndex = new Map<number, Violation[]>()
  if (status !== 400) return byIndex
  for (const violation of body.violations ?? []) {
    const { index } = violation
    if (typeof index !== 'number' || !(index >= 0 && index < count)) continue
    byIndex.set(index, [...(byIndex.get(index) ?? []), violation])
  }
  if (byIndex.size === 0 || byIndex.size === count) return byIndex
  // None is good, or some would have been kept.
  const here = checkDryRun(Buffer.from(text), 'batch', Date.now())
  for (const { index, violations } of here.ok ? here.errors : [])
    if (!byIndex.has(index)) byIndex.set(index, violations)
  return byIndex
}

function misspelledOf({ body }: Reply): string[] {
  return Object.values(body.misspelledFields ?? {}).flatMap(found =>
    found.map(({ sent, expected }) => JSON.stringify([sent, expected])),
  )
}

function refused(reply: Reply): Failure {
  const { code = `HTTP_${reply.status}`, message = '' } = reply.body
  if (reply.status === 401) return new Failure(code, 'The server refused the key: it is unknown, revoked or expired')
  return new Failure(code, `The server refused: ${reply.status} ${message}`)
}

function gaveUp(reply: Reply | { fault: string }, failures: number, apiUrl: string): Failure {
  if ('fault' in reply) {
    return new Failure(
      'UNREACHABLE',
      `Cannot reach the public API at ${apiUrl} (${reply.fault}) after ${failures} tries: start the server, or name it with --api-url`,
    )
  }
  return new Failure(
    `HTTP_${reply.status}`,
    `Gave up after ${failures} tries: ${reply.status} ${reply.body.message ?? ''}`,
  )
}

function retryAfterMs(reply: Reply | { fault: string }): number | null {
  const seconds = 'headers' in reply ? Number(reply.headers.get('retry-after') ?? Number.NaN) : Number.NaN
  return seconds >= 0 ? seconds * 1_000 : null
}

type Pace = { wait: () => Promise<void>; heed: (headers: Headers) => void }

/** Holds requests back when `RateLimit` said that none is left, so that no 429 is earned. */
function openPace(sleep: (ms: number) => Promise<unknown>): Pace {
  let pauseMs = 0
  return {
    async wait() {
      const ms = pauseMs
      pauseMs = 0
      if (ms > 0) await sleep(ms)
    },
    heed(headers) {
      const rate = headers.get('ratelimit') ?? ''
      const left = /(?:^|;)\s*r=(\d+)/.exec(rate)?.[1]
      const seconds = /(?:^|;)\s*t=(\d+)/.exec(rate)?.[1]
      pauseMs = left === '0' && seconds !== undefined ? Number(seconds) * 1_000 : 0
    },
  }
}
