// What reports keep ready is the same as what the events say: after kills between a table and its rollups, after a user was
// erased, a conflict was decided the other way, and events were processed again. `received_before` has a report made from
// the events themselves; without it the rollups answer.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Installation, until } from '../harness/installation.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
const reports = ['daily', 'hourly', 'summary', 'clicks', 'games', 'providers', 'funnel', 'funnel-clicks', 'late']
const startSeconds = 1_767_225_600

describe('the rollups of reports', () => {
  let server: Installation
  let key: string
  before(async () => {
    server = await Installation.open()
    key = await server.key('casino')
  })
  after(() => server.close())

  const place = () => ['--data-dir', server.dataDir, '--url', server.adminUrl]
  const run = (...args: string[]) => execFileSync(process.execPath, [cli, ...args, ...place()], { encoding: 'utf8' })

  /** Some days of sixty users: each with a click or none, bets with their results, settlements before and after their bets. */
  const events = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => {
      const n = from + i
      const name = ['register', 'login', 'deposit', 'withdraw', 'bet', 'bet', 'bet', 'win', 'loss', 'deposit'][n % 10]!
      const isMoney = n % 10 > 1
      const event: Record<string, unknown> = {
        client_user_id: `user-${(n * 7) % 60}`,
        event_name: name,
        timestamp: startSeconds + ((n * 7_919) % 400_000),
        ip_address: '203.0.113.1',
        message_id: `m${n}`,
        ...(n % 4 === 0 && { click_id: `click-${(n * 7) % 60}` }),
        ...(isMoney && { transaction_id: `t${n}`, amount: (n % 97) + 0.25, currency: ['USD', 'EUR'][n % 2] }),
      }
      if (name === 'bet')
        Object.assign(event, {
          game_type: ['slot', 'live', 'x'][n % 3],
          game_provider: `p${n % 3}`,
          ...(n % 2 === 0 && { bet_result: 'win', bet_result_amount: n % 50 }),
        })
      // A bet that came before, or comes in a later batch.
      if (name === 'win' || name === 'loss')
        event['parent_transaction_id'] = `t${n % 20 < 10 ? n - 3 : n + 500 - (n % 10) + 4}`
      return event
    })
  const send = async (list: object[]) => {
    assert.equal((await server.post('/v2/s2s/batch', key, JSON.stringify(list))).status, 200)
    await server.drained()
  }
  const rowsOf = async (name: string, more = '') => {
    const range = 'product=casino&from=2026-01-01&to=2026-01-08'
    const { status, body } = await server.admin(`/api/reports/${name}?${range}${more}`)
    assert.equal(status, 200, JSON.stringify(body))
    return body['rows'] as object[]
  }
  const rollSteps = async () =>
    ((await server.status())['stages'] as { pipeline: { rollSteps: number } }).pipeline.rollSteps
  const same = async (when: string) => {
    await until('the pipeline answers', async () => (await rollSteps()) >= 0)
    for (const name of reports) {
      const plain = await rowsOf(name, `&received_before=${Date.now()}`)
      assert.ok(plain.length > 0, name)
      assert.deepEqual(await rowsOf(name), plain, `${name}, ${when}`)
    }
  }

  it('are the same while events come in, step by step', async () => {
    for (let batch = 0; batch < 4; batch++) {
      await send(events(batch * 400, 400))
      await same(`after batch ${batch}`)
    }
    assert.ok((await rollSteps()) >= 4, 'reports ask for the steps that are missing')
  })

  it('are the same when the pipeline is killed before and after each part of a step', async () => {
    for (const [n, point] of [
      'prepare.after',
      'roll.before:3',
      'roll.after:4',
      'roll.after:5',
      'beginBuild.after',
    ].entries()) {
      await server.stop()
      await server.start({ DATAPULSE_TEST_CRASH_AT: `rolling.${point}` })
      await send(events(2_000 + n * 200, 200))
      if (point.startsWith('beginBuild')) run('users', 'erase', '--product', 'casino', '--user', 'user-9')
      await server.ready()
      await same(`killed at ${point}`)
    }
  })

  it('are the same after a user was erased, a conflict was decided, and events were processed again', async () => {
    run('users', 'erase', '--product', 'casino', '--user', 'user-7')
    await same('after an erasure')
    const [first] = events(2, 1) as [Record<string, unknown>]
    const later = { ...first, amount: 77 }
    const sent = await server.post('/v2/s2s/event', key, JSON.stringify(later))
    await server.drained()
    const before = await rowsOf('summary')
    run('duplicates', 'resolve', String(sent.body['request_id']), '--stands', 'later')
    assert.notDeepEqual(await rowsOf('summary'), before)
    await same('after a decision')
    run('reprocess', '--from', '1d', '--to', '2100-01-01T00:00:00Z')
    await same('after reprocessing')
    await send(events(4_000, 300))
    await same('and when more came')
  })
})
