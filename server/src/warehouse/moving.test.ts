// A warehouse goes into two others by product, block by block, with whoever does it beginning again and again: what is there
// afterwards is what was there before, each row once and in the database of its share, and notes count what they brought.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { databaseOf, shareOfProduct } from '../shares.ts'
import { connect } from './connection.ts'
import type { MovedOutcomes, MovedShare, MovedSum, ParkedRow, RejectedRow } from './load.ts'
import { notesBlock } from './moving.ts'
import { events } from './schema.ts'
import { type EngineProcess, silentLogger, startEngine } from './testing/engine-process.ts'
import { madeEvents, madeLoad, startMs, uuidOf } from './testing/made-loads.ts'

let engine: EngineProcess
let other: EngineProcess

before(async () => {
  engine = await startEngine()
  other = await startEngine()
})
after(async () => {
  await engine.remove()
  await other.remove()
})

const july = Date.UTC(2026, 6, 1)
const shares = 2
const upTo = 5
const whose = (share: number, of = shares): MovedShare => ({ share, shares: of, upTo })

const totals = { accepted: 0, stored: 0, duplicate: 0, conflict: 0, parked: 0, rejected: 0 }

test('a warehouse goes into several, and each row is in one of them once', async () => {
  const warehouse = engine.warehouse()
  for (let seq = 1; seq <= upTo + 1; seq++) {
    const made = madeEvents(seq, 300, seq % 2 === 0 ? july : undefined)
    const [first, second, third] = made as [(typeof made)[0], (typeof made)[0], (typeof made)[0]]
    const origin = { ...first.origin, requestId: uuidOf(`parked ${seq}`), position: -1 }
    const text = 'tab\t, line\n, quote "\' and \\ and é€😀'
    const parked: ParkedRow[] = [
      { origin, events: 2, reason: 'request_count', detail: text, raw: text },
      {
        origin: { ...second.origin, requestId: uuidOf(`erased ${seq}`) },
        events: 1,
        reason: 'erased',
        detail: 'stored',
        raw: '',
      },
    ]
    const rejected: RejectedRow[] = ['product_0', 'product_1', ''].map((product, position) => ({
      ...{ product, keyId: 'k', code: 'VALIDATION_ERROR', receivedMs: startMs, events: 3, requests: 1 },
      ...{ logOffset: seq, position },
    }))
    const again = { ...third, origin: { ...third.origin, requestId: uuidOf(`again ${seq}`) } }
    const duplicates = [
      { ...again, firstRequestId: third.origin.requestId, firstPosition: third.origin.position, conflict: true },
    ]
    await warehouse.loading.load(madeLoad(seq, made, { parked, rejected, duplicates }))
  }
  const rates = [{ currency: 'EUR', rate: '0.92' }]
  await warehouse.importRates({ month: '2026-06', generatedMs: july, rates })
  const { moving: from } = warehouse

  const all = await from.sums(whose(0, 1))
  const moved: MovedSum[] = []
  const outcomes: MovedOutcomes[] = []
  for (let share = 0; share < shares; share++) {
    const target = other.warehouse(Date.now, databaseOf('moved', share, shares))
    await target.ready()
    assert.equal(await target.moving.isEmpty(), true)
    for (const life of ['first', 'second'])
      for await (const block of from.blocks(whose(share))) {
        const isThere = await target.moving.put(
          block,
          () => from.read(block, whose(share)),
          `m ${share} ${JSON.stringify(block)}`,
          false,
        )
        assert.equal(isThere, life === 'second')
      }
    let last = null
    for await (const notes of from.notes(whose(share))) {
      const { block, lines } = notesBlock(notes)
      for (const life of ['first', 'second'])
        assert.equal(await target.moving.put(block, async () => lines, `notes ${share}`, false), life === 'second')
      last = notes.at(-1)
    }
    const counted = await from.outcomes(whose(share))
    outcomes.push(counted)
    if (last !== null) {
      const accepted = counted.stored + counted.duplicate + counted.parked
      assert.deepEqual(last?.totals, { accepted, ...counted })
      assert.deepEqual(await target.moving.lastNote(), last)
    }
    const sums = await target.moving.sums(whose(0, 1))
    assert.deepEqual(sums, await from.sums(whose(share)))
    for (const { product, table } of sums) if (table !== 'rates') assert.equal(shareOfProduct(product, shares), share)
    moved.push(...sums)
    await target.close()
  }
  const byAll = (sums: MovedSum[]) => sums.map(sum => JSON.stringify(sum)).toSorted()
  const withoutRates = (sums: MovedSum[]) => sums.filter(({ table }) => table !== 'rates')
  assert.deepEqual(byAll(withoutRates(moved)), byAll(withoutRates(all)))
  assert.equal(moved.filter(({ table }) => table === 'rates').length, shares)
  const sum = (name: keyof MovedOutcomes) => outcomes.reduce((total, one) => total + one[name], 0)
  assert.deepEqual(
    [sum('stored'), sum('duplicate'), sum('conflict'), sum('parked'), sum('rejected')],
    [upTo * 301, upTo, upTo, upTo * 2, upTo * 9],
  )
  await warehouse.close()
})

test('one share keeps the notes as they are, and a last note goes behind them', async () => {
  const warehouse = engine.warehouse()
  const target = other.warehouse(Date.now, 'alone')
  await target.ready()
  for await (const block of warehouse.moving.blocks(whose(0, 1)))
    await target.moving.put(block, () => warehouse.moving.read(block, whose(0, 1)), JSON.stringify(block), true)
  assert.deepEqual(
    await target.moving.lastNote(),
    madeLoad(
      upTo,
      Array.from({ length: 300 }, () => ({}) as never),
    ).note,
  )
  const note = { ...madeLoad(upTo + 1, []).note, totals }
  const { block, lines } = notesBlock([note])
  assert.equal(await target.moving.put(block, async () => lines, 'last', true), false)
  assert.equal(await target.moving.put(block, async () => lines, 'last', true), true)
  assert.deepEqual(await target.moving.lastNote(), note)
  await target.close()
  await warehouse.close()
})

test('a token without its rows is gone past, and rows of another are not added to', async () => {
  const warehouse = engine.warehouse()
  const target = other.warehouse(Date.now, 'cut')
  await target.ready()
  const connection = connect({ socketPath: other.socketPath, database: 'cut', logger: silentLogger })
  const blocks = []
  for await (const block of warehouse.moving.blocks(whose(0, 1))) blocks.push(block)
  const [first] = blocks as [(typeof blocks)[0]]
  assert.equal(first.table, events.name)
  const lines = () => warehouse.moving.read(first, whose(0, 1))
  // As a crash between the token and the name of the part leaves it.
  await target.moving.put(first, lines, 'cut', false)
  await connection.command('DELETE FROM events WHERE true', {}, { lightweight_deletes_sync: '2', mutations_sync: '2' })
  assert.equal(await target.moving.put(first, lines, 'cut', true), false)
  assert.equal(await target.moving.put(first, lines, 'cut', true), true)
  const rows = (await lines()).toString().split('\n').slice(0, 1).join('\n')
  const columns = events.columns.map(({ name }) => name)
  await connection.insert('events', columns, Buffer.from(`${rows}\n`), 'somebody')
  await assert.rejects(target.moving.put(first, lines, 'cut', true), /none of them must be there: got/)
  await connection.close()
  await target.close()
  await warehouse.close()
})
