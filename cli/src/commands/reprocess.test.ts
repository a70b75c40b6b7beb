// Reprocessing goes on while nobody hears of it: the command asks again, and says how it ended.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import { run } from '../testing/run.ts'

it('waits for a pipeline that cannot be asked just now', async context => {
  const away = [503, { error: 'PIPELINE_AWAY', code: 'PIPELINE_AWAY', message: 'away', problems: [] }] as const
  const answers = [
    [
      200,
      { reprocess: { state: 'swapped', started_at: '2026-06-01T00:00:00.000Z', events: 9, done: 9, changed: 9 } },
    ] as const,
    [202, {}] as const,
    away,
    away,
    [200, { reprocess: { state: 'swapped', events: 3, done: 3, changed: 1 } }] as const,
  ]
  const server = createServer((_, res) => {
    const [status, body] = answers.shift() ?? away
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const adminUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { stdout, code } = await run(['reprocess', '--from', '1d', '--to', '0s'], { adminUrl, adminToken: 'a-token' })
  assert.equal(stdout, '3 events were processed again, of which 1 came out otherwise.\n')
  assert.equal(code, 0)
})
