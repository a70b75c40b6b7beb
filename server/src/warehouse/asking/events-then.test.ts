// Whatever is asked of a moment is answered the same after it was decided that other events stand.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { canonicalGameType, gameTypes } from '../../steps/game-type.ts'
import type { DuplicateRow, EventRow, Resolution } from '../load.ts'
import { type EngineProcess, startEngine } from '../testing/engine-process.ts'
import { eventRow, madeLoad, startMs, uuidOf } from '../testing/made-loads.ts'
import type { Warehouse } from '../warehouse.ts'

let engine: EngineProcess
let warehouse: Warehouse
before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
})
after(async () => {
  await warehouse.close()
  await engine.remove()
})

const dayMs = 86_400_000
const words = ['Live Casino', 'casino', 'e-sport', ...Object.keys(gameTypes), ...Object.values(gameTypes).flat()]

/** A deposit and bets of each game type, which come again with another amount, user and click. */
function sent(again: boolean): EventRow[] {
  return ['', ...words].map((gameType, n) =>
    eventRow(
      { requestId: uuidOf(`${again ? 'again' : 'first'} ${n}`), receivedMs: startMs + (again ? 2 : 1) * dayMs },
      {
        name: n % 9 === 0 ? 'deposit' : 'bet',
        userId: `user_${again ? n : n % 5}`,
        eventMs: startMs + n,
        clickId: again ? '' : `click_${n % 3}`,
        transactionId: `tx_${n}`,
        amount: String(n + (again ? 0.5 : 1)),
        currency: 'USD',
        gameType,
        ...(n % 2 === 0 && { betResult: 'win', betResultAmount: String(n) }),
      },
      {
        identity: uuidOf(`identity ${n}`).replaceAll('-', ''),
        derived: { country: '', city: '', agent: null, gameType: canonicalGameType(gameType) },
      },
    ),
  )
}

/** All that can be asked of what was received before. */
async function answers(receivedBeforeMs: number) {
  const range = { product: 'demo', from: '2026-06-01', to: '2026-06-03', receivedBeforeMs }
  const reports = []
  for (const dimension of [null, 'click_id', 'game_type', 'game_provider'] as const)
    reports.push(await warehouse.readReport({ ...range, bucket: 'day', ...(dimension && { dimension }) }))
  return {
    reports,
    funnel: await warehouse.readFunnel({ ...range, byClick: true }),
    late: await warehouse.readLate(range),
    effects: await warehouse.readLateEffects(range),
  }
}

test('an answer of a moment stays what it was, by every report', async () => {
  const [firsts, laters] = [sent(false), sent(true)]
  const register = eventRow({ requestId: uuidOf('register') }, { name: 'register', userId: 'user_0' })
  const duplicates = laters.map(
    (row, n): DuplicateRow => ({
      ...row,
      firstRequestId: firsts[n]!.origin.requestId,
      firstPosition: 0,
      conflict: true,
    }),
  )
  await warehouse.loading.load(madeLoad(1, [register, ...firsts], { duplicates }))
  const then = await answers(startMs + 3 * dayMs)
  assert.ok(then.reports.every(rows => rows.length > 1) && then.late.length > 0)
  const decidedMs = startMs + 4 * dayMs
  for (const [n, later] of laters.entries()) {
    if (n % 6 !== 0) continue
    const { product, mode, requestId, position } = later.origin
    const place = { product, mode, requestId, position, firstRequestId: firsts[n]!.origin.requestId, firstPosition: 0 }
    const { identity } = later
    const decided = { id: uuidOf(`decided ${n}`), ...place, identity, stands: 'later', reason: '', decidedMs } as const
    await carryOut(decided, later)
  }
  assert.deepEqual(await answers(startMs + 3 * dayMs), then)
  assert.deepEqual(await answers(decidedMs), then)
  assert.notDeepEqual(await answers(decidedMs + 1), then)
})

async function carryOut(decided: Resolution, later: EventRow): Promise<void> {
  await warehouse.resolving.decide(decided)
  await warehouse.resolving.swap(decided, { ...later, loadSeq: 1 })
  await warehouse.resolving.done(decided)
}
