// A server for tests, as a `fetch`: it takes batches as the contract says, tells repeated events apart by their identity,
// and stumbles when it is told to. What it took, and every request, can be looked at.

import { gunzipSync } from 'node:zlib'
import { checkPartial, identityOf, normalise, readEvents } from '@datapulse/contract'
import type { Fetch, RequestInput } from '../world.ts'

export type Stumble =
  | { status: number; headers?: Record<string, string>; body?: unknown }
  /** No reply: before the request was looked at, or after it was taken. */
  | { drop: 'before' | 'after' }
  /** The first bytes of the reply alone. */
  | { half: true }
  | { hold: Promise<unknown> }

export type Seen = { headers: Record<string, string>; url: string; events: Record<string, unknown>[]; bytes: number }

export class FakeServer {
  readonly stumbles: Stumble[] = []
  readonly seen: Seen[] = []
  /** How often each identity was taken. */
  readonly taken = new Map<string, number>()
  headers: Record<string, string> = {}
  /** Larger bodies get 413. */
  bytesMax = Number.POSITIVE_INFINITY
  /** Larger bodies get a page with 413 from what stands in between. */
  gatewayBytesMax = Number.POSITIVE_INFINITY

  fetch: Fetch = async (url, init) => {
    const body = textOf(init)
    this.seen.push({ url, headers: init.headers, events: JSON.parse(body), bytes: init.body.length })
    if (body.length > this.gatewayBytesMax) return new Response('<html>too large</html>', { status: 413 })
    const stumble = this.stumbles.shift()
    if (stumble !== undefined && 'hold' in stumble) await stumble.hold
    if (stumble !== undefined && 'drop' in stumble && stumble.drop === 'before') throw failed()
    if (stumble !== undefined && 'status' in stumble) {
      const text = typeof stumble.body === 'string' ? stumble.body : JSON.stringify(stumble.body ?? { status: 'error' })
      return new Response(text, { status: stumble.status, headers: { ...this.headers, ...stumble.headers } })
    }
    const reply = this.#answer(body)
    const headers = { ...this.headers, 'content-type': 'application/json' }
    if (stumble !== undefined && 'drop' in stumble) throw failed()
    if (stumble !== undefined && 'half' in stumble)
      return new Response(reply.text.slice(0, 20), { status: reply.status, headers })
    return new Response(reply.text, { status: reply.status, headers })
  }

  /** The values of a field, of every event in every request. */
  sent(field: string): unknown[] {
    return this.seen.flatMap(({ events }) => events.map(event => event[field]))
  }

  #answer(body: string): { status: number; text: string } {
    if (body.length > this.bytesMax)
      return said(413, { status: 'error', code: 'PAYLOAD_TOO_LARGE', message: 'too large' })
    const bytes = new TextEncoder().encode(body)
    const outcome = checkPartial(bytes, Date.now())
    if (!outcome.ok) return said(400, { status: 'error', ...outcome })
    const kept = readEvents(outcome.kept ?? bytes, 'batch')
    if (kept.ok) for (const { value, text } of kept.events) this.#take(value, text)
    const { events, errors } = outcome
    return said(200, { status: 'success', request_id: 'r1', accepted: events, rejected: errors.length, errors })
  }

  #take(value: unknown, sent: string): void {
    const origin = { product: 'p', mode: 'live' as const, requestId: `r${this.seen.length}`, position: this.taken.size }
    const { text } = identityOf(normalise(value, sent, Date.now()), origin, sent, text => text)
    this.taken.set(text, (this.taken.get(text) ?? 0) + 1)
  }
}

function textOf({ body, headers }: RequestInput): string {
  if (typeof body === 'string') return body
  return headers['content-encoding'] === 'gzip' ? gunzipSync(body).toString() : new TextDecoder().decode(body)
}

function said(status: number, value: object): { status: number; text: string } {
  return { status, text: JSON.stringify(value) }
}

function failed(): Error {
  return new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
}
