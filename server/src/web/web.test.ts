// The admin port as its callers see it, over HTTP, with fake needs.

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { limits } from '../limits.ts'
import { away, type Fakes, makeFakes, startMs } from './fakes.ts'
import { hashToken } from './guard.ts'
import { openWeb, type Web } from './web.ts'

const token = 'a-token-for-tests-only'
const json = { 'content-type': 'application/json' }
const silent = { info() {}, warn() {}, error() {} }

describe('the admin port', () => {
  let web: Web
  let fakes: Fakes
  let at: string
  let nowMs = startMs

  before(async () => {
    fakes = makeFakes()
    const { needs } = fakes
    const consoleDir = 'no-console-was-built'
    web = await openWeb({ port: 0, host: '127.0.0.1', token, needs, consoleDir, now: () => nowMs, logger: silent })
    at = `http://127.0.0.1:${web.port}`
  })
  after(() => web.close(0))

  const ask = async (path: string, init: { method?: string; body?: string; headers?: Record<string, string> } = {}) => {
    const reply = await fetch(at + path, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...json, ...init.headers },
    })
    // biome-ignore lint/suspicious/noExplicitAny: replies are looked into field by field
    return { status: reply.status, headers: reply.headers, body: (await reply.json()) as any }
  }
  const post = (path: string, body: unknown) => ask(path, { method: 'POST', body: JSON.stringify(body) })
  const refusalOf = async (path: string) => {
    const { status, body } = await ask(path)
    return [status, body.message]
  }

  it('shows a page and metrics without a token', async () => {
    const page = await fetch(`${at}/`)
    assert.equal(page.status, 200)
    const text = await page.text()
    assert.match(text, /datapulse events list/)
    // npx would take the flag for itself.
    assert.doesNotMatch(text, /npx --no datapulse --help/)
    assert.match(text, /^npx --no datapulse help/m)
    const metrics = await fetch(`${at}/metrics`)
    assert.equal(await metrics.text(), 'datapulse_accepted_events_total 10\n')
    assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain/)
  })

  it('answers 401 without the token, on every path of the API', async () => {
    for (const path of ['/api/products', '/api/events?limit=x', '/api/keys/k1', '/api/nothing', '/api/status']) {
      for (const authorization of ['', 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`]) {
        const { status, body, headers } = await ask(path, { headers: { authorization } })
        assert.equal(status, 401)
        assert.equal(body.code, 'UNAUTHORIZED')
        assert.match(headers.get('www-authenticate') ?? '', /Bearer/)
      }
    }
    assert.equal((await ask('/api/products', { headers: { authorization: `bearer ${token}` } })).status, 200)
  })

  it('tells an unknown path from a wrong method', async () => {
    assert.equal((await ask('/api/nothing')).body.code, 'NOT_FOUND')
    assert.equal((await ask('/nothing')).status, 404)
    const { status, headers, body } = await ask('/api/events', { method: 'PATCH' })
    assert.equal(status, 405)
    assert.equal(headers.get('allow'), 'GET, HEAD')
    assert.equal(body.code, 'METHOD_NOT_ALLOWED')
  })

  it('answers only to its own names', async () => {
    assert.equal(await statusFor(web.port, 'rebound.example:8081'), 421)
    assert.equal(await statusFor(web.port, 'localhost.example'), 421)
    for (const host of ['localhost', `localhost:${web.port}`, '127.0.0.1', '[::1]:8081', 'LOCALHOST.']) {
      assert.equal(await statusFor(web.port, host), 200, host)
    }
  })

  it('makes, shows and revokes a key; the secret is in one reply only', async () => {
    const made = await post('/api/keys', {
      product: 'shop',
      name: 'main',
      mode: 'test',
      rate_limit: 120,
      expires_at: '30d',
      scopes: ['ingest', 'read'],
    })
    assert.equal(made.status, 201)
    assert.deepEqual(Object.keys(made.body).slice(0, 3), ['id', 'key', 'product'])
    assert.equal(made.body.expires_at, new Date(startMs + 30 * 86_400_000).toISOString())
    assert.equal(made.body.state, 'active')
    const secret = made.body.key as string

    const listed = await ask('/api/keys?product=shop')
    assert.equal(listed.body.keys.length, 1)
    const one = await ask(`/api/keys/${made.body.id}`)
    const shown = JSON.stringify([listed.body, one.body])
    assert.ok(!shown.includes(secret) && !shown.includes('secret-hash'))

    const revoked = await ask(`/api/keys/${made.body.id}`, { method: 'DELETE' })
    assert.equal(revoked.body.state, 'revoked')
    assert.deepEqual((await ask(`/api/keys/${made.body.id}`, { method: 'DELETE' })).body, revoked.body)
    assert.equal((await ask('/api/keys/k999', { method: 'DELETE' })).status, 404)
  })

  it('makes a product once', async () => {
    assert.equal((await post('/api/products', { id: 'casino-1' })).status, 201)
    const again = await post('/api/products', { id: 'casino-1' })
    assert.equal(again.status, 200)
    assert.equal(again.body.id, 'casino-1')
    assert.equal((await ask('/api/products/casino-1')).body.id, 'casino-1')
    assert.equal((await ask('/api/products/none')).status, 404)
    assert.equal((await post('/api/products', { id: 'full' })).body.code, 'NOT_POSSIBLE')
  })

  it('lists events as flat objects, the sent text only on request, page after page', async () => {
    const first = await ask('/api/events?limit=2')
    assert.equal(first.body.events.length, 2)
    const event = first.body.events[0]
    assert.equal(event.transaction_id, 'tx_0')
    assert.equal(event.amount, '50')
    assert.equal(event.click_id, null)
    assert.deepEqual(event.flags, ['future_skew', 'sign_mismatch'])
    assert.deepEqual(first.body.events[1].flags, [])
    assert.ok(!('raw' in event))
    for (const value of Object.values(event))
      assert.ok(value === null || typeof value !== 'object' || Array.isArray(value))
    const second = await ask(`/api/events?limit=2&raw&cursor=${first.body.next}`)
    assert.equal(second.body.events.length, 1)
    assert.equal(second.body.events[0].raw, '{"event_name":"deposit"}')
    assert.equal(second.body.next, null)
  })

  it('gives new events behind a place, and says where to go on', async () => {
    const end = await ask('/api/events/new')
    assert.deepEqual([end.body.events, end.body.more], [[], false])
    const { body } = await ask('/api/events/new?last=2&product=demo&limit=1')
    assert.equal(body.events.length, 1)
    assert.equal(body.more, true)
    const next = await ask(`/api/events/new?product=demo&after=${body.after}&raw`)
    assert.equal(next.body.events.length, 1)
    assert.equal((fakes.asked.at(-1) as { raw: boolean }).raw, true)
    assert.equal((await ask(`/api/events/new?product=demo&after=${next.body.after}`)).body.events.length, 0)
    assert.deepEqual((await ask('/api/events/new?after=tampered')).body.problems, [
      { name: 'after', message: 'after must be what an earlier answer to the same question gave: got tampered' },
    ])
    assert.equal((await ask('/api/events/new?since=1h')).status, 400)
  })

  it('hands every filter on', async () => {
    fakes.asked.length = 0
    const request = '01900000-0000-7000-8000-000000000001'
    const query = `product=demo&user=u&event=deposit&transaction=t&click=c&message=m&request=${request}&mode=live&since=1h&until=1772366400`
    assert.equal((await ask(`/api/events?${query}`)).status, 200)
    assert.deepEqual(fakes.asked[0], {
      product: 'demo',
      mode: 'live',
      user: 'u',
      event: 'deposit',
      transaction: 't',
      click: 'c',
      message: 'm',
      request,
      sinceMs: startMs - 3_600_000,
      untilMs: 1_772_366_400_000,
      limit: 50,
      raw: false,
    })
  })

  it('names everything that is wrong with a question at once', async () => {
    const { status, body } = await ask('/api/events?limit=0&since=yesterday&mode=both&usr=x&product=A&event=a&event=b')
    assert.equal(status, 400)
    assert.equal(body.code, 'BAD_PARAMETERS')
    const names = body.problems.map((problem: { name: string }) => problem.name)
    assert.deepEqual(names.toSorted(), ['event', 'limit', 'mode', 'product', 'since', 'usr'])
    assert.match(body.problems.find((one: { name: string }) => one.name === 'limit').message, /from 1 to 1000/)
    assert.match(body.problems.find((one: { name: string }) => one.name === 'usr').message, /not known/)
    assert.equal((await ask('/api/events?since=1h&until=2h')).status, 400)
    assert.equal((await ask('/api/status?x=1')).status, 400)
    assert.deepEqual((await ask('/api/events?cursor=tampered')).body.problems, [
      { name: 'cursor', message: 'cursor must be what an earlier page gave as next: got tampered' },
    ])
    assert.equal((await ask('/api/events?request=7')).body.problems[0].name, 'request')
  })

  it('says that it is a control character when it is', async () => {
    const wrong = async (name: string) =>
      (await post('/api/keys', { product: 'shop', name })).body.problems?.[0]?.message
    for (const name of ['a\0b', 'a\nb', 'a\u202eb'])
      assert.match(await wrong(name), /^name must be text without control characters: got /, JSON.stringify(name))
    assert.match(await wrong('x'.repeat(101)), /^name must be text of 1 to 100 characters/)
    assert.match(await wrong(' \n '), /^name must be text of 1 to 100 characters/)
    const { body } = await ask('/api/events?user=a%00b')
    assert.match(body.problems[0].message, /^user must be text without NUL characters/)
  })

  it('names everything that is wrong with a key', async () => {
    const { status, body } = await post('/api/keys', { name: 7, rate_limit: 0, scopes: ['all'], color: 'red' })
    assert.equal(status, 400)
    const names = body.problems.map((problem: { name: string }) => problem.name)
    assert.deepEqual(names.toSorted(), ['color', 'name', 'product', 'rate_limit', 'scopes'])
    assert.equal((await post('/api/keys', {})).body.problems[0].name, 'product')
    assert.equal(
      (await post('/api/keys', { product: 'a', expires_at: '2020-01-01' })).body.problems[0].name,
      'expires_at',
    )
  })

  it('refuses bodies that are too large, not JSON, or of another type', async () => {
    assert.equal((await post('/api/products', { id: 'x'.repeat(70_000) })).status, 413)
    assert.equal((await ask('/api/products', { method: 'POST', body: '{' })).body.code, 'BAD_BODY')
    assert.equal((await ask('/api/products', { method: 'POST', body: '[]' })).body.code, 'BAD_BODY')
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    assert.equal((await ask('/api/products', { method: 'POST', body: 'id=a', headers: form })).status, 415)
  })

  it('takes a body with each field once, as a query each parameter, and says which is there again', async () => {
    const twice = '{"id":"a-1","\\u0069d":"a-2","list":[{"n":1},{"n":1,"x":{"n":{},"n":2},"n":3,"n":[]}]}'
    const { status, body } = await ask('/api/products', { method: 'POST', body: twice })
    assert.deepEqual([status, body.code], [400, 'BAD_PARAMETERS'])
    assert.deepEqual(
      body.problems.map(({ message }: { message: string }) => message),
      [
        'list[1].x.n was given 2 times: give it once',
        'list[1].n was given 3 times: give it once',
        'id was given 2 times: give it once',
      ],
    )
  })

  it('takes more of a rates file than of any other body', async () => {
    const rates = Array.from({ length: 5_000 }, (_, n) => ({ currency: `CURRENCY${n}`, rate: '1.123456789012345678' }))
    const file = { month: '2026-06', baseCurrency: 'USD', generatedAt: '2026-07-01T00:00:00Z', rates }
    const sent = await ask('/api/rates', { method: 'POST', body: JSON.stringify(file, null, 2) })
    assert.equal(sent.status, 201)
    const large = await post('/api/rates', { ...file, note: 'x'.repeat(limits.adminRatesBodyBytesMax) })
    assert.deepEqual([large.status, large.body.message.includes(limits.adminRatesBodyBytesMax)], [413, true])
  })

  it('knows no product that nobody made, whatever is asked of it', async () => {
    const days = 'from=2026-06-01&to=2026-06-02'
    for (const path of [
      ...['events', 'counts', 'duplicates', 'parked', 'rejected', 'rejected/requests', 'rejected/rules', 'keys'],
      ...['erasures', 'diagnostics'],
    ])
      assert.deepEqual(await refusalOf(`/api/${path}?product=nope`), [404, 'There is no product of this id'], path)
    for (const name of ['daily', 'summary', 'funnel', 'late'])
      assert.deepEqual(await refusalOf(`/api/reports/${name}?product=nope&${days}`), [
        404,
        'There is no product of this id',
      ])
    assert.deepEqual(await refusalOf('/api/receipts?product=nope&transaction=t'), [
      404,
      'There is no product of this id',
    ])
    assert.equal((await ask('/api/audit?product=nope')).status, 200, 'acts on it were refused, and are recorded')
  })

  it('names the columns of a report, of one without rows too', async () => {
    const days = 'product=demo&from=2026-06-01&to=2026-06-02'
    const columnsOf = async (name: string, more = '') => {
      const { columns, rows } = (await ask(`/api/reports/${name}?${days}${more}`)).body
      for (const row of rows) assert.deepEqual(Object.keys(row), columns, name)
      return columns
    }
    const [day, ...numbers] = await columnsOf('daily')
    assert.deepEqual([day, numbers[0], numbers.length], ['day', 'currency', 15])
    assert.deepEqual(await columnsOf('hourly', '&converted=true'), ['hour', ...numbers, 'unconverted_count'])
    assert.deepEqual(await columnsOf('summary'), [...numbers, 'net_deposits', 'hold'])
    for (const [name, dimension] of [
      ['clicks', 'click_id'],
      ['games', 'game_type'],
      ['providers', 'game_provider'],
    ] as const)
      assert.deepEqual(await columnsOf(name), [dimension, ...numbers])
    const users = ['registered', 'deposited_once', 'deposited_twice', 'deposited_once_rate', 'repeat_rate']
    assert.deepEqual(await columnsOf('funnel'), users)
    assert.deepEqual(await columnsOf('funnel-clicks'), ['click_id', ...users])
    assert.deepEqual(await columnsOf('late'), [
      ...['day', 'event_name', 'currency', 'events', 'amount', 'first_received_at', 'last_received_at'],
    ])
  })

  it('says when a report is of as many clicks as the limit lets through', async () => {
    const days = 'product=demo&from=2026-06-01&to=2026-06-02'
    const atLimit = async (name: string, more = '') => (await ask(`/api/reports/${name}?${days}${more}`)).body.at_limit
    assert.equal(await atLimit('clicks'), false)
    assert.equal(await atLimit('clicks', '&limit=1'), true)
    assert.equal(await atLimit('funnel-clicks', '&limit=1'), true)
    assert.equal(await atLimit('daily'), undefined)
  })

  it('answers 503 while the warehouse is away, and keys, products and status go on', async () => {
    const { listEvents } = fakes.needs
    fakes.needs.listEvents = async () => {
      throw away()
    }
    const { status, headers, body } = await ask('/api/events')
    fakes.needs.listEvents = listEvents
    assert.equal(status, 503)
    assert.equal(headers.get('retry-after'), '2')
    assert.equal(body.code, 'WAREHOUSE_AWAY')
    assert.equal((await ask('/api/keys')).status, 200)
  })

  it('answers 503 when the warehouse is frozen', async () => {
    const frozen = makeFakes()
    frozen.needs.listEvents = () => new Promise(() => {})
    const options = { port: 0, host: '127.0.0.1', token, needs: frozen.needs, now: () => nowMs, logger: silent }
    const other = await openWeb({ ...options, askMsMax: 20 })
    const reply = await fetch(`http://127.0.0.1:${other.port}/api/events`, {
      headers: { authorization: `Bearer ${token}` },
    })
    await other.close(0)
    assert.equal(reply.status, 503)
    assert.equal(reply.headers.get('retry-after'), '5')
  })

  it('answers 500 without telling what broke', async () => {
    const { countEvents } = fakes.needs
    fakes.needs.countEvents = async () => {
      throw new Error('a secret path')
    }
    const { status, body } = await ask('/api/counts')
    fakes.needs.countEvents = countEvents
    assert.equal(status, 500)
    assert.ok(!JSON.stringify(body).includes('secret'))
  })

  it('hands on decisions about conflicts, and says why one cannot be', async () => {
    const request = '01976e2a-5c00-7000-8000-000000000001'
    const decide = (more: object) => post('/api/conflicts', { request, stands: 'later', ...more })
    const { status, body } = await decide({ reason: ' typo ' })
    assert.equal(status, 200)
    assert.deepEqual(
      [body.request_id, body.position, body.first_position, body.stands, body.reason],
      [request, 0, 3, 'later', 'typo'],
    )
    assert.deepEqual(fakes.asked.at(-1), { requestId: request, position: 0, stands: 'later', reason: 'typo' })
    assert.equal((await decide({ position: 1 })).status, 404)
    assert.equal((await decide({ position: 2 })).status, 409)
    const otherwise = await decide({ position: 4 })
    assert.equal(otherwise.status, 409)
    assert.match(
      otherwise.body.message,
      /decided at 2026-.* #4 counts instead of that of .* #3.* name .* #3 as the one/,
    )
    assert.equal((await decide({ reason: 'away' })).status, 503)
    assert.equal((await decide({ stands: 'both' })).body.code, 'BAD_PARAMETERS')
  })

  it('answers counts, duplicates, parked and rejected', async () => {
    assert.equal((await ask('/api/counts')).body.counts[0].amount, '150.000000000000000001')
    fakes.asked.length = 0
    assert.equal((await ask('/api/counts?by=day,currency&clock=event&click=c')).status, 200)
    const limit = 10_000
    assert.deepEqual(fakes.asked, [{ click: 'c', by: ['currency', 'day'], clock: 'event', limit }])
    const [duplicate] = (await ask('/api/duplicates?conflict=true')).body.duplicates
    assert.deepEqual([duplicate.conflict, duplicate.first_amount, duplicate.differs], [true, '49', ['amount']])
    assert.equal((await ask('/api/parked')).body.parked[0].reason, 'unreadable')
    assert.equal((await ask('/api/parked?reason=unreadable')).body.parked.length, 1)
    assert.equal((await ask('/api/parked?reason=log_missing')).body.parked.length, 0)
    assert.equal((await ask('/api/rejected')).body.rejected[0].events, 5)
  })

  it('says whether the accounting equation holds, and by what it does not', async () => {
    const fine = await ask('/api/status')
    assert.equal(fine.body.status, 'ok')
    assert.deepEqual(fine.body.accounting, {
      holds: true,
      problem: null,
      received: 15,
      accepted: 10,
      rejected: 5,
      stored: 6,
      duplicate: 2,
      conflict: 1,
      parked: 1,
      erased: 0,
      in_flight: 1,
    })
    const { totals } = fakes.standing
    fakes.standing.totals = { ...totals!, stored: 5 }
    const hole = await ask('/api/status')
    assert.equal(hole.body.status, 'degraded')
    assert.match(hole.body.accounting.problem, /accepted is 10.*is 9/)
    fakes.standing.totals = totals
    fakes.standing.eventsMissing = 2
    assert.match((await ask('/api/status')).body.accounting.problem, /2 events fewer/)
    fakes.standing.eventsMissing = 0
    fakes.standing.acceptedBefore = 7
    fakes.standing.totals = { ...totals!, stored: totals!.stored + 7 }
    const later = (await ask('/api/status')).body.accounting
    assert.deepEqual([later.holds, later.accepted], [true, 17], 'of a log before this one')
    fakes.standing.acceptedBefore = 0
    fakes.standing.totals = { ...totals!, stored: 5 }
    const { standing } = fakes.needs
    let asked = 0
    fakes.needs.standing = async () => {
      const told = await standing()
      return ++asked === 1 ? told : { ...told, totals }
    }
    assert.equal((await ask('/api/status')).body.accounting.holds, true, "a moment's hole is none")
    fakes.needs.standing = standing
    fakes.standing.totals = null
    assert.equal((await ask('/api/status')).body.accounting.holds, null)
    fakes.standing.totals = totals
  })

  it('bounds wrong tokens of an address, and never holds the right one back', async () => {
    nowMs += 60_000
    const statuses = new Set<number>()
    for (let n = 0; n < 70; n++) {
      const reply = await fetch(`${at}/api/status`, { headers: { authorization: 'Bearer nope' } })
      await reply.text()
      statuses.add(reply.status)
    }
    assert.deepEqual(statuses, new Set([401, 429]))
    assert.equal((await ask('/api/status')).status, 200)
    nowMs += 60_000
    assert.equal((await ask('/api/status', { headers: { authorization: 'Bearer nope' } })).status, 401)
  })

  it('begins a backup into a whole path, and says why not otherwise', async () => {
    assert.equal((await post('/api/backup', { to: '/backups/../backups/1/' })).status, 202)
    assert.deepEqual(fakes.asked.at(-1), { to: '/backups/1', check: false })
    assert.equal((await post('/api/backup', { to: '/backups/1', check: true })).status, 202)
    assert.deepEqual(fakes.asked.at(-1), { to: '/backups/1', check: true })
    assert.equal((await post('/api/backup', { to: '/backups/1', check: 'yes' })).body.problems[0].name, 'check')
    for (const to of ['backups/1', './1', 7, undefined])
      assert.deepEqual((await post('/api/backup', { to })).body.problems[0].name, 'to')
    const full = await post('/api/backup', { to: '/full' })
    assert.deepEqual([full.status, full.body.code], [409, 'NOT_POSSIBLE'])
    assert.match(full.body.message, /must be empty/)
    const away = await post('/api/backup', { to: '/away' })
    assert.deepEqual([away.status, away.headers.get('retry-after')], [503, '2'])
    const { backup } = (await ask('/api/backup')).body
    assert.deepEqual([backup.state, backup.loads_held_ms, backup.problem], ['done', 12, null])
  })

  it('takes a hash in place of the token', async () => {
    const tokenHash = hashToken(token)
    const other = await openWeb({
      port: 0,
      host: '127.0.0.1',
      tokenHash,
      needs: fakes.needs,
      now: () => nowMs,
      logger: silent,
    })
    const reply = await fetch(`http://127.0.0.1:${other.port}/api/products`, {
      headers: { authorization: `Bearer ${token}` },
    })
    assert.equal(reply.status, 200)
    await other.close(0)
  })
})

/** fetch does not let its caller choose a Host. */
function statusFor(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path: '/', headers: { host } }, reply => {
      reply.resume()
      resolve(reply.statusCode ?? 0)
    })
    sent.on('error', reject)
    sent.end()
  })
}
