// A log that is lost takes what was in flight along, and nothing else: the books go on over both logs, and hold.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Installation } from '../harness/installation.ts'
import { deposit } from '../harness/traffic.ts'

let installation: Installation | null = null
after(() => installation?.close())

test('after the log is lost the accounting holds, over the lost one and the new one', async () => {
  installation = await Installation.open()
  const server = installation
  const key = await server.key('lost')
  const post = async (transaction: string) =>
    assert.equal((await server.post('/v2/s2s/event', key, JSON.stringify(deposit(transaction)))).status, 200)
  for (let i = 0; i < 6; i++) await post(`before-${i}`)
  await server.drained()
  await server.stop()
  rmSync(join(server.dataDir, 'log'), { recursive: true })
  await server.start()
  await post('after')
  await post('before-0')
  await server.drained()
  const { accounting } = (await server.status()) as { accounting: Record<string, unknown> }
  const { holds, accepted, stored, duplicate } = accounting
  assert.deepEqual({ holds, accepted, stored, duplicate }, { holds: true, accepted: 8, stored: 7, duplicate: 1 })
  const metrics = String((await server.admin('/metrics')).body['text'])
  assert.match(metrics, /datapulse_accounting_difference(\{[^}]*\})? 0\n/)
})
