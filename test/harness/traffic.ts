// Bounded traffic for tests: partners that post single events and batches, several at once, and keep books of what they
// sent and what was acknowledged. A reply that never came leaves a request in doubt: it may be there or not, but only whole.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Installation, ListedEvent } from './installation.ts'

export type Sent = { ids: string[]; acknowledged: boolean }

export class Traffic {
  readonly requests: Sent[] = []
  #installation: Installation
  #key: string
  #name: string
  #random: () => number
  #running = false
  #partners: Promise<void>[] = []
  #count = 0

  constructor(installation: Installation, key: string, name: string, random: () => number) {
    this.#installation = installation
    this.#key = key
    this.#name = name
    this.#random = random
  }

  /** Starts so many partners; each posts one request after the other until `stop` or its share of `requestsMax` is sent. */
  start(partners: number, requestsMax: number): void {
    this.#running = true
    for (let i = 0; i < partners; i++) this.#partners.push(this.#partner(Math.ceil(requestsMax / partners)))
  }

  async stop(): Promise<void> {
    this.#running = false
    await Promise.all(this.#partners)
    this.#partners = []
  }

  get acknowledged(): number {
    return this.requests.filter(request => request.acknowledged).length
  }

  async #partner(requestsMax: number): Promise<void> {
    for (let i = 0; i < requestsMax && this.#running; i++) {
      const size = this.#random() < 0.7 ? 1 : 2 + Math.floor(this.#random() * 40)
      const ids = Array.from({ length: size }, () => `${this.#name}-${this.#count++}`)
      const request: Sent = { ids, acknowledged: false }
      this.requests.push(request)
      const events = ids.map(id => deposit(id))
      const single = size === 1
      try {
        const path = single ? '/v2/s2s/event' : '/v2/s2s/batch'
        const reply = await this.#installation.post(path, this.#key, JSON.stringify(single ? events[0] : events))
        request.acknowledged = reply.status === 200
        if (reply.status !== 200) await sleep(20)
      } catch {
        await sleep(20)
      }
    }
  }
}

export function deposit(transactionId: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    client_user_id: `user-${transactionId.length}-${transactionId.at(-1)}`,
    event_name: 'deposit',
    timestamp: 1_700_000_000,
    ip_address: '203.0.113.1',
    transaction_id: transactionId,
    amount: 12.5,
    currency: 'USD',
    ...more,
  }
}

/** What is wrong with the books, in sentences; empty when every acknowledged event is there once and no request by halves. */
export function audit(requests: Sent[], stored: ListedEvent[]): string[] {
  const times = new Map<string, number>()
  for (const event of stored) times.set(event.transaction_id, (times.get(event.transaction_id) ?? 0) + 1)
  const wrong: string[] = []
  const sent = new Set<string>()
  for (const request of requests) {
    for (const id of request.ids) sent.add(id)
    const there = request.ids.filter(id => times.has(id)).length
    if (request.acknowledged && there < request.ids.length)
      wrong.push(
        `acknowledged, but ${request.ids.length - there} of ${request.ids.length} are missing: ${request.ids[0]} …`,
      )
    if (there > 0 && there < request.ids.length)
      wrong.push(`half a batch: ${there} of ${request.ids.length}: ${request.ids[0]} …`)
  }
  for (const [id, count] of times) {
    if (count > 1) wrong.push(`${id} is there ${count} times`)
    if (!sent.has(id)) wrong.push(`${id} was never sent`)
  }
  return wrong
}

/** A generator that a seed decides (mulberry32's recurrence): the same seed gives the same traffic. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
