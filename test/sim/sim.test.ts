// The whole path in one process, many times over: each seed is another order of requests, crashes, faults, restores,
// damage, erasures, expiry and decisions about conflicts. `SIM_SEEDS=1000` runs more of them, `SIM_SEED=17` one. And a
// proof that the simulation can fail: what is broken on purpose is found within the same seeds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IndexPlace } from '../../server/src/pipeline/index/identity-index.ts'
import type { Load } from '../../server/src/warehouse/load.ts'
import type { SimLogKind } from './sim-log.ts'
import { checkTruth } from './truth.ts'
import { type Mutation, simulate } from './world.ts'

const only = process.env['SIM_SEED']
const seedsMax = Number(process.env['SIM_SEEDS'] ?? 110)
/** Beyond the first: each is the first that fails when one thing that the simulation once found is broken again. */
const telling = [153, 169, 244, 313, 435, 562, 859, 883]
const first = Array.from({ length: seedsMax }, (_, seed) => seed)
const seeds = only === undefined ? [...new Set([...telling, ...first])] : [Number(only)]

test(`every acknowledged event is there exactly once, in ${seeds.length} simulated lives`, async () => {
  for (const seed of seeds) {
    const failure = await failureOf(seed)
    assert.equal(failure, null, `SIM_SEED=${seed}: ${failure?.stack}`)
  }
})

test(`every acknowledged event is there exactly once where the log is a stream of NATS, in ${seeds.length} simulated lives`, async () => {
  for (const seed of seeds) {
    const failure = await failureOf(seed, {}, 'stream')
    assert.equal(failure, null, `SIM_SEED=${seed}: ${failure?.stack}`)
  }
})

const mutations: Record<string, Mutation> = {
  'a repeated load has another token': {
    warehouse: warehouse => {
      let times = 0
      const load = warehouse.load.bind(warehouse)
      warehouse.load = what => load({ ...what, note: { ...what.note, token: `${what.note.token}.${times++}` } })
      return warehouse
    },
  },
  'a repeated load is trusted without a look': {
    warehouse: warehouse => {
      const load = warehouse.load.bind(warehouse)
      return Object.assign(warehouse, { load: (what: Load) => load(what, false) })
    },
  },
  'nobody asks what the warehouse has after its last note': {
    warehouse: warehouse => Object.assign(warehouse, { identitiesAfter: async () => [] }),
  },
  'the checkpoint moves without its identities': {
    place: overIndex(index => ({ commit: (_, checkpoint) => index.commit(index.stage([]), checkpoint) })),
  },
  'an index of another time is trusted': {
    place: overIndex(index => ({
      async state() {
        const { checkpoint } = await index.state()
        return { checkpoint: checkpoint ?? { warehouseId: '', note: null, uncounted: null }, pending: null }
      },
      find: async identities => identities.map(() => undefined),
    })),
  },
  'what a rebuild must forget is kept': {
    warehouse: warehouse => Object.assign(warehouse, { forgetAfter: async () => {} }),
  },
  'the answer does not wait for the disk': { acknowledgeAtOnce: true },
  'users who were erased are not kept out': { nobodyIsKeptOut: true },
  'the index does not forget what is deleted': { nothingIsForgotten: true },
  'parked texts of users who were erased are passed over': {
    erasing: warehouse => Object.assign(warehouse, { async *keptTexts() {} }),
  },
  'nobody finishes what expired and was not deleted': {
    erasing: warehouse => Object.assign(warehouse, { async *identitiesExpired() {}, async deleteExpired() {} }),
  },
}

if (only === undefined) {
  test('the simulation notices when the answer does not wait for the stream', async () => {
    for (const seed of seeds) if ((await failureOf(seed, { acknowledgeAtOnce: true }, 'stream')) !== null) return
    assert.fail(`not noticed in ${seeds.length} seeds`)
  })
  for (const [name, mutation] of Object.entries(mutations)) {
    test(`the simulation notices when ${name}`, async () => {
      for (const seed of seeds) if ((await failureOf(seed, mutation)) !== null) return
      assert.fail(`not noticed in ${seeds.length} seeds`)
    })
  }
}

async function failureOf(seed: number, mutation: Mutation = {}, log: SimLogKind = 'disk'): Promise<Error | null> {
  try {
    checkTruth(await simulate(seed, mutation, log))
    return null
  } catch (failure) {
    return failure as Error
  }
}

function overIndex(
  change: (index: Awaited<ReturnType<IndexPlace['open']>>) => Partial<Awaited<ReturnType<IndexPlace['open']>>>,
): (place: IndexPlace) => IndexPlace {
  return place => ({
    ...place,
    async open() {
      const index = await place.open()
      return { ...index, ...change(index) }
    },
  })
}
