// What /readyz says: which part is not ready, whether events are taken, and what an acknowledgement is worth.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogStatus } from '../log/record.ts'
import { Health, type Readiness } from './health.ts'

type Told = { status: number; body: { status: string; parts: Record<string, string>; durability?: string } }

function readyz(log: Partial<LogStatus> | Error, others: Readiness = async () => ({}), closing = false): Promise<Told> {
  const status = () => {
    if (log instanceof Error) throw log
    return { refusing: null, ...log } as LogStatus
  }
  const health = new Health({ status }, others)
  return new Promise(resolve =>
    health.answer('readyz', closing, (code, body) => resolve({ status: code, body: JSON.parse(body) as Told['body'] })),
  )
}

test('all is ready, and nothing is said of durability that is as promised', async () => {
  const { status, body } = await readyz({}, async () => ({ web: null }))
  assert.equal(status, 200)
  assert.deepEqual(body, { status: 'ready', parts: { api: 'ready', log: 'ready', web: 'ready' } })
})

test('what comes after the log is named, and events are taken all the same', async () => {
  const { status, body } = await readyz({}, async () => ({ web: 'does not answer' }))
  assert.deepEqual([status, body.status, body.parts['web']], [200, 'degraded', 'does not answer'])
  const failed = await readyz({}, () => Promise.reject(new Error('no')))
  assert.deepEqual([failed.status, failed.body.status], [200, 'degraded'])
})

test('a log that refuses, or cannot be asked, and a server that stops are unavailable', async () => {
  const refusing = { code: 'LOG_DISK_FULL', message: 'full', retryAfterSeconds: 5 } as const
  assert.deepEqual((await readyz({ refusing })).body.parts['log'], 'LOG_DISK_FULL: full')
  for (const told of [await readyz({ refusing }), await readyz(new Error('no')), await readyz({}, undefined, true)])
    assert.deepEqual([told.status, told.body.status], [503, 'unavailable'])
})

test('a log that promises less is said to', async () => {
  const { status, body } = await readyz({ weaker: 'it does not sync' })
  assert.deepEqual([status, body.status, body.durability], [200, 'ready', 'it does not sync'])
})
