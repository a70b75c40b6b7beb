// Erasures and retention over a real warehouse and real accounts, on a clock that the test moves: what outlives its
// retention goes and is counted, once, whatever is repeated; an erasure is complete when the raw log has let go.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Accounts, openAccounts } from '../accounts/accounts.ts'
import { rejectedPosition, rejectedReason } from '../steps/rejection.ts'
import type { IdentityRow, ParkedRow } from '../warehouse/load.ts'
import { type EngineProcess, startEngine } from '../warehouse/testing/engine-process.ts'
import { eventRow, madeLoad, uuidOf } from '../warehouse/testing/made-loads.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { erasureListAt } from './erasure-list.ts'
import { type ErasuresAtWork, openErasures } from './erasures.ts'

const dayMs = 86_400_000
const startMs = Date.UTC(2026, 5, 10, 12)
const silent = { info: () => {}, warn: () => {}, error: () => {} }
const dir = mkdtempSync(join(tmpdir(), 'erasures-'))
let engine: EngineProcess
let warehouse: Warehouse
let accounts: Accounts
let nowMs = startMs
let logOldestMs: number | null = startMs
let forgotten: IdentityRow[] = []

before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
  accounts = openAccounts({ path: join(dir, 'accounts.db'), now: () => nowMs, logger: silent })
  for (const product of ['short', 'long']) await accounts.createProduct(product)
})
after(async () => {
  await warehouse.close()
  accounts.close()
  await engine.remove()
  rmSync(dir, { recursive: true, force: true })
})

function open(): Promise<ErasuresAtWork> {
  return openErasures({
    accounts,
    warehouse: warehouse.erasing,
    pipeline: {
      status: () => ({ state: 'running', checkpointOffset: 7, reprocess: null }) as never,
      deleting: work => work(async rows => void forgotten.push(...rows)),
    },
    change: work => work(),
    logEnd: async () => 7,
    logOldestMs: async () => logOldestMs,
    logKeepsMs: 8 * dayMs,
    list: erasureListAt(join(dir, 'erasures.json')),
    now: () => nowMs,
    logger: silent,
    checkMs: 50,
  })
}

/** Lets the work go on until it is so. */
async function whenWorked(isSo: () => Promise<boolean> | boolean): Promise<void> {
  const work = await open()
  for (let i = 0; i < 300 && !(await isSo()); i++) {
    nowMs += 1
    await sleep(50)
  }
  await work.close()
  assert.ok(await isSo())
}

const place = (product: string, n: number, backDays: number) => ({
  product,
  requestId: uuidOf(`${product} ${n}`),
  receivedMs: startMs - backDays * dayMs,
})
const parkedRow = (product: string, n: number, backDays: number, more: Partial<ParkedRow> = {}): ParkedRow => {
  const { origin } = eventRow(place(product, n, backDays))
  return { origin, events: 1, reason: 'event_failed', detail: 'x', raw: '{"client_user_id":"zoe"}', ...more }
}
const count = async (product: string) => (await warehouse.listEvents({ product, limit: 100 })).rows.length

test('what outlives the retention of its product is deleted and counted', async () => {
  const events = ['short', 'long'].flatMap(product => [1, 2, 3, 40].map(days => eventRow(place(product, days, days))))
  const again = eventRow(place('short', 50, 50))
  const first = { firstRequestId: uuidOf('short 40'), firstPosition: 0 }
  const duplicates = [
    { ...again, ...first, conflict: false },
    { ...eventRow(place('short', 51, 50)), ...first, conflict: true },
  ]
  const rejection = parkedRow('short', 61, 50, { events: 0, reason: rejectedReason, detail: '{}' })
  rejection.origin.position = rejectedPosition
  const parked = [parkedRow('short', 60, 50, { events: 5 }), rejection]
  await warehouse.loading.load(madeLoad(1, events, { duplicates, parked }))
  await accounts.updateProduct('short', { retentionDays: 3 })

  await whenWorked(async () => (await count('short')) < 4)
  // Whole days: what was received on the third day before today is still there.
  assert.deepEqual([await count('short'), await count('long')], [3, 4])
  assert.deepEqual(
    forgotten.map(row => row.requestId),
    [uuidOf('short 40')],
  )
  const counts = { stored: 1, duplicate: 1, conflict: 1, parked: 5, load: 0 }
  assert.deepEqual(await warehouse.erasing.countErased(), counts)
  assert.deepEqual((await warehouse.listParked({ limit: 9 })).rows, [])
  assert.deepEqual((await warehouse.listRejections({ limit: 9 })).rows, [])

  // The next day one more goes; the same day again nothing does.
  nowMs += dayMs
  await whenWorked(async () => (await count('short')) === 2)
  assert.deepEqual(await warehouse.erasing.countErased(), { ...counts, stored: 2 })
  await whenWorked(() => true)
  assert.deepEqual(await warehouse.erasing.countErased(), { ...counts, stored: 2 })
  assert.equal((await warehouse.status()).eventsMissing, 0)
})

test('what was counted as expired and not yet deleted when it died is deleted then, and not counted again', async () => {
  const { erasing, resolving, loading } = warehouse
  const events = [eventRow(place('long', 90, 90)), eventRow(place('long', 91, 91))]
  const first = { firstRequestId: uuidOf('long 90'), firstPosition: 0 }
  const duplicates = [{ ...eventRow(place('long', 93, 0)), ...first, conflict: true }]
  await loading.load(madeLoad(2, events, { duplicates }))
  const firstOfConflict = async () => (await resolving.findConflict(uuidOf('long 93'), 0))?.firstRequestId
  assert.equal(await firstOfConflict(), first.firstRequestId)

  const before = await erasing.countErased()
  const id = (kind: string) => uuidOf(`cut ${kind}`)
  const cutMs = startMs - 80 * dayMs
  assert.deepEqual(await erasing.countExpired('long', cutMs, id), { events: 2, rejectedRequests: 0 })
  assert.equal(await firstOfConflict(), null, 'nobody decides any more about what is counted already')
  const late = [eventRow(place('long', 92, 92))]
  await loading.load(madeLoad(3, late))
  await erasing.deleteExpired('long')
  assert.equal((await warehouse.listEvents({ request: uuidOf('long 90'), limit: 1 })).rows.length, 0)
  assert.equal((await warehouse.listEvents({ request: uuidOf('long 92'), limit: 1 })).rows.length, 1)
  assert.equal((await erasing.countErased()).stored, before.stored + 2)

  assert.deepEqual(await erasing.countExpired('long', cutMs, id), { events: 1, rejectedRequests: 0 })
  const expired: IdentityRow[] = []
  for await (const rows of erasing.identitiesExpired('long')) expired.push(...rows)
  assert.deepEqual(
    expired.map(row => row.requestId),
    [uuidOf('long 92')],
  )
  await erasing.deleteExpired('long')
  assert.equal((await warehouse.listEvents({ request: uuidOf('long 92'), limit: 1 })).rows.length, 0)
  assert.equal((await erasing.countErased()).stored, before.stored + 3)
  assert.equal(await firstOfConflict(), null)
})

test('an erasure is complete when the raw log has let go of what was received before it', async () => {
  const long = ' '.repeat(300_000)
  const bodies = [
    `[{"client_user_id":"zoe"},{"client_user_id":"yan","note":"${long}"}]`,
    'not JSON, nobody in it',
    '["  zoe "]',
  ]
  const violations = ['got "zoe"', 'kept'].map((message, index) => ({ index, field: '$', rule: 'type', message }))
  const detail = JSON.stringify({ code: 'X', violations, violationsTotal: 2 })
  const rejections = bodies.map((raw, n) => {
    const row = parkedRow('long', 70 + n, 0, { events: 0, reason: rejectedReason, detail, raw })
    row.origin.position = rejectedPosition
    return row
  })
  const events = ['zoe', 'yan'].map((userId, n) => eventRow(place('long', 80 + n, 0), { userId }))
  await warehouse.loading.load(madeLoad(4, events, { parked: [parkedRow('long', 75, 0), ...rejections] }))
  const asked = await accounts.requestErasure('long', 'zoe')
  assert.ok(asked.ok && asked.created)
  const erasure = () => accounts.listErasures('long')[0]!
  await whenWorked(() => erasure().state === 'erased')
  const { stored, duplicate, parked, rejectedRequests, logUntilMs, erasedMs } = erasure()
  assert.deepEqual(
    { stored, duplicate, parked, rejectedRequests },
    { stored: 1, duplicate: 0, parked: 1, rejectedRequests: 2 },
  )
  assert.equal(logUntilMs! - erasedMs!, 8 * dayMs)
  const kept = (await warehouse.readKept(uuidOf('long 70')))[0]
  assert.equal(kept?.raw, `["erased",{"client_user_id":"yan","note":"${long}"}]`)
  assert.deepEqual(
    kept.head?.violations.map(({ message }) => message),
    ['erased with its user', 'kept'],
  )
  assert.equal((await warehouse.readKept(uuidOf('long 72')))[0]?.raw, '["erased"]', 'as long as what was there')
  assert.deepEqual(await warehouse.readKept(uuidOf('long 75')), [])
  assert.equal((await warehouse.readKept(uuidOf('long 71'))).length, 1)

  const list = readFileSync(join(dir, 'erasures.json'), 'utf8')
  assert.equal(list.includes('zoe'), false)
  assert.equal(statSync(join(dir, 'erasures.json')).mode & 0o777, 0o600)

  nowMs += 9 * dayMs
  await whenWorked(() => erasure().checkedMs! > nowMs - dayMs)
  assert.equal(erasure().state, 'erased', 'the log still has its old records')
  logOldestMs = nowMs - dayMs
  await whenWorked(() => erasure().state === 'complete')
})
