// The stream of events as those who watch meet it, over HTTP: what it tells, who is let in and until when, and that neither many
// readers nor slow ones cost more than is said.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { limits } from '../limits.ts'
import { EventStreams } from './event-streams.ts'
import { away, fakeEvent, type Fakes, makeFakes, startMs } from './fakes.ts'
import { openWeb, type Web } from './web.ts'

const token = 'a-token-for-tests-only'
const silent = { info() {}, warn() {}, error() {} }
const setting = { streamsMax: 3, everyMs: 10, aliveMs: 60, stalledMsMax: 200 }

type Said = { event: string; content: Record<string, unknown> & { events: Record<string, unknown>[]; count: number } }

describe('the stream of events', () => {
  let web: Web
  let fakes: Fakes
  let streams: EventStreams
  let nowMs = startMs
  let isAway = false
  const open: IncomingMessage[] = []

  before(async () => {
    fakes = makeFakes(3, () => nowMs)
    streams = new EventStreams(setting)
    const newEvents: typeof fakes.needs.newEvents = question => {
      if (isAway) throw away()
      return fakes.needs.newEvents(question)
    }
    const options = { port: 0, host: '127.0.0.1', token, needs: { ...fakes.needs, newEvents }, streams }
    web = await openWeb({ ...options, now: () => nowMs, logger: silent })
  })
  after(() => web.close(0))
  beforeEach(() => void fakes.events.splice(3))
  afterEach(async () => {
    for (const reply of open.splice(0)) reply.destroy()
    while (streams.size > 0) await new Promise(setImmediate)
  })

  const asAdmin = { authorization: `Bearer ${token}` }
  const ask = async (query: string, headers: Record<string, string> = asAdmin, method = 'GET') => {
    const path = `/api/events/stream?${query}`
    const sent = get({ port: web.port, host: '127.0.0.1', path, headers, method })
    const [reply] = (await once(sent, 'response')) as [IncomingMessage]
    open.push(reply)
    reply.setEncoding('utf8').on('error', () => {})
    return reply
  }
  /** Each part as it comes, comments too. */
  async function* parts(reply: IncomingMessage): AsyncGenerator<string> {
    let text = ''
    for await (const chunk of reply) {
      text += String(chunk)
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        yield text.slice(0, end)
        text = text.slice(end + 2)
      }
    }
  }
  async function* words(reply: IncomingMessage): AsyncGenerator<Said> {
    for await (const part of parts(reply)) {
      const said = /^event: (\w+)\ndata: (.*)$/.exec(part)
      if (said !== null) yield { event: said[1]!, content: JSON.parse(said[2]!) as Said['content'] }
    }
  }
  const next = async (stream: AsyncGenerator<Said>) => {
    const { value } = await stream.next()
    assert.ok(value !== undefined, 'the stream has ended')
    return value as Said
  }
  const come = (count: number) => {
    const first = fakes.events.length
    for (let n = 0; n < count; n++) fakes.events.unshift(fakeEvent(first + n))
  }

  it('begins with the latest, then tells what is stored, each once', async () => {
    const reply = await ask('product=demo&last=2')
    assert.equal(reply.headers['content-type'], 'text/event-stream; charset=utf-8')
    assert.equal(reply.headers['cache-control'], 'no-store')
    const stream = words(reply)
    const first = await next(stream)
    assert.deepEqual([first.event, first.content.events.length, first.content.count], ['events', 2, 0])
    come(1)
    const second = await next(stream)
    assert.deepEqual([second.content.count, second.content.events[0]?.['client_user_id']], [1, 'user_3'])
    assert.equal(second.content.events[0]?.['click_id'], null)
    come(2)
    assert.equal((await next(stream)).content.count, 2)
  })

  it('shows so many of a second and counts all', async () => {
    const stream = words(await ask('product=demo'))
    await next(stream)
    come(2_300)
    const { content } = await next(stream)
    assert.deepEqual([content.events.length, content.count], [limits.streamRowsMax, 2_300])
    come(1)
    assert.equal((await next(stream)).content.count, 1, 'and goes on behind all of them')
  })

  it('goes on from a place', async () => {
    const stream = words(await ask('product=demo'))
    const { content } = await next(stream)
    come(4)
    const again = words(await ask(`product=demo&after=${String(content['after'])}`))
    assert.equal((await next(again)).content.count, 4)
  })

  it('hands on the filters as they are', async () => {
    await ask('product=demo&mode=test&event=deposit&user=u1&transaction=t1&click=c1')
    const asked = fakes.asked.at(-1) as Record<string, unknown>
    const { product, mode, event, user, transaction, click } = asked
    assert.deepEqual(
      { product, mode, event, user, transaction, click },
      {
        product: 'demo',
        mode: 'test',
        event: 'deposit',
        user: 'u1',
        transaction: 't1',
        click: 'c1',
      },
    )
  })

  it('refuses whoever may not look and what is no question, and holds nothing for them', async () => {
    for (const [query, headers, status] of [
      ['product=demo', {}, 401],
      ['product=demo', { authorization: 'Bearer wrong' }, 401],
      ['product=demo', { cookie: `datapulse-session-${web.port}=forged`, 'sec-fetch-site': 'same-origin' }, 401],
      ['', asAdmin, 400],
      ['product=none', asAdmin, 404],
      ['product=demo&last=51', asAdmin, 400],
      ['product=demo&colour=red', asAdmin, 400],
      ['product=demo&after=tampered', asAdmin, 400],
    ] as const) {
      const reply = await ask(query, headers)
      assert.equal(reply.statusCode, status, query)
      assert.match(String(reply.headers['content-type']), /json/)
    }
    assert.equal((await ask('product=demo', asAdmin, 'HEAD')).statusCode, 200)
    assert.equal((await ask('product=demo', asAdmin, 'POST')).statusCode, 405)
    assert.equal(streams.size, 0)
  })

  it('is for so many at once, and for the next when one has gone', async () => {
    const replies = []
    for (let n = 0; n < setting.streamsMax; n++) replies.push(await ask('product=demo'))
    const refused = await ask('product=demo')
    assert.deepEqual([refused.statusCode, refused.headers['retry-after']], [429, '10'])
    replies[0]!.destroy()
    while (streams.size === setting.streamsMax) await new Promise(setImmediate)
    assert.equal((await ask('product=demo')).statusCode, 200)
  })

  it('is alive while nothing comes', async () => {
    const heard = parts(await ask('product=demo'))
    await heard.next()
    assert.equal((await heard.next()).value, ': alive')
  })

  it('says once that it cannot be asked, and goes on when it can', async () => {
    const stream = words(await ask('product=demo'))
    await next(stream)
    isAway = true
    const fault = await next(stream)
    assert.deepEqual([fault.event, fault.content['code']], ['fault', 'WAREHOUSE_AWAY'])
    come(5)
    isAway = false
    assert.equal((await next(stream)).content.count, 5)
  })

  it('costs nothing for a reader who does not read, and cuts them off in the end', async () => {
    const cut = Promise.withResolvers<void>()
    let asked = 0
    const few = new EventStreams({ ...setting, stalledMsMax: 100 })
    const body = few.open({
      read: async () => ({ events: [], count: ++asked, after: String(asked) }),
      first: { events: [], count: 0, after: '0' },
      isAllowed: () => true,
      cut: () => cut.resolve(),
    })
    const reader = body.getReader()
    await reader.read()
    await cut.promise
    assert.deepEqual([asked, few.size], [0, 0])
  })

  it('ends with the session of a browser, and with a viewer', async () => {
    const own = { host: `127.0.0.1:${web.port}`, origin: `http://127.0.0.1:${web.port}` }
    const base = `http://127.0.0.1:${web.port}/api`
    const signIn = async (sent: string) => {
      const reply = await fetch(`${base}/session`, {
        method: 'POST',
        headers: { origin: own.origin, 'content-type': 'application/json' },
        body: JSON.stringify({ token: sent }),
      })
      const { session } = (await reply.json()) as { session: { id: string } }
      return { id: session.id, cookie: String(reply.headers.get('set-cookie')).split(';')[0]! }
    }
    const send = (method: string, path: string, body?: object) =>
      fetch(`${base}${path}`, {
        method,
        headers: { ...asAdmin, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
    const page = { host: own.host, 'sec-fetch-site': 'same-origin' }

    const mine = await signIn(token)
    const stream = words(await ask('product=demo', { ...page, cookie: mine.cookie }))
    await next(stream)
    assert.equal((await ask('product=demo', { host: own.host, cookie: mine.cookie })).statusCode, 403)
    await send('DELETE', `/sessions/${mine.id}`)
    const end = await next(stream)
    assert.deepEqual([end.event, end.content['code']], ['end', 'UNAUTHORIZED'])
    assert.ok((await stream.next()).done)

    const made = (await (await send('POST', '/viewers', { name: 'Support' })).json()) as { id: string; token: string }
    const byToken = words(await ask('product=demo', { authorization: `Bearer ${made.token}` }))
    const bySession = words(await ask('product=demo', { ...page, cookie: (await signIn(made.token)).cookie }))
    await next(byToken)
    await next(bySession)
    await send('DELETE', `/viewers/${made.id}`)
    assert.equal((await next(byToken)).event, 'end')
    assert.equal((await next(bySession)).event, 'end')

    const late = words(await ask('product=demo', { ...page, cookie: (await signIn(token)).cookie }))
    await next(late)
    nowMs += limits.sessionMsMax + 1
    assert.equal((await next(late)).event, 'end')
  })

  it('ends with the server', async () => {
    const own = await openWeb({
      ...{ port: 0, host: '127.0.0.1', token, needs: fakes.needs, streams: new EventStreams(setting) },
      ...{ now: () => nowMs, logger: silent },
    })
    const sent = get({ port: own.port, host: '127.0.0.1', path: '/api/events/stream?product=demo', headers: asAdmin })
    const [reply] = (await once(sent, 'response')) as [IncomingMessage]
    const stream = words(reply)
    await next(stream)
    const closed = own.close(60_000)
    assert.ok((await stream.next()).done)
    await closed
  })
})
