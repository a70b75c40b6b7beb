// What the admin port tells of the system and of backups, over HTTP, with fake needs.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Fakes, makeFakes, startMs } from './fakes.ts'
import { openWeb, type Web } from './web.ts'

const token = 'a-token-for-tests-only'
const silent = { info() {}, warn() {}, error() {} }

describe('the system and its backups, over HTTP', () => {
  let web: Web
  let fakes: Fakes

  before(async () => {
    fakes = makeFakes()
    const own = { port: 0, host: '127.0.0.1', token, needs: fakes.needs, consoleDir: 'no-console-was-built' }
    web = await openWeb({ ...own, now: () => startMs, logger: silent })
  })
  after(() => web.close(0))

  const ask = async (path: string, body?: object) => {
    const reply = await fetch(`http://127.0.0.1:${web.port}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    })
    // biome-ignore lint/suspicious/noExplicitAny: replies are looked into field by field
    return { status: reply.status, body: (await reply.json()) as any }
  }

  it('lists backups, and begins to check one of them', async () => {
    const { backups, check } = (await ask('/api/backups')).body
    assert.deepEqual([backups[0].state, backups[0].checked_at, backups[0].problem], ['complete', null, null])
    assert.equal(backups[0].taken_at, new Date(startMs - 2_000).toISOString())
    assert.deepEqual([check.state, check.from, check.done, check.ended_at], ['checking', '/backups/1', 5, null])
    const begun = await ask('/api/backups/check', { from: '/backups/1/' })
    assert.deepEqual(
      [begun.status, begun.body, fakes.asked.at(-1)],
      [202, { state: 'checking' }, { from: '/backups/1' }],
    )
    const other = await ask('/api/backups/check', { from: '/none' })
    assert.deepEqual([other.status, other.body.code], [409, 'NOT_POSSIBLE'])
    assert.equal((await ask('/api/backups/check', { from: 'here' })).body.problems[0].name, 'from')
  })

  it('tells how the system is, with what needs attention', async () => {
    const { status, body } = await ask('/api/system')
    assert.equal(status, 200)
    assert.equal(body.verdict, 'good')
    assert.deepEqual(new Set(body.checks.map((check: { verdict: string }) => check.verdict)), new Set(['good']))
    assert.equal(body.parts[0].since, new Date(startMs - 3_600_000).toISOString())
    assert.deepEqual(body.reader, { offset: 3, events: 9, lag_events: 1, lag_seconds: 0.2 })
    assert.deepEqual(body.unknown_keys[0], {
      ...{ prefix: 'dp_live_ab', address: '203.0.113.9', requests: 4 },
      last_at: new Date(startMs).toISOString(),
    })
    assert.equal((await ask('/api/system?x=1')).status, 400)
  })

  it('says what it cannot know while the pipeline is away', async () => {
    const { needs, system } = fakes
    const { listBackups } = needs
    Object.assign(system, { reader: null, rollups: null })
    needs.listBackups = async () => 'away'
    const { body } = await ask('/api/system')
    const unknown = body.checks.filter((check: { verdict: string }) => check.verdict === 'unknown')
    assert.deepEqual(
      unknown.map(({ check }: { check: string }) => check),
      ['processing', 'rollups', 'backup'],
    )
    assert.deepEqual([body.verdict, body.reader, body.rollups], ['unknown', null, null])
    needs.listBackups = listBackups
  })
})
