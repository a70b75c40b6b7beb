// How steps of rollups are paced: over a warehouse that only remembers what was asked of it.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import type { Load, LoadingWarehouse, RollingWarehouse, RollupName, RollupStep } from '../warehouse/load.ts'
import { seeLoads } from './loads-seen.ts'
import { openRolling, rollOrder, type RollingParts } from './rolling.ts'

const logger = { info: () => {}, warn: () => {}, error: () => {} }

/** Has loads up to `last`; `lose` lets the next step vanish while it is made. */
function fake(last: number) {
  const stepped = Object.fromEntries(rollOrder.map(name => [name, 0])) as Record<RollupName, number>
  const rolled: (RollupStep & { name: RollupName })[] = []
  const state = { last, isLost: false, lose: false, merged: 0 }
  const warehouse: RollingWarehouse = {
    beginBuild: async () => 'one',
    build: async () => 'one',
    stepped: async () => ({ ...stepped }),
    nextStep: async from => (from < state.last ? { to: state.last } : null),
    prepare: async () => {
      state.isLost = state.lose
      state.lose = false
    },
    roll: async (name, step) => {
      if (state.isLost) return
      rolled.push({ name, ...step })
      stepped[name] = step.to
    },
    merge: async () => {
      state.merged += 1
    },
  }
  return { warehouse, stepped, rolled, state }
}

const parts = (warehouse: RollingWarehouse, more: Partial<RollingParts> = {}): RollingParts => ({
  ...{ warehouse, now: Date.now, logger, intervalMs: 600_000, isBehind: () => false, busyMs: 600_000, eventsMax: 10 },
  loadsSeen: null,
  ...more,
})

test('what is asked for is up to date, and a step that was cut off is ended first as it was', async () => {
  const { warehouse, stepped, rolled } = fake(5)
  stepped.numbers = 2
  const rolling = openRolling(parts(warehouse))
  assert.equal(await rolling.upToDate(1_000), 'one')
  await rolling.close()
  assert.deepEqual(new Set(Object.values(stepped)), new Set([5]))
  const stepsOf = (name: RollupName) => rolled.filter(step => step.name === name).map(({ from, to }) => [from, to])
  assert.deepEqual(stepsOf('numbers'), [[2, 5]])
  for (const name of rollOrder.slice(1))
    assert.deepEqual(stepsOf(name), [
      [0, 2],
      [2, 5],
    ])
})

test('a step that was lost while it was made is told of and made again', async () => {
  const { warehouse, stepped, state } = fake(0)
  const rolling = openRolling(parts(warehouse))
  assert.equal(await rolling.upToDate(1_000), 'one')
  Object.assign(state, { last: 1, lose: true })
  assert.equal(await rolling.upToDate(1_000), null)
  assert.equal(await rolling.upToDate(1_000), 'one')
  await rolling.close()
  assert.deepEqual(new Set(Object.values(stepped)), new Set([1]))
})

test('it closes at once, also while the pipeline is behind or a step is being made', async () => {
  for (const isBehind of [true, false]) {
    let release = () => {}
    const held = new Promise<void>(resolve => (release = resolve))
    const { warehouse } = fake(1)
    const rolling = openRolling(
      parts({ ...warehouse, prepare: () => held }, { isBehind: () => isBehind, busyMs: 600_000 }),
    )
    await sleep(20)
    const closed = rolling.close()
    release()
    await closed
  }
})

test('the warehouse is asked for what is new after each load, and not again before the next', async () => {
  const { warehouse, stepped, state } = fake(0)
  let asked = 0
  const nextStep: RollingWarehouse['nextStep'] = (...step) => {
    asked += 1
    return warehouse.nextStep(...step)
  }
  let work = async () => {}
  const { loading, seen } = seeLoads({ load: () => work() } as unknown as LoadingWarehouse)
  const rolling = openRolling(parts({ ...warehouse, nextStep }, { loadsSeen: seen }))
  const askedNow = async () => {
    const before = asked
    assert.equal(await rolling.upToDate(1_000), 'one')
    return asked - before
  }
  await askedNow()
  assert.equal(await askedNow(), 0)

  const load = (seq: number, ends: Promise<void>) => {
    work = async () => {
      state.last = seq
      await ends
    }
    return loading.load({} as Load)
  }
  await load(1, Promise.resolve())
  assert.equal(await askedNow(), 2)
  assert.equal(stepped.books, 1)
  assert.equal(await askedNow(), 0)

  // It is there before whoever loads it knows.
  const { promise, resolve } = Promise.withResolvers<void>()
  const slow = load(2, promise)
  assert.equal(await askedNow(), 2)
  assert.equal(await askedNow(), 1)
  resolve()
  await slow
  assert.deepEqual([await askedNow(), await askedNow()], [1, 0])

  await assert.rejects(load(3, Promise.reject(new Error('the engine is away'))), /away/)
  assert.equal(await askedNow(), 2)
  assert.equal(stepped.books, 3)
  assert.equal(await askedNow(), 1)
  await load(3, Promise.resolve())
  assert.deepEqual([await askedNow(), await askedNow()], [1, 0])

  // What is made anew begins from the beginning.
  await rolling.change(async () => {})
  assert.equal(await askedNow(), 1)
  await rolling.close()
})

test('parts are merged after many steps at a stretch, and not after some', async () => {
  const { warehouse, state } = fake(0)
  const nextStep: RollingWarehouse['nextStep'] = async from => (from < state.last ? { to: from + 1 } : null)
  const rolling = openRolling(parts({ ...warehouse, nextStep }, { intervalMs: 1 }))
  const merged = async (last: number) => {
    state.last = last
    while (rolling.status().upTo < last || rolling.status().isMerging) await sleep(1)
    await rolling.upToDate(1_000)
    await sleep(10)
    return state.merged
  }
  assert.equal(await merged(3), 0)
  assert.equal(await merged(5), 0)
  assert.equal(await merged(50), 1)
  assert.equal(await merged(53), 1)
  await rolling.close()
})

test('a merge that lasts holds up neither steps nor the end, and one that fails is tried after the next stretch', async () => {
  const { warehouse, state } = fake(0)
  const nextStep: RollingWarehouse['nextStep'] = async from => (from < state.last ? { to: from + 1 } : null)
  const merges: PromiseWithResolvers<void>[] = []
  const merge = () => {
    merges.push(Promise.withResolvers<void>())
    return merges.at(-1)!.promise
  }
  const rolling = openRolling(parts({ ...warehouse, nextStep, merge }, { intervalMs: 1 }))
  const rolledTo = async (last: number) => {
    state.last = last
    while (rolling.status().upTo < last) await sleep(1)
  }
  await rolledTo(50)
  while (merges.length < 1) await sleep(1)
  await rolledTo(55)
  assert.equal(rolling.status().isMerging, true)
  merges[0]?.reject(new Error('the disk is full'))
  while (rolling.status().isMerging) await sleep(1)
  await rolledTo(100)
  while (merges.length < 2) await sleep(1)
  await rolling.close()
  assert.equal(merges.length, 2)
})
