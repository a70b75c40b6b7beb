// How steps of rollups are paced: over a warehouse that only remembers what was asked of it.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import type { RollingWarehouse, RollupName, RollupStep } from '../warehouse/load.ts'
import { openRolling, rollOrder, type RollingParts } from './rolling.ts'

const logger = { info: () => {}, warn: () => {}, error: () => {} }

/** Has loads up to `last`; `lose` lets the next step vanish while it is made. */
function fake(last: number) {
  const stepped = Object.fromEntries(rollOrder.map(name => [name, 0])) as Record<RollupName, number>
  const rolled: (RollupStep & { name: RollupName })[] = []
  const state = { last, isLost: false, lose: false }
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
  }
  return { warehouse, stepped, rolled, state }
}

const parts = (warehouse: RollingWarehouse, more: Partial<RollingParts> = {}): RollingParts => ({
  ...{ warehouse, now: Date.now, logger, intervalMs: 600_000, isBehind: () => false, busyMs: 600_000, eventsMax: 10 },
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
