// The whole log over a store in memory, against a model: any interleaving of appends, reads, faults, crashes,
// damage and retention leaves every acknowledged record where it was, or a damaged range that counts it exactly.

import assert from 'node:assert'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { openLogReaderOver, openLogWriterOver } from './log.ts'
import { type MemoryStore, openMemoryStore, type StoreCall } from './memory-store.ts'
import type { LogRecord, LogWriter, ReadResult } from './record.ts'
import { StoreError, type StoreErrorCode } from './store.ts'

const silent = { info: () => {}, warn: () => {}, error: () => {} }
const limits = { segmentBytesMax: 5_000, commitBytesMax: 2_000, commitRecordsMax: 8, pendingBytesMax: 100_000 }

type Move =
  | { do: 'append'; events: number; bytes: number }
  | { do: 'run'; steps: number }
  | { do: 'tick' }
  | { do: 'crash'; appears: boolean }
  | { do: 'fault'; call: StoreCall; code: StoreErrorCode }
  | { do: 'damage'; at: number; what: 'body' | 'head' | 'page' }
  | { do: 'read'; recordsMax: number }
  | { do: 'consume' }

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('append' as const), events: fc.nat(5), bytes: fc.nat(900) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('run' as const), steps: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tick' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), appears: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      call: fc.constantFrom(
        'append',
        'append',
        'create',
        'created',
        'read',
        'open',
        'list',
        'seal',
        'drop',
        'stat',
        'consumed',
      ),
      code: fc.constantFrom('IO', 'FULL', 'BUSY'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('damage' as const),
      at: fc.nat(),
      what: fc.constantFrom('body', 'head', 'page'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('read' as const), recordsMax: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('consume' as const) }) },
)

for (const withDamage of [false, true]) {
  const title = withDamage
    ? 'with damage, records or exact counts of them'
    : 'without damage, every record in its place'
  test(`any interleaving of appends, crashes, faults and reads gives, ${title}`, async () => {
    const moves = fc.array(withDamage ? move : move.filter(one => one.do !== 'damage'), { maxLength: 120, size: 'max' })
    await fc.assert(
      fc.asyncProperty(moves, async list => {
        const run = new Run()
        for (const one of list) await run.make(one)
        await run.settle()
      }),
      { numRuns: 500 },
    )
  })
}

/** One run and its model. */
class Run {
  #faults: { call: StoreCall; code: StoreErrorCode }[] = []
  #disk: MemoryStore
  #queue: (() => void)[] = []
  #writer: LogWriter & { tick(): void }
  #reader
  #nowMs = 0
  #sent = new Map<string, { events: number; fate: 'open' | 'kept' | 'refused' | 'lost' }>()
  #at = 0
  #events = 0
  #seen = new Set<string>()
  #damagedEvents = 0
  #damaged = false
  #consumed = 0

  constructor() {
    this.#disk = openMemoryStore({
      now: () => this.#nowMs,
      fault: call => {
        const index = this.#faults.findIndex(fault => fault.call === call)
        return index === -1 ? null : this.#faults.splice(index, 1)[0]!.code
      },
    })
    this.#writer = this.#openWriter()
    this.#reader = openLogReaderOver(this.#disk, silent)
  }

  async make(move: Move): Promise<void> {
    switch (move.do) {
      case 'append':
        return this.#append(move.events, move.bytes)
      case 'run':
        return this.#run(move.steps)
      case 'tick':
        this.#nowMs += 1_000
        return this.#writer.tick()
      case 'crash':
        return this.#crash(move.appears)
      case 'fault':
        this.#faults.push(move)
        return
      case 'damage': {
        // Not the last commit: how much a damaged end held is known to nobody (log.ts).
        const end = this.#writer.status().head.offset - limits.commitRecordsMax
        if (end <= 0) return
        this.#disk.damage(move.at % end, move.what)
        this.#damaged = true
        return
      }
      case 'read':
        return this.#read(move.recordsMax)
      case 'consume':
        await this.#retryingNothing(() => this.#reader.consumed(this.#at))
        this.#consumed = Math.max(this.#consumed, this.#at)
    }
  }

  /** Everything that was acknowledged can be read, once, and the totals agree. */
  async settle(): Promise<void> {
    this.#faults = []
    for (let i = 0; i < 3; i++) {
      this.#writer.tick()
      this.#run(Number.POSITIVE_INFINITY)
    }
    assert.strictEqual(this.#writer.status().refusing, null)
    // A good commit behind everything, so that damage at the end has another side.
    this.#writer.append(recordOf('last', 1, 10), fault => assert.strictEqual(fault, null))
    this.#sent.set('last', { events: 1, fate: 'kept' })
    this.#run(Number.POSITIVE_INFINITY)
    const head = this.#writer.status().head
    while (this.#at < head.offset) {
      const before = this.#at
      await this.#read(7)
      assert.ok(this.#at > before, `reading stands still at ${before} of ${head.offset}`)
    }
    assert.strictEqual(this.#events, head.events)
    let missing = 0
    for (const [id, { events, fate }] of this.#sent) {
      if (fate === 'refused') assert.ok(!this.#seen.has(id), `${id} was refused and is there`)
      if (fate === 'kept' && !this.#seen.has(id)) missing += events
    }
    if (!this.#damaged) assert.strictEqual(missing, 0)
    assert.ok(missing <= this.#damagedEvents, `${missing} acknowledged events are missing, ${this.#damagedEvents} told`)
  }

  #append(events: number, bytes: number): void {
    const id = `request-${this.#sent.size}`
    const sent: { events: number; fate: 'open' | 'kept' | 'refused' | 'lost' } = { events, fate: 'open' }
    this.#sent.set(id, sent)
    this.#writer.append(recordOf(id, events, bytes), fault => {
      if (sent.fate === 'lost') return
      assert.strictEqual(sent.fate, 'open', `${id} was answered twice`)
      sent.fate = fault === null ? 'kept' : 'refused'
    })
  }

  #run(steps: number): void {
    for (let i = 0; i < steps && this.#queue.length > 0; i++) this.#queue.shift()!()
  }

  async #crash(appears: boolean): Promise<void> {
    this.#queue = []
    // What was refused just before the end may appear after all (log.ts): its fate is as open as that of the rest.
    for (const sent of this.#sent.values()) if (sent.fate === 'open' || sent.fate === 'refused') sent.fate = 'lost'
    this.#disk.crash(() => appears)
    await this.#reader.close()
    this.#faults = []
    this.#writer = this.#openWriter()
    this.#reader = openLogReaderOver(this.#disk, silent)
  }

  async #read(recordsMax: number): Promise<void> {
    const result = await this.#retryingNothing(() => this.#reader.read(this.#at, { recordsMax, bytesMax: 3_000 }))
    if (result !== null) this.#check(result)
  }

  #check({ records, damage, next, nextEvents }: ReadResult): void {
    const stretches = [
      ...records.map(record => ({ from: record.offset, to: record.offset + 1, events: record.events, record })),
      ...damage.map(range => ({ ...range, record: null })),
    ].toSorted((a, b) => a.from - b.from)
    for (const { from, to, events, record } of stretches) {
      assert.strictEqual(from, this.#at, 'a stretch was skipped or given twice')
      this.#at = to
      this.#events += events
      if (record === null) {
        assert.ok(this.#damaged, 'damage was reported where none was done')
        this.#damagedEvents += events
        continue
      }
      assert.ok(!this.#seen.has(record.requestId), `${record.requestId} came twice`)
      this.#seen.add(record.requestId)
      assert.strictEqual(this.#sent.get(record.requestId)!.events, events)
    }
    assert.strictEqual(next, this.#at)
    if (damage.some(range => range.reason.includes('is not known'))) {
      // A reader that was started anew inside of a commit that broke since: the running total tells.
      assert.ok(nextEvents >= this.#events)
      this.#damagedEvents += nextEvents - this.#events
      this.#events = nextEvents
    }
    assert.strictEqual(nextEvents, this.#events)
  }

  /** A fault that was ordered may end a question; the next move asks again. */
  async #retryingNothing<T>(question: () => Promise<T>): Promise<T | null> {
    try {
      return await question()
    } catch (error) {
      assert.strictEqual((error as { retry?: boolean }).retry, true)
      return null
    }
  }

  #openWriter(): LogWriter & { tick(): void } {
    return openLogWriterOver({
      store: this.#disk,
      limits,
      retentionMs: 10_000,
      now: () => this.#nowMs,
      logger: silent,
      newId: () => 'log-1',
      soon: call => this.#queue.push(call),
    })
  }
}

function recordOf(requestId: string, events: number, bytes: number): LogRecord {
  const body = new Uint8Array(bytes).fill(65)
  return { kind: 'batch', requestId, product: 'p', keyId: 'k', mode: 'live', receivedMs: 1, events, body }
}

test('a store error that is not ours to retry says so', async () => {
  const disk = openMemoryStore({ fault: call => (call === 'open' ? 'NEWER' : null) })
  disk.create({ number: 1, firstOffset: 0, eventsBefore: 0 }, 'log-1')
  await assert.rejects(openLogReaderOver(disk, silent).id(), { code: 'LOG_NEWER', retry: false })
  assert.throws(() => disk.openWriter({ number: 1, firstOffset: 0, eventsBefore: 0 }), StoreError)
})
