// Every route that changes something is an act with a name; it is recorded before it is done and before it is answered,
// whatever becomes of it, and nothing secret is in the record. Attempts with a wrong token are recorded, within bounds.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { limits } from '../limits.ts'
import { type Fakes, makeFakes, startMs } from './fakes.ts'
import { adminRoutes } from './routes.ts'
import { openWeb, type Web } from './web.ts'

const token = 'a-token-for-tests-only'
const silent = { info() {}, warn() {}, error() {} }
const nobody = { caller: null, adminTokenHash: '' }
const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/admin-api.md'), 'utf8')

it('every route that is not a GET is an act with a name of its own that the page tells', () => {
  const routes = adminRoutes(makeFakes().needs, 10).flatMap(route => (route.method === 'GET' ? [] : [route]))
  assert.deepEqual(
    routes.flatMap(({ path, act }) => (act === null ? [path] : [])),
    ['/api/try/dry-run'],
  )
  const acts = routes.flatMap(({ act, ...route }) => (act === null ? [] : [{ ...route, act }]))
  assert.ok(acts.length >= 7)
  for (const { method, path, act } of acts) {
    assert.match(act?.name ?? '', /^[a-z-]+\.[a-z]+$/, `${method} ${path} has no act`)
    assert.ok(page.includes(`\`${act.name}\``), `the page does not tell of ${act.name}`)
  }
  assert.equal(new Set(acts.map(({ act }) => act.name)).size, acts.length)
})

it('what an act records can be read from any body', () => {
  for (const route of adminRoutes(makeFakes().needs, 10)) {
    if (route.method === 'GET' || route.act === null) continue
    for (const body of [{}, { product: 7, id: {}, month: [], request: true, rates: 'x' }])
      assert.equal(typeof route.act.on({ query: new URLSearchParams(), id: 'x', body, now: 0, ...nobody }), 'object')
  }
})

describe('acts over HTTP', () => {
  let web: Web
  let fakes: Fakes
  let nowMs = startMs
  const open = async () => {
    fakes = makeFakes()
    web = await openWeb({ port: 0, host: '127.0.0.1', token, needs: fakes.needs, now: () => nowMs, logger: silent })
  }
  before(open)
  after(() => web.close(0))
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const reply = await fetch(`http://127.0.0.1:${web.port}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    // biome-ignore lint/suspicious/noExplicitAny: replies are looked into field by field
    return { status: reply.status, body: (await reply.json()) as any }
  }
  const lastAct = () => fakes.audited.acts.at(-1)!

  it('records who, when, what, on what, and how it ended', async () => {
    const made = await ask('POST', '/api/keys', { product: 'shop', name: 'main' }, { 'x-actor': 'Ada L.' })
    const { values, ...rest } = lastAct()
    assert.deepEqual(rest, {
      seq: 1,
      startedMs: startMs,
      endedMs: startMs,
      act: 'key.create',
      outcome: 'done',
      code: null,
      product: 'shop',
      target: made.body.id,
      actor: 'Ada L.',
      way: 'token',
      address: '127.0.0.1',
      hash: 'f',
    })
    assert.deepEqual([values['name'], values['rate_limit']], ['main', 60])
    assert.ok(!JSON.stringify(fakes.audited).includes(made.body.key))

    await ask('PATCH', `/api/keys/${made.body.id}`, { rate_limit: 5, expires_at: '30d' })
    assert.deepEqual(lastAct().values, {
      rate_limit: 5,
      expires_at: '30d',
      was: { rate_limit: 60, expires_at: null },
    })
    assert.deepEqual([lastAct().actor, lastAct().product], [null, 'shop'])
    await ask('DELETE', `/api/keys/${made.body.id}`)
    assert.deepEqual([lastAct().act, lastAct().target, lastAct().outcome], ['key.revoke', made.body.id, 'done'])
    await ask('POST', '/api/replay', { request: '01900000-0000-7000-8000-000000000001', dry_run: true })
    assert.deepEqual([lastAct().act, lastAct().values], ['replay.send', { dry_run: true, accepted: 1 }])
    await ask('POST', '/api/rates', { month: '2026-06' })
    assert.deepEqual([lastAct().target, lastAct().values['currencies']], ['2026-06', 1])
  })

  it('is recorded before it is done', async () => {
    const { createProduct } = fakes.needs.accounts
    const seen: unknown[] = []
    fakes.needs.accounts.createProduct = id => {
      seen.push(lastAct().act, lastAct().target, lastAct().outcome)
      return createProduct(id)
    }
    await ask('POST', '/api/products', { id: 'early' })
    fakes.needs.accounts.createProduct = createProduct
    assert.deepEqual([...seen, lastAct().outcome], ['product.create', 'early', 'begun', 'done'])
  })

  it('records what was refused and what failed, with the code', async () => {
    await ask('POST', '/api/products', { id: 'Not A Product' })
    assert.deepEqual([lastAct().outcome, lastAct().code], ['refused', 'BAD_PARAMETERS'])
    await ask('DELETE', '/api/keys/none')
    assert.deepEqual([lastAct().outcome, lastAct().code, lastAct().target], ['refused', 'NOT_FOUND', 'none'])
    await ask('POST', '/api/reprocess', { from: startMs, to: startMs + 1 })
    assert.deepEqual([lastAct().outcome, lastAct().code], ['failed', 'PIPELINE_AWAY'])
    const { createProduct } = fakes.needs.accounts
    fakes.needs.accounts.createProduct = async () => {
      throw new Error('a disk')
    }
    await ask('POST', '/api/products', { id: 'broken' })
    fakes.needs.accounts.createProduct = createProduct
    assert.deepEqual([lastAct().outcome, lastAct().code], ['failed', 'INTERNAL'])
  })

  it('does nothing that it cannot record, and answers the truth where only the end cannot be recorded', async () => {
    const { begin } = fakes.needs.audit
    fakes.needs.audit.begin = () => {
      throw new Error('disk full')
    }
    const refused = await ask('POST', '/api/products', { id: 'unrecorded' })
    assert.deepEqual([refused.status, refused.body.code], [503, 'AUDIT_AWAY'])
    assert.equal((await ask('GET', '/api/products/unrecorded')).status, 404)
    fakes.needs.audit.begin = intent => {
      begin(intent)
      return () => {
        throw new Error('disk full')
      }
    }
    assert.equal((await ask('POST', '/api/products', { id: 'half-recorded' })).status, 201)
    fakes.needs.audit.begin = begin
    assert.deepEqual([lastAct().target, lastAct().outcome], ['half-recorded', 'begun'])
    assert.equal(web.status().auditFaults, 2)
  })

  it('takes a printable actor of bounded length only', async () => {
    const count = fakes.audited.acts.length
    for (const actor of ['é'.repeat(3), 'x'.repeat(101)]) {
      const { status, body } = await ask('POST', '/api/products', { id: 'named' }, { 'x-actor': actor })
      assert.deepEqual([status, body.problems[0].name], [400, 'X-Actor'])
    }
    assert.equal(fakes.audited.acts.length, count)
    assert.equal((await ask('GET', '/api/products/named')).status, 404)
  })

  it('asking is no act', async () => {
    const count = fakes.audited.acts.length
    await ask('GET', '/api/keys')
    await ask('GET', '/api/audit')
    assert.equal(fakes.audited.acts.length, count)
  })

  it('lists acts in pages, and says whether they are whole', async () => {
    const all = await ask('GET', '/api/audit?limit=1000')
    assert.equal(all.body.next, null)
    assert.equal(all.body.audit.length, fakes.audited.acts.length)
    const seqs: number[] = []
    for (let cursor = ''; ; ) {
      const { body } = await ask('GET', `/api/audit?limit=3${cursor}`)
      seqs.push(...body.audit.map(({ seq }: { seq: number }) => seq))
      if (body.next === null) break
      cursor = `&cursor=${body.next}`
    }
    assert.deepEqual(
      seqs,
      all.body.audit.map(({ seq }: { seq: number }) => seq),
    )
    assert.equal((await ask('GET', '/api/audit?act=key.revoke')).body.audit.length, 2)
    assert.equal((await ask('GET', '/api/audit?cursor=x')).body.problems[0].name, 'cursor')
    assert.equal((await ask('GET', '/api/audit?since=1h&until=2h')).status, 400)
    assert.equal((await ask('GET', '/api/audit/verify')).body.ok, true)
    assert.equal((await ask('GET', `/api/audit/verify?known=9999:${'f'.repeat(64)}`)).body.ok, false)
    assert.equal((await ask('GET', '/api/audit/verify?known=1')).body.problems[0].name, 'known')
  })

  it('records a flood of wrong tokens in a few entries a minute, and never the token', async () => {
    nowMs += 60_000
    const wrong = { authorization: 'Bearer the-wrong-token' }
    const sent = limits.auditAttemptsPerMinuteMax + 15
    for (let n = 0; n < sent; n++) await ask('DELETE', `/api/keys/k${n}`, undefined, wrong)
    const { attempts } = fakes.audited
    assert.equal(attempts.length, limits.auditAttemptsPerMinuteMax)
    nowMs += 60_000
    await ask('GET', '/api/status', undefined, wrong)
    assert.deepEqual(attempts.at(-2)?.values, { attempts: 15 })
    assert.deepEqual(attempts.at(-1)?.values, { method: 'GET', path: '/api/status' })
    assert.equal(attempts.at(-1)?.address, '127.0.0.1')
    assert.equal(web.status().badTokens, sent + 1)
    assert.ok(!JSON.stringify(attempts).includes('the-wrong-token'))
    assert.equal((await ask('GET', '/api/audit?attempts=true&limit=1')).body.audit[0].act, 'admin.attempt')
  })

  it('writes the last count when it is closed', async () => {
    nowMs += 60_000
    for (let n = 0; n < limits.auditAttemptsPerMinuteMax + 2; n++)
      await ask('GET', '/api/keys', undefined, { authorization: '' })
    await web.close(0)
    assert.deepEqual(fakes.audited.attempts.at(-1)?.values, { attempts: 2 })
    await open()
  })
})
