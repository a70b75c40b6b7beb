// What is known of the warehouse between two questions: up, away, or silent for too long.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchWarehouse } from './warehouse-watch.ts'

test('tells the last answer, and that there is none', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const answers: (() => Promise<{ eventsMissing: number }>)[] = [
    async () => ({ eventsMissing: 0 }),
    async () => {
      throw new Error('away')
    },
    () => new Promise(resolve => (late = resolve)),
  ]
  let late: (answer: { eventsMissing: number }) => void = () => {}
  const watch = watchWarehouse({ status: () => answers.shift()!() }, 1_000)
  const settle = () => new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(watch.status(), { isUp: null, eventsMissing: null }, 'nothing is known before the first answer')
  await settle()
  assert.deepEqual(watch.status(), { isUp: true, eventsMissing: 0 })
  t.mock.timers.tick(1_000)
  await settle()
  assert.deepEqual(watch.status(), { isUp: false, eventsMissing: null })
  t.mock.timers.tick(2_000)
  assert.equal(watch.status().isUp, false, 'a question that is not answered in time is no answer, and not asked twice')
  assert.equal(answers.length, 0)
  late({ eventsMissing: 3 })
  await settle()
  assert.deepEqual(watch.status(), { isUp: true, eventsMissing: 3 })
  watch.close()
})
