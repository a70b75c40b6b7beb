// The streams of those who watch. Each second a stream says what was stored since it last said so: a bounded number of rows, and
// exactly how many there were. It asks only when its reader has taken what was said before, so a slow one holds no more memory
// than one message: what comes meanwhile is counted in the next. Who takes nothing for long is cut off. A stream ends when its
// reader may no longer look, and with the server; of both it is told when it reads. There may be so many at once.
//
//   event: events   {"events":[…],"count":…,"ms":…,"after":"…"}   what came in the last `ms`; the first holds what was there before
//   event: fault    {"code":"…","message":"…"}                    cannot be asked just now; it goes on trying
//   event: end      {"code":"UNAUTHORIZED","message":"…"}         the session is over

import { limits } from '../limits.ts'
import { Refusal, refusalOf } from './problem.ts'

export type StreamSetting = { streamsMax: number; everyMs: number; aliveMs: number; stalledMsMax: number }

export type Found = { events: object[]; count: number; after: string }

export type Watching = {
  read: (after: string | null) => Promise<Found>
  first: Found
  /** Whether the reader still may look. */
  isAllowed: () => boolean
  /** Ends the connection of a reader who does not read. */
  cut: () => void
}

const usual: StreamSetting = {
  streamsMax: limits.streamsMax,
  everyMs: 1_000,
  aliveMs: limits.streamAliveMs,
  stalledMsMax: limits.streamStalledMsMax,
}

export class EventStreams {
  readonly #setting: StreamSetting
  readonly #streams = new Set<Stream>()
  #timer: NodeJS.Timeout | undefined

  constructor(setting: Partial<StreamSetting> = {}) {
    this.#setting = { ...usual, ...setting }
  }

  get size(): number {
    return this.#streams.size
  }

  /** Throws a Refusal when there are too many. */
  open(watching: Watching): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { streamsMax, everyMs } = this.#setting
    if (this.#streams.size >= streamsMax) {
      const message = `Too many streams are open: there may be ${streamsMax}; close one, or ask GET /api/events/new`
      throw new Refusal('TOO_MANY_STREAMS', message, { headers: { 'retry-after': '10' } })
    }
    const stream = new Stream(watching, this.#setting, () => this.#forget(stream))
    this.#streams.add(stream)
    this.#timer ??= setInterval(() => {
      for (const one of this.#streams) one.check()
    }, everyMs)
    return stream.body
  }

  close(): void {
    for (const stream of this.#streams) stream.end('')
  }

  #forget(stream: Stream): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

class Stream {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly #watching: Watching
  readonly #setting: StreamSetting
  readonly #forget: () => void
  #after: string
  #begun = false
  #isFailing = false
  #askedMs = performance.now()
  #countedMs = performance.now()
  /** null while the reader waits for something. */
  #saidMs: number | null = performance.now()
  /** What is said at the end, once it has ended. */
  #lastWords: string | null = null
  #isGone = false
  #wake = () => {}

  constructor(watching: Watching, setting: StreamSetting, forget: () => void) {
    this.#watching = watching
    this.#setting = setting
    this.#forget = forget
    this.#after = watching.first.after
    this.body = new ReadableStream(
      { pull: controller => this.#pull(controller), cancel: () => this.#leave() },
      { highWaterMark: 0 },
    )
  }

  /** Whether it may go on. */
  check(): void {
    if (!this.#isAllowed()) this.end(said('end', { code: 'UNAUTHORIZED', message: 'The session is over' }))
    if (this.#saidMs === null) return
    const isStalled = performance.now() - this.#saidMs > this.#setting.stalledMsMax
    if (!isStalled && this.#lastWords === null) return
    this.#leave()
    this.#watching.cut()
  }

  end(words: string): void {
    this.#lastWords ??= words
    this.#wake()
  }

  #leave(): void {
    this.#isGone = true
    this.end('')
    this.#forget()
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    this.#saidMs = null
    const words = await this.#next()
    if (this.#isGone) return
    this.#saidMs = performance.now()
    if (words !== '') controller.enqueue(new TextEncoder().encode(words))
    if (this.#lastWords === null) return
    controller.close()
    this.#leave()
  }

  async #next(): Promise<string> {
    if (!this.#begun) {
      this.#begun = true
      return said('events', { ...this.#watching.first, ms: 0 })
    }
    const { everyMs, aliveMs } = this.#setting
    for (const beganMs = performance.now(); performance.now() - beganMs < aliveMs; ) {
      await this.#orEnd(later(this.#askedMs + everyMs - performance.now()))
      if (this.#lastWords !== null) return this.#lastWords
      this.#askedMs = performance.now()
      const words = await this.#orEnd(this.#ask())
      if (this.#lastWords !== null) return this.#lastWords
      if (words !== undefined) return words
    }
    return ': alive\n\n'
  }

  async #ask(): Promise<string | undefined> {
    try {
      const found = await this.#watching.read(this.#after)
      this.#after = found.after
      const ms = this.#elapsed()
      if (found.events.length === 0 && !this.#isFailing) return undefined
      this.#isFailing = false
      return said('events', { ...found, ms })
    } catch (error) {
      const { code, message } = refusalOf(error) ?? { code: 'INTERNAL', message: 'The events could not be read' }
      if (this.#isFailing) return undefined
      this.#isFailing = true
      return said('fault', { code, message })
    }
  }

  /** Since they were last read. */
  #elapsed(): number {
    const nowMs = performance.now()
    const ms = Math.round(nowMs - this.#countedMs)
    this.#countedMs = nowMs
    return ms
  }

  /** Waits no longer than until the end. */
  async #orEnd<Value>(promise: Promise<Value>): Promise<Value | undefined> {
    if (this.#lastWords !== null) return undefined
    const { promise: ended, resolve } = Promise.withResolvers<undefined>()
    this.#wake = () => resolve(undefined)
    return Promise.race([promise, ended])
  }

  /** Who may look cannot be known while the accounts are away: then nobody may. */
  #isAllowed(): boolean {
    try {
      return this.#watching.isAllowed()
    } catch {
      return false
    }
  }
}

function said(event: string, content: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(content)}\n\n`
}

function later(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, Math.max(0, ms)).unref())
}
