// One process takes over from another of which nobody knows whether it is dead: whatever that one still sends, wherever it
// was, every event is there once and counted once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deriveWithout } from '../steps/derive.ts'
import type { Pending } from './index/identity-index.ts'
import { ownedLoads, ownedPlace, type Ownership } from './ownership.ts'
import { openPipelineOver, type Pipeline } from './pipeline.ts'
import { emptyIndexDisk, type IndexDisk, memoryIndexPlace } from './testing/memory-index.ts'
import { type MemoryLog, openMemoryLog } from './testing/memory-log.ts'
import { emptyTables, openMemoryWarehouse, type WarehouseTables } from './testing/memory-warehouse.ts'
import { batchRecord, deposit, receivedMs, singleRecord, tallyRecord } from './testing/requests.ts'

const silent = { info() {}, warn() {}, error() {} }
const tableNames = ['duplicates', 'parked', 'rejected', 'events', 'notes'] as const

/** What all who may own the share see. */
type Share = { owner: object | null; pending: Pending | null }

function owned(share: Share): Ownership {
  const me = {}
  share.owner = me
  return {
    pending: () => share.pending,
    async begin(pending) {
      await this.hold()
      share.pending = pending
    },
    async hold() {
      if (share.owner !== me) throw new Error('the share is another’s by now')
    },
  }
}

function start(
  log: MemoryLog,
  tables: WarehouseTables,
  share: Share,
  disk: IndexDisk,
  onTable?: (name: string) => Promise<void> | void,
): Pipeline {
  return openPipelineOver({
    log,
    warehouse: openMemoryWarehouse(tables, onTable === undefined ? {} : { onTable }),
    place: ownedPlace(memoryIndexPlace(disk), owned(share)),
    now: () => receivedMs,
    derive: deriveWithout,
    logger: silent,
    limits: { loadEventsMax: 1000, loadBytesMax: 1 << 20, loadIntervalMs: 0 },
    sleep: () => new Promise(resolve => setImmediate(resolve)),
    foreignMsMax: 1,
  })
}

async function caughtUp(pipeline: Pipeline, log: MemoryLog): Promise<void> {
  const { offset } = await log.head()
  for (;;) {
    const { state, reason, checkpointOffset } = pipeline.status()
    assert.notEqual(state, 'failed', reason)
    if (state === 'running' && checkpointOffset === offset) return
    await new Promise(resolve => setImmediate(resolve))
  }
}

const everything = (n: number) => [
  batchRecord([deposit(`a${n}`), deposit(`b${n}`), deposit(`a${n}`, { amount: 9 })]),
  singleRecord('not json'),
  tallyRecord([{ product: 'shop', keyId: 'k', code: 'RATE_LIMITED', events: 2, requests: 2 }]),
  singleRecord(deposit(`b${n}`)),
]

for (const stuckAt of tableNames)
  for (const hasOldIndex of [false, true])
    for (const comesLate of [true, false])
      test(`taken over while ${stuckAt} are on their way, ${hasOldIndex ? 'with an old index' : 'without an index'}, and they come ${comesLate ? 'late' : 'meanwhile'}`, async () => {
        const log = openMemoryLog('00000000-0000-4000-8000-000000000001')
        const tables = emptyTables('00000000-0000-4000-8000-00000000000a')
        const share: Share = { owner: null, pending: null }
        const otherDisk = emptyIndexDisk()
        log.append(...everything(1))
        if (hasOldIndex) {
          const before = start(log, tables, share, otherDisk)
          await caughtUp(before, log)
          await before.close()
        }
        // One has the share, and what it sends is held up on the way.
        const held = Promise.withResolvers<void>()
        const stuck = Promise.withResolvers<void>()
        let isHeld = false
        const one = start(log, tables, share, emptyIndexDisk(), name => {
          if (!isHeld || name !== stuckAt) return
          stuck.resolve()
          return held.promise
        })
        await caughtUp(one, log)
        isHeld = true
        log.append(...everything(2))
        await stuck.promise
        // Another takes over, and goes on.
        log.append(...everything(3))
        if (!comesLate) held.resolve()
        const other = start(log, tables, share, otherDisk)
        await caughtUp(other, log)
        held.resolve()
        await new Promise(resolve => setTimeout(resolve, 20))
        log.append(...everything(4))
        await caughtUp(other, log)
        await Promise.all([one.close(), other.close()])

        assert.deepEqual(
          tables.events.map(({ row }) => row.event.transactionId).toSorted(),
          [1, 2, 3, 4].flatMap(n => [`a${n}`, `b${n}`]).toSorted(),
        )
        assert.equal(tables.duplicates.length, 8)
        assert.equal(tables.parked.length, 4)
        assert.equal(tables.rejected.length, 4)
        const seqs = tables.notes.map(note => note.seq)
        assert.equal(new Set(seqs).size, seqs.length, 'no note twice')
        const { accepted, stored, duplicate, conflict, parked, rejected } = tables.notes.at(-1)?.totals ?? assert.fail()
        assert.deepEqual(
          { accepted, stored, duplicate, conflict, parked, rejected },
          { accepted: 20, stored: 8, duplicate: 8, conflict: 4, parked: 4, rejected: 8 },
        )
      })

for (const loads of [1, 2, 3])
  test(`an index that others have left ${loads} loads behind is not taken for one that fits`, async () => {
    const log = openMemoryLog('00000000-0000-4000-8000-000000000001')
    const tables = emptyTables('00000000-0000-4000-8000-00000000000a')
    const share: Share = { owner: null, pending: null }
    const oldDisk = emptyIndexDisk()
    log.append(...everything(1))
    const before = start(log, tables, share, oldDisk)
    await caughtUp(before, log)
    await before.close()
    const other = start(log, tables, share, emptyIndexDisk())
    for (let n = 0; n < loads; n++) {
      log.append(...everything(2 + n))
      await caughtUp(other, log)
    }
    await other.close()
    const again = start(log, tables, share, oldDisk)
    await caughtUp(again, log)
    // All of it once more, by other requests.
    for (let n = 1; n <= loads + 1; n++) log.append(...everything(n))
    await caughtUp(again, log)
    await again.close()
    const wanted = Array.from({ length: loads + 1 }, (_, n) => [`a${n + 1}`, `b${n + 1}`]).flat()
    assert.deepEqual(tables.events.map(({ row }) => row.event.transactionId).toSorted(), wanted.toSorted())
    assert.equal(tables.notes.at(-1)?.totals.stored, wanted.length)
    const seqs = tables.notes.map(note => note.seq)
    assert.equal(new Set(seqs).size, seqs.length, 'no note twice')
  })

test('an owner that another took over from deletes nothing any more', async () => {
  const log = openMemoryLog('00000000-0000-4000-8000-000000000001')
  const tables = emptyTables('00000000-0000-4000-8000-00000000000a')
  const share: Share = { owner: null, pending: null }
  const before = owned(share)
  log.append(...everything(1))
  const next = start(log, tables, share, emptyIndexDisk())
  await caughtUp(next, log)
  await next.close()
  const counted = () => tableNames.map(name => tables[name].length)
  const found = counted()
  await assert.rejects(ownedLoads(openMemoryWarehouse(tables), before).forgetAfter(null), /another’s by now/)
  assert.deepEqual(counted(), found)
  await ownedLoads(openMemoryWarehouse(tables), owned(share)).forgetAfter(null)
  assert.notDeepEqual(counted(), found)
})
