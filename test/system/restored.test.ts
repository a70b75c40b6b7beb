// Things put back that do not belong together: an index that was wiped or restored from an older copy, a warehouse that
// was restored or wiped. Each is noticed at the next start and mended from what is true: the warehouse's own notes, and
// the log. Afterwards everything is there once, and a retry of anything old is still recognised.

import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Installation } from '../harness/installation.ts'
import { audit, deposit, type Sent } from '../harness/traffic.ts'

let installation: Installation | null = null
after(() => installation?.close())

test('an index or a warehouse that was wiped or restored is noticed and mended', async t => {
  const server = await Installation.open()
  installation = server
  const key = await server.key('restore')
  const books: Sent[] = []
  const send = async (prefix: string, count: number) => {
    const ids = Array.from({ length: count }, (_, i) => `${prefix}-${i}`)
    const reply = await server.post('/v2/s2s/batch', key, JSON.stringify(ids.map(id => deposit(id))))
    assert.equal(reply.status, 200)
    books.push({ ids, acknowledged: true })
  }
  const folder = (name: string) => join(server.dataDir, name)
  const right = async () => {
    await server.drained()
    assert.deepEqual(audit(books, await server.events('&product=restore')), [])
    const { accounting } = (await server.status()) as { accounting: { holds: boolean } }
    assert.equal(accounting.holds, true, JSON.stringify(accounting))
  }
  const whileStopped = async (change: () => void) => {
    await server.stop()
    change()
    await server.start()
  }

  await send('first', 200)
  await right()
  await whileStopped(() => {
    for (const name of ['index', 'warehouse']) cpSync(folder(name), folder(`${name}.copy`), { recursive: true })
  })
  await send('second', 200)
  await right()

  await t.test('a wiped index', async () => {
    await whileStopped(() => rmSync(folder('index'), { recursive: true }))
    await send('first', 200)
    await send('third', 50)
    await right()
  })
  await t.test('an index from an older copy', async () => {
    await whileStopped(() => {
      rmSync(folder('index'), { recursive: true })
      cpSync(folder('index.copy'), folder('index'), { recursive: true })
    })
    await send('second', 200)
    await send('fourth', 50)
    await right()
  })
  await t.test('a warehouse from an older copy', async () => {
    await whileStopped(() => {
      rmSync(folder('warehouse'), { recursive: true })
      cpSync(folder('warehouse.copy'), folder('warehouse'), { recursive: true })
    })
    await send('fifth', 50)
    await right()
  })
  await t.test('a wiped warehouse', async () => {
    await whileStopped(() => rmSync(folder('warehouse'), { recursive: true }))
    await send('second', 200)
    await send('sixth', 50)
    await right()
  })
})
