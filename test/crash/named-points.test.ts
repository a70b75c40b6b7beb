// kill -9 at every place where a crash could lose or double something: before and after each call over a seam between
// the parts, in real processes under load. A point fires once; then the process is started again and goes on. After each
// the books must be right: every acknowledged event once in the warehouse, no unacknowledged batch by halves.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Installation, until } from '../harness/installation.ts'
import { audit, seeded, Traffic } from '../harness/traffic.ts'

const points = [
  'log.append.before:40',
  'reply.send.before:40',
  'index.begin.before:3',
  'index.begin.after:3',
  'warehouse.load.before:3',
  'warehouse.load.after:3',
  'index.commit.before:3',
  'index.commit.after:3',
  'log.consumed.before:2',
  'log.consumed.after:2',
]

let installation: Installation | null = null
const books: Traffic['requests'] = []
after(() => installation?.close())

for (const point of points)
  test(`killed at ${point}: nothing lost, nothing doubled`, async () => {
    const environment = { DATAPULSE_TEST_CRASH_AT: point }
    if (installation === null) installation = await Installation.open({ environment: {} })
    await installation.stop()
    await installation.start(environment)
    const key = await installation.key('points')
    const traffic = new Traffic(installation, key, point, seeded(points.indexOf(point)))
    traffic.start(4, 40_000)
    const mark = join(installation.dataDir, 'run', `crashed-${point.split(':')[0]}`)
    await until(`the process is killed at ${point}`, () => existsSync(mark))
    const before = traffic.acknowledged
    await until('requests are acknowledged after it', () => traffic.acknowledged > before + 20)
    await traffic.stop()
    books.push(...traffic.requests)
    await installation.ready()
    await installation.drained()
    assert.deepEqual(audit(books, await installation.events('&product=points')).slice(0, 10), [])
  })
