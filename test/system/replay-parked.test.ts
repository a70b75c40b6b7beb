// What was acknowledged and could not be processed is parked, and sent again by an operator: dry first, twice, and by two at
// once. It counts once. Such records are put into the log by hand, since the door lets none in.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { limits } from '../../server/src/limits.ts'
import { openLogWriter } from '../../server/src/log/log.ts'
import type { LogRecord } from '../../server/src/log/record.ts'
import { Installation } from '../harness/installation.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
const quiet = { info() {}, warn() {}, error() {} }

const deposit = (n: number) => ({
  client_user_id: `u${n}`,
  event_name: 'deposit',
  timestamp: 1_767_225_600 + n,
  ip_address: '203.0.113.1',
  transaction_id: `t${n}`,
  amount: n,
  currency: 'USD',
})
const { transaction_id: _, ...withoutId } = { ...deposit(3), event_name: 'login' }

const miscounted = '0199f2d4-5a31-7c7e-9d3e-000000000001'
const unreadable = '0199f2d4-5a31-7c7e-9d3e-000000000002'
const idless = '0199f2d4-5a31-7c7e-9d3e-000000000003'

describe('what is parked', () => {
  let server: Installation
  before(async () => {
    server = await Installation.open()
    await server.key('casino')
    await server.stop()
    const record = (requestId: string, kind: LogRecord['kind'], events: number, body: string): LogRecord => ({
      ...{ kind, requestId, product: 'casino', keyId: 'key_1', mode: 'live', receivedMs: Date.now(), events },
      body: Buffer.from(body),
    })
    const log = await openLogWriter({
      dir: join(server.dataDir, 'log'),
      limits,
      now: Date.now,
      logger: quiet,
    })
    for (const one of [
      record(miscounted, 'batch', 3, JSON.stringify([deposit(1), deposit(2)])),
      record(unreadable, 'event', 1, '{"client_user_id":'),
      record(idless, 'batch', 2, JSON.stringify([withoutId])),
    ])
      await new Promise<void>((resolve, reject) => log.append(one, fault => (fault ? reject(fault) : resolve())))
    await log.close()
    await server.start()
    await server.drained()
  })
  after(() => server.close())

  const run = (...args: string[]) =>
    execFileSync(process.execPath, [cli, ...args, '--data-dir', server.dataDir, '--url', server.adminUrl], {
      encoding: 'utf8',
    })
  const replay = async (json: object) => {
    const { status, body } = await server.admin('/api/replay', { json })
    await server.drained()
    return { status, body }
  }
  const stored = async () =>
    (await server.events('&product=casino')).map(row => `${row.event_name} ${String(row['client_user_id'])}`).toSorted()
  const accounting = async () => ((await server.status()) as { accounting: Record<string, unknown> }).accounting

  it('is listed with why, and counted', async () => {
    const rows = JSON.parse(run('parked', 'list', '--product', 'casino', '--json')) as Record<string, unknown>[]
    assert.deepEqual(rows.map(row => `${String(row['request_id'])} ${String(row['reason'])}`).toSorted(), [
      `${miscounted} request_count`,
      `${unreadable} request_unreadable`,
      `${idless} request_count`,
    ])
    const { holds, accepted, parked } = await accounting()
    assert.deepEqual([holds, accepted, parked], [true, 6, 6])
  })

  it('is looked at in a dry run, which changes nothing', async () => {
    const dry = JSON.parse(run('replay', miscounted, '--dry-run', '--json')) as Record<string, unknown>
    assert.deepEqual([dry['accepted'], dry['rejected'], dry['request_id']], [2, 0, null])
    await server.drained()
    assert.deepEqual(await stored(), [])
    assert.equal((await accounting())['accepted'], 6)
  })

  it('counts once, sent by two at once and again', async () => {
    const both = await Promise.all([replay({ request: miscounted }), replay({ request: miscounted })])
    assert.deepEqual(
      both.map(({ status, body }) => [status, body['accepted']]),
      [
        [200, 2],
        [200, 2],
      ],
    )
    run('replay', miscounted)
    const idlessBoth = await Promise.all([replay({ request: idless }), replay({ request: idless })])
    assert.ok(idlessBoth.every(({ body }) => body['accepted'] === 1 && body['without_id'] === 1))
    assert.deepEqual(await stored(), ['deposit u1', 'deposit u2', 'login u3'])
    const { holds, duplicate, conflict } = await accounting()
    assert.deepEqual([holds, duplicate, conflict], [true, 5, 0])
  })

  it('that cannot be taken apart says so', async () => {
    const { status, body } = await replay({ request: unreadable })
    assert.equal(status, 409)
    assert.match(String(body['message']), /cannot be taken apart/)
  })
})
