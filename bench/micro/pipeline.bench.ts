// How fast the pipeline prepares, without a real log or warehouse: taking events of 366 bytes apart (parse, normalise,
// identify), the index of identities on LevelDB (looked up and added, 5% repeated, at growing sizes), and the whole
// pipeline from a log in memory to a warehouse that takes everything at once. Prints a hash of what was decided.
// `node bench/micro/pipeline.bench.ts [millions of identities]`; a unit test runs the small size.

import { hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogReader, StoredRecord } from '../../server/src/log/record.ts'
import type { IdentityEntry } from '../../server/src/pipeline/index/identity-index.ts'
import { levelIndexPlace } from '../../server/src/pipeline/index/level-index.ts'
import { type Item, itemsOfRecord } from '../../server/src/pipeline/items.ts'
import { deriveWithout } from '../../server/src/steps/derive.ts'
import { openPipeline } from '../../server/src/pipeline/pipeline.ts'
import { identityOfText } from '../../server/src/steps/identity.ts'
import type { LoadingWarehouse, LoadNote } from '../../server/src/warehouse/load.ts'

export type Measured = { name: string; eventsPerSecond: number; note: string }

export type Size = { events: number; batchEvents: number; identities: number; chunk: number }

export async function measurePipeline(size: Size): Promise<{ measured: Measured[]; hash: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'pipeline-bench-'))
  try {
    const singles = recordsOf(size.events, 1)
    const batches = recordsOf(size.events, size.batchEvents)
    const [itemsOfSingles, identities] = measureItems('items of single events', singles)
    const [itemsOfBatches] = measureItems(`items of batches of ${size.batchEvents}`, batches)
    const index = await measureIndex(join(dir, 'index'), size)
    const whole = await measureWhole(join(dir, 'whole'), singles, size.chunk)
    const wholeOfBatches = await measureWhole(join(dir, 'batches'), batches, size.chunk)
    return { measured: [itemsOfSingles, itemsOfBatches, ...index, whole, wholeOfBatches], hash: identities }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

function measureItems(name: string, records: StoredRecord[]): [Measured, string] {
  let best = 0
  let identities = ''
  for (let round = 0; round < 3; round++) {
    const items: Item[] = []
    const startedMs = performance.now()
    for (const record of records) itemsOfRecord(record, deriveWithout, items)
    best = Math.max(best, rate(items.length, startedMs))
    identities = hash('sha1', items.map(({ identity }) => identity).join())
  }
  return [{ name, eventsPerSecond: best, note: '' }, identities.slice(0, 12)]
}

/** Chunks of new identities, of which 5% were there before: looked up, then committed. */
async function measureIndex(dir: string, size: Size): Promise<Measured[]> {
  const place = levelIndexPlace(dir)
  const index = await place.open()
  const measured: Measured[] = []
  const tenth = Math.max(size.chunk, Math.floor(size.identities / 4))
  let count = 0
  while (count < size.identities) {
    const startedMs = performance.now()
    let [findMs, commitMs, looked] = [0, 0, 0]
    for (const end = count + tenth; count < end; count += size.chunk) {
      const chunk = Array.from({ length: size.chunk }, (_, i) =>
        entryOf(i % 20 === 0 && count > 0 ? Math.floor((count * i) / size.chunk) : count + i),
      )
      const beforeMs = performance.now()
      const found = await index.find(chunk.map(({ identity }) => identity))
      const foundMs = performance.now()
      const fresh = chunk.filter((_, i) => found[i] === undefined)
      await index.commit(index.stage(fresh), { warehouseId: 'w', note: null, uncounted: null })
      findMs += foundMs - beforeMs
      commitMs += performance.now() - foundMs
      looked += size.chunk
    }
    const parts = `find ${Math.round(looked / findMs)}k/s, commit ${Math.round(looked / commitMs)}k/s`
    measured.push({ name: `index at ${count} identities`, eventsPerSecond: rate(looked, startedMs), note: parts })
  }
  await index.close()
  return measured
}

async function measureWhole(dir: string, records: StoredRecord[], chunk: number): Promise<Measured> {
  const events = records.reduce((sum, record) => sum + record.events, 0)
  const logger = { info() {}, warn() {}, error() {} }
  const limits = { loadEventsMax: chunk, loadBytesMax: 32 * 1024 * 1024 }
  const startedMs = performance.now()
  const pipeline = openPipeline({
    ...{ log: logOf(records, events), warehouse: emptyWarehouse(), indexDir: dir, now: Date.now },
    ...{ derive: deriveWithout, logger, limits },
  })
  while (pipeline.status().checkpointEvents < events) await new Promise(resolve => setTimeout(resolve, 1))
  const eventsPerSecond = rate(events, startedMs)
  await pipeline.close()
  return { name: `whole pipeline, ${records[0]!.events} a request`, eventsPerSecond, note: 'no log, no warehouse' }
}

function logOf(records: StoredRecord[], events: number): LogReader {
  const each = records[0]!.events
  return {
    id: async () => '00000000-0000-4000-8000-000000000001',
    head: async () => ({ offset: records.length, events }),
    oldest: async () => ({ offset: 0, events: 0 }),
    async read(offset, { recordsMax, bytesMax }) {
      const count = Math.min(recordsMax, Math.ceil(bytesMax / records[0]!.body.byteLength))
      const some = records.slice(offset, offset + count)
      const next = offset + some.length
      return { records: some, damage: [], next, nextEvents: next * each }
    },
    fingerprintBefore: async offset => String(offset),
    consumed: async () => {},
    close: async () => {},
  }
}

function emptyWarehouse(): LoadingWarehouse {
  let last: LoadNote | null = null
  return {
    id: async () => '00000000-0000-4000-8000-00000000000a',
    lastNote: async () => last,
    async load({ note }) {
      last = note
    },
    forgetAfter: async () => {},
    async *identities() {},
    identitiesAfter: async () => [],
    async *outcomes() {},
  }
}

/** Records of events of about 366 bytes. */
function recordsOf(events: number, each: number): StoredRecord[] {
  return Array.from({ length: Math.ceil(events / each) }, (_, offset) => {
    const texts = Array.from({ length: each }, (_, i) => eventText(offset * each + i))
    const body = Buffer.from(each === 1 ? texts[0]! : `[${texts.join(',')}]`)
    const requestId = `00000000-0000-4000-8000-${offset.toString(16).padStart(12, '0')}`
    const kind = each === 1 ? 'event' : 'batch'
    const receivedMs = 1_767_225_600_000
    return { kind, requestId, product: 'shop', keyId: 'k', mode: 'live', receivedMs, events: each, body, offset }
  })
}

function eventText(n: number): string {
  const number = String(n).padStart(8, '0')
  return JSON.stringify({
    client_user_id: `user_${n % 5000}`,
    click_id: `clk_${number}998877`,
    event_name: n % 3 === 0 ? 'deposit' : 'bet',
    timestamp: 1_702_963_200 + n,
    ip_address: `203.0.113.${n % 10}`,
    user_agent: 'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36',
    transaction_id: `txn_${number}`,
    amount: (n % 10_000) / 100,
    currency: 'USD',
    game_type: 'slot',
    game_provider: 'somebody',
    vip_tier: 'gold',
    campaign: 'winter-2026',
  })
}

function entryOf(n: number): IdentityEntry {
  const requestId = `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`
  const identity = identityOfText(String(n))
  return { identity, requestId, position: 0, fingerprint: identity.slice(0, 16), uncounted: false }
}

function rate(events: number, startedMs: number): number {
  return Math.round((events / (performance.now() - startedMs)) * 1000)
}

if (import.meta.main) {
  const identities = Number(process.argv[2] ?? 2) * 1_000_000
  const { measured, hash } = await measurePipeline({ events: 200_000, batchEvents: 600, identities, chunk: 20_000 })
  for (const { name, eventsPerSecond, note } of measured) {
    console.log(`${name.padEnd(34)} ${String(eventsPerSecond).padStart(8)} events/s   ${note}`)
  }
  console.log(`identities ${hash}`)
}
