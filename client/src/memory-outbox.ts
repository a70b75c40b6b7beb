// Events in memory, from `track` to their outcome. What is held has a limit in events and bytes; beyond it calls wait in
// line, and beyond as many waiting calls as are allowed they are told so. Nothing is ever dropped to make room.

import { DataPulseError } from './error.ts'
import type { BatchLimit, Item, Outbox, OutboxNeeds, Outcome, Tracked, Unsent } from './outbox.ts'
import type { PreparedEvent } from './prepared-event.ts'
import { Queue } from './queue.ts'
import { Watermark } from './watermark.ts'

export function openMemoryOutbox(needs: OutboxNeeds): Outbox {
  return new MemoryOutbox(needs)
}

class MemoryOutbox implements Outbox {
  readonly keeps = false
  #needs: OutboxNeeds
  #ready = new Queue<Item>()
  #readyBytes = 0
  /** Admitted and without an outcome. */
  #held = { events: 0, bytes: 0 }
  /** Not admitted yet, in order. */
  #line = new Queue<Item>()
  #lineBytes = 0
  #roomWaiters: (() => void)[] = []
  #next = 0
  #watermark = new Watermark(0)
  #isFull = false

  constructor(needs: OutboxNeeds) {
    this.#needs = needs
  }

  async open(): Promise<void> {}

  add(event: PreparedEvent): Promise<Tracked> {
    if (!this.#hasRoom(event.bytes) && mayNotWait(this.#line.length, this.#lineBytes, this.#needs))
      return Promise.reject(overloaded(this.#line.length, event))
    return new Promise((resolve, reject) => {
      const seq = this.#next++
      let isSettled = false
      const item: Item = {
        text: event.text,
        bytes: event.bytes,
        values: event.values,
        sinceMs: this.#needs.nowMs(),
        settle: outcome => {
          if (isSettled) return
          isSettled = true
          this.#held.events--
          this.#held.bytes -= event.bytes
          this.#watermark.done(seq)
          end(event, outcome, resolve, reject)
          this.#admit()
        },
      }
      this.#line.push(item)
      this.#lineBytes += item.bytes
      this.#admit()
    })
  }

  async room(): Promise<void> {
    if (this.#hasRoom(0)) return
    await new Promise<void>(resolve => this.#roomWaiters.push(resolve))
  }

  unsent(): Unsent {
    const { length } = this.#ready
    return {
      events: length,
      bytes: this.#readyBytes,
      sinceMs: length === 0 ? null : (this.#ready.first?.sinceMs ?? null),
      isFull: this.#isFull,
    }
  }

  async take(most: BatchLimit): Promise<Item[]> {
    const items = takeBatch(this.#ready, most)
    for (const item of items) this.#readyBytes -= item.bytes
    return items
  }

  settled(): Promise<void> {
    return this.#watermark.reached(this.#next)
  }

  pending(): number {
    return this.#held.events + this.#line.length
  }

  async close(): Promise<void> {}

  #admit(): void {
    let isMore = false
    for (let item = this.#line.first; item !== undefined && this.#fits(item.bytes); item = this.#line.first) {
      this.#line.shift()
      this.#lineBytes -= item.bytes
      this.#held.events++
      this.#held.bytes += item.bytes
      this.#ready.push(item)
      this.#readyBytes += item.bytes
      isMore = true
    }
    const isFull = this.#line.length > 0
    if (isFull !== this.#isFull) {
      this.#isFull = isFull
      const message = isFull ? 'no room for more events: track waits' : 'there is room for events again'
      this.#needs.tell({ type: 'full', level: isFull ? 'warn' : 'info', message, isFull })
    }
    if (isMore || isFull) this.#needs.onUnsent()
    if (this.#roomWaiters.length > 0 && this.#hasRoom(0)) for (const resolve of this.#roomWaiters.splice(0)) resolve()
  }

  #hasRoom(bytes: number): boolean {
    return this.#line.length === 0 && this.#fits(bytes)
  }

  #fits(bytes: number): boolean {
    const { memory } = this.#needs
    return this.#held.events < memory.events && this.#held.bytes + bytes <= memory.bytes
  }
}

/** The first events that fit into one batch; one that fits into none goes alone. */
export function takeBatch(from: Queue<Item>, most: BatchLimit): Item[] {
  const items: Item[] = []
  let bytes = 2
  let values = 0
  for (let item = from.first; item !== undefined && items.length < most.events; item = from.first) {
    bytes += item.bytes + 1
    values += item.values
    if (items.length > 0 && (bytes > most.bytes || values > most.values)) break
    items.push(item)
    from.shift()
  }
  return items
}

function end(
  { text, messageId }: PreparedEvent,
  outcome: Outcome | DataPulseError,
  resolve: (tracked: Tracked) => void,
  reject: (error: DataPulseError) => void,
): void {
  if (outcome instanceof Error) reject(outcome)
  else if (outcome.status === 'accepted')
    resolve({ status: 'accepted', messageId, requestId: outcome.requestId, outcome: Promise.resolve(outcome) })
  else if (outcome.status === 'rejected') {
    const { message, violations, requestId } = outcome
    reject(new DataPulseError('REJECTED', message, { violations, requestId, text }))
  } else reject(new DataPulseError('UNDELIVERED', 'Cannot keep an event in memory', { text }))
}

/** Whether so many calls wait for room, with so many bytes, that one more may not. */
export function mayNotWait(waiting: number, bytes: number, { memory }: Pick<OutboxNeeds, 'memory'>): boolean {
  return waiting >= memory.waiting || (waiting > 0 && bytes >= memory.bytes)
}

export function overloaded(waiting: number, { text }: PreparedEvent): DataPulseError {
  const message = `Cannot take the event because ${waiting} calls of track wait for room already: await them before the next`
  return new DataPulseError('OVERLOADED', message, { text })
}
