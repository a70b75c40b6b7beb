// Statements that were carried out though their answer never came: they are sent again, and what they do to whole tables must
// not be done twice. Exchanged twice a table is back again, and parts that are attached twice are money twice.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request as ask, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { type EngineProcess, silentLogger, startEngine } from './testing/engine-process.ts'
import { eventRow, madeLoad, uuidOf } from './testing/made-loads.ts'
import { openWarehouse, type Warehouse } from './warehouse.ts'

const juneMs = Date.UTC(2026, 5, 1)
const dayMs = 86_400_000

let engine: EngineProcess
let warehouse: Warehouse
let lossy: Awaited<ReturnType<typeof openLossy>>
before(async () => {
  engine = await startEngine()
  lossy = await openLossy(engine.socketPath)
  warehouse = openWarehouse({ url: lossy.url, database: 'datapulse', logger: silentLogger, now: Date.now })
  const rows = Array.from({ length: 60 }, (_, n) =>
    eventRow({ requestId: uuidOf(`unanswered ${n}`), receivedMs: juneMs + n * dayMs }, { amount: '5' }),
  )
  await warehouse.loading.load(madeLoad(1, rows))
})
after(async () => {
  await warehouse.close()
  lossy.close()
  await engine.remove()
})

/** Before the engine; the answers to each different statement that `isLost` names are lost once. */
async function openLossy(socketPath: string) {
  const lost = new Set<string>()
  const parts = { url: '', isLost: (_: string) => false, lost, close: () => {} }
  const pass = async (request: IncomingMessage, reply: ServerResponse) => {
    const body = await buffer(request)
    const { url: path, method, headers } = request
    const asked = ask({ socketPath, path, method, headers })
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const sql = body.toString()
    if (parts.isLost(sql) && !lost.has(sql)) {
      lost.add(sql)
      await buffer(answer)
      return void request.socket.destroy()
    }
    reply.writeHead(answer.statusCode ?? 500, answer.headers)
    answer.pipe(reply)
  }
  const server = createServer((request, reply) => void pass(request, reply)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  parts.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  parts.close = () => void server.close()
  return parts
}

test('a table that was made anew takes its place once, and no part of it is there twice', async () => {
  const range = { fromMs: juneMs, toMs: juneMs + 10 * dayMs }
  const begun = await warehouse.rebuilding.beginRebuild(range, { id: 'one', startedMs: Date.now() })
  const rows = Array.from({ length: 10 }, (_, n) => ({
    ...eventRow(
      { requestId: uuidOf(`unanswered ${n}`), receivedMs: juneMs + n * dayMs },
      { amount: '5', flags: ['future_skew'] },
    ),
    loadSeq: 1,
    told: '',
  }))
  await warehouse.rebuilding.addRebuilt(rows, begun, 0)
  lossy.isLost = sql => /EXCHANGE|PARTITION/.test(sql)
  await warehouse.rebuilding.swapRebuilt(range, begun)
  for (const word of ['EXCHANGE', 'PARTITION'])
    assert.ok(
      [...lossy.lost].some(sql => sql.includes(word)),
      word,
    )
  const { rows: now } = await warehouse.listEvents({ limit: 1_000 })
  assert.deepEqual([now.length, now.filter(({ flags }) => flags.length > 0).length], [60, 10])
  assert.equal((await warehouse.rebuilding.lastRebuild())?.isSwapped, true)
})

test('what is held still for a backup is there once', async () => {
  const { snapshot } = warehouse
  lossy.lost.clear()
  lossy.isLost = sql => /CREATE (?:DATABASE|TABLE)|PARTITION/.test(sql)
  await snapshot.prepare()
  await snapshot.take()
  assert.ok(lossy.lost.size > 10)
  assert.equal((await snapshot.measure()).rows['events'], 60)
  await snapshot.drop()
})
