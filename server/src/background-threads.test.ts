// V8's threads get the priority, and the thread that answers keeps its own.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { test } from 'node:test'
import { lowerBackgroundThreads } from './background-threads.ts'

test('V8 threads are lowered, all others keep their priority', { skip: process.platform !== 'linux' }, () => {
  const own = getPriority(process.pid)
  assert.ok(lowerBackgroundThreads(own + 3) > 0, 'this Node has threads of the name that is looked for')
  const byName = readdirSync('/proc/self/task').map(thread => ({
    name: readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim(),
    niceness: getPriority(Number(thread)),
  }))
  for (const { name, niceness } of byName)
    assert.equal(niceness, name === 'node-V8Worker' ? own + 3 : own, `${name} of ${JSON.stringify(byName)}`)
})
