// What later events took from closed days, against a replay of everything as it came: who had a first deposit, and which
// settlements counted, before and after each event.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { EventRow } from '../load.ts'
import { type EngineProcess, startEngine } from '../testing/engine-process.ts'
import { eventRow, madeLoad, uuidOf } from '../testing/made-loads.ts'
import { rollAll } from '../testing/roll-all.ts'
import type { Warehouse } from '../warehouse.ts'
import type { LateEffect } from './late-effects.ts'

let engine: EngineProcess
let warehouse: Warehouse
const dayMs = 86_400_000
const juneMs = Date.UTC(2026, 5, 1)

/** Deposits of some users, bets and their settlements; a third of them came days after they had happened. */
function made(count: number): EventRow[] {
  let state = 11
  const next = (n: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
  return Array.from({ length: count }, (_, n) => {
    const name = ['deposit', 'bet', 'win', 'loss'][next(4)]!
    const eventMs = juneMs + next(20 * 24) * 3_600_000 + next(1_000)
    const receivedMs = eventMs + next(90_000) + (next(3) === 0 ? next(240) * 3_600_000 : 0)
    const own = name === 'bet' && next(2) === 0
    const currency = ['USD', 'EUR'][next(2)]!
    return eventRow(
      { requestId: uuidOf(`effect ${n}`), receivedMs },
      {
        name,
        userId: `user_${next(160)}`,
        eventMs,
        amount: String(1 + next(500)),
        currency,
        currencySent: currency,
        transactionId: name === 'bet' ? `bet_${n % 100}_${Math.floor(n / 400)}` : `tx_${n}`,
        parentTransactionId: name === 'win' || name === 'loss' ? `bet_${next(100)}_${next(4)}` : '',
        betResultAmount: own ? '3' : null,
      },
    )
  })
}

/** The last of several bets of one transaction would be a duplicate: there is one of each. */
const rows = made(1_600).filter(
  ({ event }, n, all) =>
    event.name !== 'bet' || all.findIndex(one => one.event.transactionId === event.transactionId) === n,
)

before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
  await warehouse.loading.load(madeLoad(1, rows))
})
after(async () => {
  await warehouse.close()
  await engine.remove()
})

type Taken = { effect: LateEffect['effect']; was: EventRow; came: EventRow; value: number }

/** What each event took from others, as they came. */
function replayed(receivedBeforeMs: number): Taken[] {
  const taken: Taken[] = []
  const firsts = new Map<string, EventRow>()
  const counted = new Map<string, EventRow[]>()
  const settled = new Set<string>()
  const came = rows
    .filter(row => row.origin.receivedMs < receivedBeforeMs)
    .toSorted((a, b) => a.origin.receivedMs - b.origin.receivedMs || a.event.eventMs - b.event.eventMs)
  for (const row of came) {
    const { name, userId, eventMs, transactionId, parentTransactionId, betResultAmount } = row.event
    if (name === 'deposit') {
      const was = firsts.get(userId)
      if (was === undefined || eventMs < was.event.eventMs) firsts.set(userId, row)
      if (was !== undefined && eventMs < was.event.eventMs)
        taken.push({ effect: 'first_deposits_lost', was, came: row, value: Number(was.event.amount) })
    }
    if (name === 'bet' && betResultAmount !== null) {
      settled.add(transactionId)
      for (const was of counted.get(transactionId) ?? []) {
        const value = Number(was.event.amount) * (was.event.name === 'loss' ? -1 : 1)
        taken.push({ effect: 'settlements_lost', was, came: row, value })
      }
    }
    if ((name === 'win' || name === 'loss') && !settled.has(parentTransactionId))
      counted.set(parentTransactionId, [...(counted.get(parentTransactionId) ?? []), row])
  }
  return taken
}

/** Of days that were over, moved by `zoneMs`. */
function plainEffects(from: string, to: string, zoneMs: number, receivedBeforeMs = Number.POSITIVE_INFINITY) {
  const dayOf = (ms: number) => new Date(ms + zoneMs).toISOString().slice(0, 10)
  const endOf = (row: EventRow) => Date.parse(dayOf(row.event.eventMs)) - zoneMs + dayMs
  const groups = new Map<string, Taken[]>()
  for (const one of replayed(receivedBeforeMs)) {
    const { was, came, effect } = one
    const day = dayOf(was.event.eventMs)
    const isMoved = effect === 'settlements_lost' || day !== dayOf(came.event.eventMs)
    const isLate = came.origin.receivedMs >= endOf(was) && came.origin.receivedMs >= endOf(came)
    if (day < from || day >= to || !isMoved || !isLate || came.event.eventMs >= Date.parse(to) - zoneMs) continue
    const key = [effect, day, was.event.currency].join()
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, group]) => {
      const [effect, day, currency] = key.split(',')
      const received = group.map(one => one.came.origin.receivedMs)
      const days = group.map(one => dayOf(one.came.event.eventMs)).toSorted()
      return {
        ...{ day, event_name: effect === 'settlements_lost' ? 'bet' : 'deposit', currency, events: group.length },
        amount: String(group.reduce((sum, one) => sum + one.value, 0)),
        first_received_at: new Date(Math.min(...received)).toISOString(),
        last_received_at: new Date(Math.max(...received)).toISOString(),
        ...{ effect, first_event_day: days[0], last_event_day: days.at(-1) },
      }
    })
}

test('all that later events took from closed days, and nothing else', async () => {
  const range = { product: 'demo', from: '2026-06-03', to: '2026-06-15' }
  const receivedBeforeMs = Date.UTC(2026, 5, 14)
  const plain = plainEffects(range.from, range.to, 0)
  for (const effect of ['first_deposits_lost', 'settlements_lost'])
    assert.ok(plain.filter(row => row.effect === effect).length > 5, effect)
  const rolledUp = await warehouse.rolling.beginBuild()
  await rollAll(warehouse.rolling, rolledUp, 1_000_000)
  const before = plainEffects(range.from, range.to, 0, receivedBeforeMs)
  assert.notDeepEqual(before, plain)
  for (const build of [null, rolledUp, 'another build']) {
    assert.deepEqual(await warehouse.readLateEffects(range, build), plain)
    assert.deepEqual(
      await warehouse.readLateEffects({ ...range, timeZone: 'Asia/Taipei' }, build),
      plainEffects(range.from, range.to, 8 * 3_600_000),
    )
    assert.deepEqual(await warehouse.readLateEffects({ ...range, receivedBeforeMs }, build), before)
  }
})
