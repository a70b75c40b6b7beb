// Sends what is in the outbox: a batch goes when it is large enough, when its oldest event has waited long enough, when
// somebody flushes, or when there is no room for more. So many batches are under way as the options allow; each is a *lane*
// that ends when nothing is due. What is held (held.ts) has its turn before the next batch. No promise in here rejects unheard.

import { batchValuesMax, deliver, type DeliveryNeeds, giveBack, undelivered } from './delivery.ts'
import { DataPulseError } from './error.ts'
import { Held } from './held.ts'
import type { Tell } from './notice.ts'
import type { Settings } from './options.ts'
import type { OpenSpool, Outbox, Tracked, Unsent } from './outbox.ts'
import { Pace } from './pace.ts'
import { prepareEvent } from './prepared-event.ts'
import { newTotals, type Totals } from './totals.ts'
import { Transport } from './transport.ts'
import { sleep, type World } from './world.ts'

export class Sender {
  readonly totals: Totals = newTotals()
  #settings: Settings
  #world: World
  #tell: Tell
  #outbox: Outbox
  #opening: Promise<void> | null
  #delivery: DeliveryNeeds
  #closing = new AbortController()
  #wake = new AbortController()
  #lanes = new Set<Promise<void>>()
  #held = new Held()
  #timer: { dueMs: number; cancel: () => void } | null = null
  #flushing = 0
  #flushedUndelivered = 0
  #flushes = new Set<(error: DataPulseError) => void>()
  #isClosed = false
  #end: Promise<{ kept: number }> | null = null

  constructor(settings: Settings, openOutbox: OpenSpool, world: World, tell: Tell) {
    this.#settings = settings
    this.#world = world
    this.#tell = tell
    const { memory, backoff, giveUpMs } = settings
    this.#outbox = openOutbox({ memory, nowMs: world.nowMs, tell, onUnsent: () => this.#kick() })
    const { keeps } = this.#outbox
    this.#delivery = {
      ...{ world, tell, backoff, giveUpMs, keeps, totals: this.totals, held: this.#held },
      transport: new Transport(settings, world),
      pace: new Pace(world),
      closing: this.#closing.signal,
      waitRefused: ms => sleep(world, ms, this.#wake.signal),
      onRefused: error => {
        for (const hear of this.#flushes) hear(error)
      },
    }
    this.#opening = keeps ? this.#open() : null
    this.#opening?.catch(() => {})
  }

  /** What is handed over is read before this returns. */
  async track(given: unknown): Promise<Tracked> {
    this.totals.tracked++
    try {
      if (this.#isClosed) throw new DataPulseError('CLOSED', 'Cannot take the event because the client is closed')
      const prepared = prepareEvent(given, this.#world.newId)
      if (Array.isArray(prepared)) throw this.#invalid(prepared)
      if (this.#opening !== null) await this.#opening
      return await this.#outbox.add(prepared)
    } catch (error) {
      const { code } = error as DataPulseError
      if (code === 'OVERLOADED' || code === 'SPOOL' || code === 'CLOSED') this.totals.unkept++
      throw error
    }
  }

  async room(): Promise<void> {
    await this.#opening
    await this.#outbox.room()
  }

  pending(): number {
    return this.#outbox.pending()
  }

  async flush(timeoutMs: number): Promise<void> {
    this.#flushing++
    try {
      await this.#opening
      this.#wake.abort()
      this.#wake = new AbortController()
      this.#held.hurry()
      this.#kick()
      await this.#settledWithin(timeoutMs)
    } finally {
      this.#flushing--
    }
    const count = this.totals.undelivered - this.#flushedUndelivered
    this.#flushedUndelivered = this.totals.undelivered
    if (count > 0) throw new DataPulseError('UNDELIVERED', `${count} events were given back without an outcome`)
  }

  close(timeoutMs: number): Promise<{ kept: number }> {
    this.#end ??= this.#close(timeoutMs)
    return this.#end
  }

  async #open(): Promise<void> {
    await this.#outbox.open()
    this.totals.tracked += this.#outbox.pending()
    this.#kick()
  }

  #invalid(violations: DataPulseError['violations']): DataPulseError {
    this.totals.invalid++
    const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : ''
    const message = `Cannot send the event because ${violations[0]?.message ?? 'it breaks the contract'}${more}`
    this.#tell({ type: 'invalid', level: 'error', message, violations })
    return new DataPulseError('INVALID_EVENT', message, { violations })
  }

  #settledWithin(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = () => {
        const count = this.#outbox.pending()
        end(new DataPulseError('TIMEOUT', `${count} events have no outcome after ${timeoutMs} ms`))
      }
      const cancel = Number.isFinite(timeoutMs) ? this.#world.after(timeoutMs, late) : () => {}
      const end = (error: DataPulseError | null) => {
        cancel()
        this.#flushes.delete(end)
        if (error === null) resolve()
        else reject(error)
      }
      this.#flushes.add(end)
      this.#outbox.settled().then(
        () => end(null),
        (error: DataPulseError) => end(error),
      )
    })
  }

  async #close(timeoutMs: number): Promise<{ kept: number }> {
    this.#isClosed = true
    let problem: unknown = null
    await this.flush(timeoutMs).catch(error => (problem = error))
    this.#timer?.cancel()
    this.#closing.abort()
    this.#wake.abort()
    await Promise.all(this.#lanes)
    const held = this.#held.takeAll()
    if (held.length > 0) giveBack(held, undelivered('the client was closed'), this.#delivery)
    if (!this.#outbox.keeps) await this.#giveBackAll()
    const kept = this.#outbox.keeps ? this.#outbox.pending() : 0
    await this.#outbox.close()
    for (const end of this.#flushes)
      end(new DataPulseError('CLOSED', 'The client was closed before everything had an outcome'))
    // What a spool keeps is safe: the next client on it goes on.
    if (problem !== null && !this.#outbox.keeps) throw problem
    return { kept }
  }

  async #giveBackAll(): Promise<void> {
    for (;;) {
      const items = await this.#outbox.take(this.#batchLimit())
      if (items.length === 0) return
      giveBack(items, undelivered('the client was closed'), this.#delivery)
    }
  }

  /** Starts a lane where something is due, or a timer where something will be. */
  #kick(): void {
    if (this.#closing.signal.aborted || this.#lanes.size >= this.#settings.concurrency) return
    const nowMs = this.#world.nowMs()
    const dueMs = this.#dueMs(nowMs)
    if (dueMs <= nowMs) {
      const lane = this.#lane().finally(() => this.#lanes.delete(lane))
      this.#lanes.add(lane)
      void lane.then(() => this.#kick())
    } else if (dueMs < (this.#timer?.dueMs ?? Number.POSITIVE_INFINITY)) {
      this.#timer?.cancel()
      const then = () => {
        this.#timer = null
        this.#kick()
      }
      this.#timer = { dueMs, cancel: this.#world.after(Math.max(1, dueMs - nowMs), then) }
    }
  }

  #dueMs(nowMs: number): number {
    const unsent = this.#outbox.unsent()
    const heldMs = this.#held.dueMs ?? Number.POSITIVE_INFINITY
    if (unsent.events === 0) return heldMs
    return this.#isDue(unsent) ? nowMs : Math.min(heldMs, (unsent.sinceMs ?? 0) + this.#settings.batch.ms)
  }

  #isDue({ events, bytes, sinceMs, isFull }: Unsent): boolean {
    const { batch, serverless } = this.#settings
    if (events === 0) return false
    if (serverless || this.#flushing > 0 || isFull || events >= batch.events || bytes >= batch.bytes) return true
    return sinceMs !== null && this.#world.nowMs() - sinceMs >= batch.ms
  }

  async #lane(): Promise<void> {
    // What is handed over in the same turn goes together.
    await Promise.resolve()
    while (!this.#closing.signal.aborted) {
      const held = this.#held.take(this.#world.nowMs())
      if (held === null && !this.#isDue(this.#outbox.unsent())) return
      const items = held === null ? await this.#outbox.take(this.#batchLimit()) : [held]
      // Another lane may have been quicker, or a disk cannot be read just now.
      if (items.length === 0) {
        if (this.#outbox.unsent().events === 0) return
        await sleep(this.#world, 1_000, this.#closing.signal)
        continue
      }
      this.#kick()
      await deliver(items, this.#delivery).catch((cause: unknown) => {
        giveBack(items, new DataPulseError('UNDELIVERED', 'The client failed', { cause }), this.#delivery)
      })
    }
  }

  #batchLimit() {
    const { events, bytes } = this.#settings.batch
    return { events, bytes, values: batchValuesMax }
  }
}
