// Who asks within the moment gets one answer, and who asks behind it another; a fault is told to all of the moment, and no other.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { gathered } from './gathered.ts'

it('answers those of one moment together, of what was there when the last of them asked', async () => {
  let [asked, there] = [0, 'before']
  const ask = gathered(5, async () => {
    asked += 1
    return there
  })
  const first = ask()
  there = 'after'
  assert.deepEqual(await Promise.all([first, ask()]), ['after', 'after'])
  assert.equal(asked, 1)
  await ask()
  assert.equal(asked, 2)
})

it('tells a fault to those of its moment alone', async () => {
  let fails = true
  const ask = gathered(1, async () => {
    if (fails) throw new Error('away')
    return 'here'
  })
  const both = await Promise.allSettled([ask(), ask()])
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  fails = false
  assert.equal(await ask(), 'here')
})
