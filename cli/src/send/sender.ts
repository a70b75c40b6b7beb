// Sends one batch until every event of it has an outcome: accepted, or rejected with the violations. The server refuses
// a batch whole when one event is bad, and names the bad ones; the others are then sent again without them, at once, so
// that events keep their order. 429 and 5xx are waited out as the server says; the network's faults, with backoff.
// A reply that was lost leaves open whether the batch was stored: sending it again is right, because events with an
// identity count once, and the rest go under one Idempotency-Key.

import { randomUUID } from 'node:crypto'
import { whyUnreachable } from '../admin.ts'
import { Failure } from '../failure.ts'
import type { Piece } from './pieces.ts'

export type Violation = { index?: number; field?: string; rule?: string; message?: string }

export type SenderOptions = {
  /** Base URL of the public port, without a trailing slash. */
  apiUrl: string
  apiKey: string
  /** How often in a row one request may fail for a reason that passes, before it is given up. */
  triesMax: number
  sleep: (ms: number) => Promise<unknown>
  random: () => number
  fetch?: typeof fetch
  note: (text: string) => void
  rejected: (piece: Piece, violations: Violation[]) => Promise<void>
}

export type Sender = { send: (batch: Piece[]) => Promise<void>; tally: SendTally }
export type SendTally = { accepted: number; rejected: number; requests: number; retries: number }

const backoffMs = 500
const backoffMsMax = 30_000
/** Waits for the limit are no failures; but a server that says 429 for ever is not waited for. */
const rateWaitsMax = 200

export function openSender(options: SenderOptions): Sender {
  const tally: SendTally = { accepted: 0, rejected: 0, requests: 0, retries: 0 }
  const pace = openPace(options.sleep)

  const reject = async (piece: Piece, violations: Violation[]): Promise<void> => {
    tally.rejected += 1
    await options.rejected(piece, violations)
  }

  const send = async (batch: Piece[]): Promise<void> => {
    let left = batch.filter(piece => piece.problem === null)
    for (const piece of batch)
      if (piece.problem !== null) await reject(piece, [{ rule: 'json', message: piece.problem }])
    while (left.length > 0) {
      const reply = await request(left, pace)
      if (reply.status === 200) {
        tally.accepted += left.length
        return
      }
      const bad = reply.status === 400 ? violationsByIndex(reply.body, left.length) : new Map<number, Violation[]>()
      if (bad.size > 0) {
        for (const [index, violations] of bad) await reject(left[index]!, violations)
        left = left.filter((_, index) => !bad.has(index))
      } else if (left.length === 1) {
        await reject(left[0]!, [{ rule: reply.body.code ?? String(reply.status), message: reply.body.message ?? '' }])
        return
      } else {
        // Too large, or refused for a reason that names no event: the halves will tell.
        const half = left.length >> 1
        await send(left.slice(0, half))
        left = left.slice(half)
      }
    }
  }

  /** Returns 200, 400 or 413; waits out what passes; throws for what does not. */
  const request = async (pieces: Piece[], { wait, heed }: Pace): Promise<Reply> => {
    const body = `[${pieces.map(piece => piece.text).join(',')}]`
    const headers = { 'content-type': 'application/json', 'x-api-key': options.apiKey, 'idempotency-key': randomUUID() }
    let failures = 0
    for (let waits = 0; ; ) {
      await wait()
      const reply = await post(options, body, headers)
      tally.requests += 1
      if ('status' in reply) {
        heed(reply.headers)
        if (reply.status === 200 || reply.status === 400 || reply.status === 413) return reply
        if (reply.status < 500 && reply.status !== 429 && reply.status !== 408) throw refused(reply)
      }
      const isRate = 'status' in reply && reply.status === 429
      if (isRate ? ++waits > rateWaitsMax : ++failures >= options.triesMax)
        throw gaveUp(reply, failures, options.apiUrl)
      tally.retries += 1
      const ms =
        retryAfterMs(reply) ?? Math.min(backoffMsMax, backoffMs * 2 ** (failures - 1)) * (0.5 + options.random())
      if (!isRate)
        options.note(`${'status' in reply ? reply.status : reply.fault}: again in ${(ms / 1_000).toFixed(1)} s`)
      await options.sleep(ms)
    }
  }

  return { send, tally }
}

type Reply = { status: number; headers: Headers; body: { code?: string; message?: string; violations?: Violation[] } }

async function post(
  options: SenderOptions,
  body: string,
  headers: Record<string, string>,
): Promise<Reply | { fault: string }> {
  try {
    const ask = options.fetch ?? fetch
    const signal = AbortSignal.timeout(60_000)
    const reply = await ask(`${options.apiUrl}/v2/s2s/batch`, {
      method: 'POST',
      headers,
      body,
      signal,
      redirect: 'error',
    })
    const text = await reply.text()
    return { status: reply.status, headers: reply.headers, body: parse(text) }
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

function violationsByIndex(body: Reply['body'], count: number): Map<number, Violation[]> {
  const byIndex = new Map<number, Violation[]>()
  for (const violation of body.violations ?? []) {
    const { index } = violation
    if (typeof index !== 'number' || !(index >= 0 && index < count)) continue
    byIndex.set(index, [...(byIndex.get(index) ?? []), violation])
  }
  return byIndex
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
