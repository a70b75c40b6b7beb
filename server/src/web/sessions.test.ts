// Sessions and viewers as a browser and a hostile page meet them, over HTTP: what a cookie opens, for whom, from where, and
// until when; and that nothing that changes or tells a secret is open to a viewer.

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { limits } from '../limits.ts'
import { type Fakes, makeFakes, startMs } from './fakes.ts'
import { adminRoutes } from './routes.ts'
import { openWeb, type Web } from './web.ts'

const token = 'a-token-for-tests-only'
const silent = { info() {}, warn() {}, error() {} }

type Headers = Record<string, string>
// biome-ignore lint/suspicious/noExplicitAny: replies are looked into field by field
type Reply = { status: number; body: any; cookie: string | undefined; retryAfter: string | undefined }

describe('sessions', () => {
  let web: Web
  let fakes: Fakes
  let nowMs = startMs
  before(async () => {
    fakes = makeFakes(3, () => nowMs)
    web = await openWeb({ port: 0, host: '127.0.0.1', token, needs: fakes.needs, now: () => nowMs, logger: silent })
  })
  after(() => web.close(0))

  const own = () => ({ host: `127.0.0.1:${web.port}`, origin: `http://127.0.0.1:${web.port}` })
  const reading = (): Headers => ({ host: `127.0.0.1:${web.port}`, 'sec-fetch-site': 'same-origin' })
  const call = (method: string, path: string, headers: Headers, body?: object): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const sent = request({ port: web.port, host: '127.0.0.1', method, path, headers }, reply => {
        const chunks: Buffer[] = []
        reply.on('data', chunk => chunks.push(chunk))
        reply.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const [cookie, retryAfter] = [reply.headers['set-cookie']?.[0], reply.headers['retry-after']]
          resolve({ status: reply.statusCode ?? 0, body: text === '' ? null : JSON.parse(text), cookie, retryAfter })
        })
      })
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
  const signIn = async (sent = token, more: object = {}) => {
    const reply = await call('POST', '/api/session', own(), { token: sent, ...more })
    assert.equal(reply.status, 201, JSON.stringify(reply.body))
    return { ...reply, headers: { cookie: reply.cookie!.split(';')[0]! } }
  }
  const asAdmin = { authorization: `Bearer ${token}` }

  it('begin with the token, in a cookie out of the reach of scripts, and never hold the token', async () => {
    const { cookie, body, headers } = await signIn(token, { name: '王小明' })
    const [pair, ...attributes] = cookie!.split('; ')
    assert.match(pair!, new RegExp(`^datapulse-session-${web.port}=`), 'two servers of one host have two cookies')
    assert.deepEqual(
      attributes.toSorted(),
      [`Max-Age=${limits.sessionMsMax / 1_000}`, 'Path=/', 'HttpOnly', 'SameSite=Strict'].toSorted(),
    )
    assert.ok(!cookie!.includes(token) && !JSON.stringify(body).includes(pair!.split('=')[1]!))
    assert.deepEqual([body.role, body.session.name], ['admin', '王小明'])

    assert.equal((await call('GET', '/api/products', { ...reading(), ...headers })).status, 200)
    const told = await call('GET', '/api/session', { ...reading(), ...headers })
    assert.equal(told.body.session.id, body.session.id)
    const made = await call('POST', '/api/products', { ...own(), ...headers }, { id: 'made-here' })
    assert.equal(made.status, 201)
    const act = fakes.audited.acts.at(-1)!
    assert.deepEqual([act.act, act.way, act.actor], ['product.create', 'session', '王小明'])
    const opened = fakes.audited.acts.find(one => one.act === 'session.open')!
    assert.deepEqual([opened.target, opened.actor, opened.values], [body.session.id, '王小明', { role: 'admin' }])
    assert.ok(!JSON.stringify(fakes.audited).includes(token))
  })

  it('keep to HTTPS where the page came over it', async () => {
    const host = `127.0.0.1:${web.port}`
    const { cookie } = await call('POST', '/api/session', { host, origin: `https://${host}` }, { token })
    assert.match(cookie!, /^__Host-datapulse-session-\d+=.*; Secure/)
    const reply = await call('GET', '/api/products', { ...reading(), cookie: cookie!.split(';')[0]! })
    assert.equal(reply.status, 200)
  })

  it('tell nobody nothing, without a refusal, when asked whether there is one', async () => {
    const attempts = fakes.audited.attempts.length
    const { status, body } = await call('GET', '/api/session', reading())
    assert.deepEqual([status, body], [200, { role: null, session: null }])
    assert.equal(fakes.audited.attempts.length, attempts)
  })

  it('are of no use to a page of another place', async () => {
    const { headers } = await signIn()
    const { host } = own()
    const port = web.port
    const body = { id: 'forged' }
    for (const foreign of [
      { host, origin: 'http://evil.example' },
      { host, origin: 'null' },
      { host, origin: `http://127.0.0.1:${port + 1}` },
      { host, origin: `http://localhost:${port}` },
      { host, origin: `http://${host}/` },
      { host, origin: `http://${host}.evil.example` },
      { host, origin: `http://${host}`, 'sec-fetch-site': 'same-site' },
      { host },
      { host, 'sec-fetch-site': 'same-origin' },
      { host, 'x-requested-with': 'datapulse-console' },
    ]) {
      const reply = await call('POST', '/api/products', { ...headers, ...foreign }, body)
      assert.deepEqual([reply.status, reply.body.code], [403, 'WRONG_ORIGIN'], JSON.stringify(foreign))
    }
    for (const foreign of [
      { host },
      { host, 'sec-fetch-site': 'cross-site' },
      { host, 'sec-fetch-site': 'none' },
      { host, origin: 'http://evil.example', 'x-requested-with': 'datapulse-console' },
    ])
      assert.equal((await call('GET', '/api/keys', { ...headers, ...foreign })).status, 403, JSON.stringify(foreign))
    assert.equal(
      (await call('GET', '/api/keys', { ...headers, host, 'x-requested-with': 'datapulse-console' })).status,
      200,
    )
    // Nobody is signed in from elsewhere either.
    assert.equal((await call('POST', '/api/session', { host, origin: 'http://evil.example' }, { token })).status, 403)
    assert.equal((await call('POST', '/api/session', { host }, { token })).status, 403)
    assert.equal(fakes.audited.attempts.at(-1)?.code, 'WRONG_ORIGIN')
    assert.ok(!fakes.needs.accounts.listProducts().some(({ id }) => id === 'forged'))
  })

  it('are of no use under a name that was pointed here', async () => {
    const { headers } = await signIn()
    const host = `rebound.example:${web.port}`
    const reply = await call('GET', '/api/keys', { ...headers, host, origin: `http://${host}` })
    assert.deepEqual([reply.status, reply.body.code], [421, 'WRONG_HOST'])
    // On another address than loopback's every name is answered to, but by a token only.
    const open = await openWeb({
      port: 0,
      host: '0.0.0.0',
      token,
      needs: fakes.needs,
      now: () => nowMs,
      logger: silent,
    })
    const at = (name: string) =>
      new Promise<number>(resolve => {
        const sent = request(
          {
            port: open.port,
            host: '127.0.0.1',
            method: 'POST',
            path: '/api/session',
            headers: { host: name, origin: `http://${name}` },
          },
          answer => {
            answer.resume()
            resolve(answer.statusCode ?? 0)
          },
        )
        sent.end(JSON.stringify({ token }))
      })
    assert.equal(await at('rebound.example'), 421)
    assert.equal(await at(`127.0.0.1:${open.port}`), 201)
    await open.close(0)
  })

  it('that are forged, changed, ended or over open nothing', async () => {
    nowMs += 60_000
    const { headers, body } = await signIn()
    const [name, secret] = headers.cookie.split('=') as [string, string]
    const statusOf = async (cookie: string) => (await call('GET', '/api/keys', { ...reading(), cookie })).status
    assert.equal(await statusOf(headers.cookie), 200)
    for (const forged of ['', 'x', token, body.session.id, `${secret}x`, secret.slice(1), 'é', 'x'.repeat(5_000)])
      assert.equal(await statusOf(`${name}=${encodeURIComponent(forged)}`), 401, forged)
    assert.equal(await statusOf(`datapulse-session=${secret}`), 401, 'of another port')

    const out = await call('DELETE', '/api/session', { ...own(), ...headers })
    assert.deepEqual([out.status, out.body], [200, { role: null, session: null }])
    assert.match(out.cookie!, /Max-Age=0/)
    assert.equal(await statusOf(headers.cookie), 401, 'kept and sent again')
    const asked = await call('GET', '/api/session', { ...reading(), ...headers })
    assert.deepEqual([asked.body.session, /Max-Age=0/.test(asked.cookie!)], [null, true])
    assert.equal((await call('DELETE', '/api/session', asAdmin)).body.code, 'NOT_POSSIBLE')

    const later = await signIn()
    nowMs += limits.sessionMsMax + 1
    assert.equal(await statusOf(later.headers.cookie), 401)
  })

  it('end when no person did anything for long, whatever a page that is left open asks', async () => {
    const left = await signIn()
    const used = await signIn()
    const changed = await signIn()
    const step = limits.sessionIdleMsMax / 4
    for (let n = 0; n < 6; n++) {
      nowMs += step
      await call('GET', '/api/keys', { ...reading(), ...left.headers })
      await call('HEAD', '/api/keys', { ...reading(), ...left.headers, 'x-attended': 'false' })
      await call('GET', '/api/keys', { ...reading(), ...used.headers, 'x-attended': 'true' })
      await call('POST', '/api/keys', { ...own(), ...changed.headers }, {})
    }
    const statusOf = async ({ headers }: { headers: Headers }) =>
      (await call('GET', '/api/keys', { ...reading(), ...headers })).status
    assert.deepEqual([await statusOf(left), await statusOf(used), await statusOf(changed)], [401, 200, 200])
    // What another page sends in its name counts for nothing.
    const forged = { ...used.headers, 'x-attended': 'true', host: own().host, origin: 'http://evil.example' }
    for (let n = 0; n < 5; n++) {
      nowMs += step
      assert.equal((await call('GET', '/api/keys', forged)).status, 403)
    }
    assert.equal(await statusOf(used), 401)
  })

  it('are listed and ended by an admin', async () => {
    const mine = await signIn(token, { name: 'mine' })
    const theirs = await signIn(token, { name: 'theirs' })
    const listed = await call('GET', '/api/sessions', { ...reading(), ...mine.headers })
    assert.deepEqual(
      listed.body.sessions.map(({ name }: { name: string }) => name),
      ['mine', 'theirs'],
    )
    assert.ok(!/hash|madeFrom|secret/.test(JSON.stringify(listed.body)))
    const path = `/api/sessions/${theirs.body.session.id}`
    assert.equal((await call('DELETE', path, { ...own(), ...mine.headers })).body.name, 'theirs')
    assert.equal((await call('GET', '/api/keys', { ...reading(), ...theirs.headers })).status, 401)
    assert.equal((await call('DELETE', path, asAdmin)).status, 404)
  })

  it('are held back when too many wrong tokens or secrets come from one address, the right one never', async () => {
    nowMs += 60_000
    const acts = fakes.audited.acts.length
    const codes: string[] = []
    for (let n = 0; n <= limits.adminBadTokensPerMinuteMax; n++) {
      const { body } = await call('POST', '/api/session', own(), { token: `wrong-${n}` })
      codes.push(body.code)
    }
    assert.deepEqual(new Set(codes.slice(0, -1)), new Set(['UNAUTHORIZED']))
    assert.equal(codes.at(-1), 'TOO_MANY_FAILURES')
    const cookie = `datapulse-session-${web.port}=forged`
    const held = await call('GET', '/api/session', { ...reading(), cookie })
    assert.deepEqual([held.status, Number(held.retryAfter) > 0], [429, true])
    assert.equal(fakes.audited.acts.length, acts, 'a flood of them is in the attempts, which are bounded')
    assert.ok(!JSON.stringify(fakes.audited).includes('wrong-'))
    await signIn()
    nowMs += 60_000
    for (const sent of [7, null, ['x'], { a: 1 }, '', ' ', 'a b', 'x'.repeat(600)])
      assert.equal((await call('POST', '/api/session', own(), { token: sent })).status, 401, JSON.stringify(sent))
  })

  describe('of viewers', () => {
    const routes = adminRoutes(makeFakes().needs, 10)
    const pathOf = ({ path }: { path: string }) => path.replace(':id', 'key_1')
    let viewer: { id: string; token: string }
    before(async () => {
      nowMs += 60_000
      viewer = (await call('POST', '/api/viewers', asAdmin, { name: 'Support' })).body
      await call('POST', '/api/keys', asAdmin, { product: 'demo' })
    })

    it('are made with a token that is told once', async () => {
      assert.match(viewer.token, /^dpv_/)
      const listed = await call('GET', '/api/viewers', asAdmin)
      assert.deepEqual(Object.keys(listed.body.viewers[0]), ['id', 'name', 'created_at', 'removed_at'])
      assert.ok(!JSON.stringify(fakes.audited).includes(viewer.token))
      assert.equal((await call('POST', '/api/viewers', asAdmin, {})).body.problems[0].name, 'name')
      assert.equal((await call('POST', '/api/viewers', asAdmin, { name: 'full' })).status, 409)
    })

    it('change nothing and see no secret, on any route with any method, by token or session', async () => {
      const bySession = async () => (await signIn(viewer.token, { name: 'somebody else' })).headers
      const forAdmins = new Set(['/api/sessions', '/api/viewers'])
      for (const enter of [() => ({ authorization: `Bearer ${viewer.token}` }), bySession]) {
        const way = await enter()
        for (const path of new Set(routes.map(pathOf)))
          for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
            if (path === '/api/session' || path === '/api/try/dry-run') continue
            nowMs += 60_000
            const acts = fakes.audited.acts.length
            const { status, body } = await call(
              method,
              path,
              { ...own(), ...way, 'x-attended': 'true' },
              method.startsWith('P') ? {} : undefined,
            )
            const known = routes.some(route => pathOf(route) === path && route.method === method)
            const reads = method === 'GET' || method === 'HEAD'
            if (!reads)
              assert.deepEqual(
                [status, body.code],
                known ? [403, 'READ_ONLY'] : [405, 'METHOD_NOT_ALLOWED'],
                `${method} ${path}`,
              )
            else if (forAdmins.has(path)) assert.equal(status, 403, path)
            else assert.ok(status !== 401 && status !== 403, `${method} ${path}: ${status}`)
            assert.ok(!/secret|dpv_/.test(JSON.stringify(body)), `${method} ${path}`)
            assert.equal(fakes.audited.acts.length, acts, `${method} ${path}`)
          }
      }
      assert.equal(fakes.audited.attempts.at(-1)?.code, 'READ_ONLY')
      assert.equal(fakes.keys.filter(({ revokedMs }) => revokedMs !== null).length, 0)
    })

    it('sign out by themselves, and have the name that they were made with', async () => {
      const { headers, body } = await signIn(viewer.token, { name: 'somebody else' })
      assert.deepEqual([body.role, body.session.name], ['viewer', 'Support'])
      assert.equal((await call('DELETE', '/api/session', { ...own(), ...headers })).status, 200)
      const act = fakes.audited.acts.at(-1)!
      assert.deepEqual([act.act, act.actor, act.target], ['session.close', 'Support', body.session.id])
    })

    it('end when the viewer is removed', async () => {
      const { headers } = await signIn(viewer.token)
      assert.equal((await call('DELETE', `/api/viewers/${viewer.id}`, asAdmin)).status, 200)
      assert.equal((await call('GET', '/api/keys', { ...reading(), ...headers })).status, 401)
      assert.equal((await call('GET', '/api/keys', { authorization: `Bearer ${viewer.token}` })).status, 401)
      assert.equal((await call('POST', '/api/session', own(), { token: viewer.token })).status, 401)
      assert.equal((await call('DELETE', '/api/viewers/none', asAdmin)).status, 404)
    })
  })
})
