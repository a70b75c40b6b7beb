// Trying the API out: who may, what is sent on, that a key stays nowhere, and what holds it within bounds.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { limits } from '../limits.ts'
import { type Fakes, makeFakes, startMs } from './fakes.ts'
import { openWeb, type Web } from './web.ts'

const token = 'a-token-for-tests-only'
const pasted = 'dp_live_pasted-by-somebody'

describe('trying the API out', () => {
  let web: Web
  let fakes: Fakes
  let viewer = ''
  let nowMs = startMs
  const logged: unknown[] = []
  const log = (...line: unknown[]) => void logged.push(line)
  before(async () => {
    fakes = makeFakes(3, () => nowMs)
    const logger = { info: log, warn: log, error: log }
    web = await openWeb({ port: 0, host: '127.0.0.1', token, needs: fakes.needs, now: () => nowMs, logger })
    const made = await fakes.needs.access.createViewer('Support')
    assert.ok(made.ok)
    viewer = made.token
  })
  after(() => web.close(0))

  const send = async (path: string, body: object, as = token) => {
    const reply = await fetch(`http://127.0.0.1:${web.port}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await reply.text()
    // biome-ignore lint/suspicious/noExplicitAny: replies are looked into field by field
    return { status: reply.status, retryAfter: reply.headers.get('retry-after'), text, body: JSON.parse(text) as any }
  }
  const forReal = (body: object, as?: string) => send('/api/try', body, as)
  const dryRun = (body: object, as?: string) => send('/api/try/dry-run', body, as)
  const event = { to: 'event', body: '{"event_name":"login"}' }

  it('sends on what was composed, to the path that it says', async () => {
    const sentBy = async (sent: Promise<{ body: { request: { path: string } } }>) => {
      const { request } = (await sent).body
      assert.equal((fakes.asked.at(-1) as { path: string }).path, request.path)
      return request.path
    }
    assert.equal(await sentBy(dryRun(event)), '/v2/s2s/event?dryrun')
    assert.equal(await sentBy(dryRun({ ...event, partial: true })), '/v2/s2s/event?dryrun')
    assert.equal(await sentBy(dryRun({ to: 'batch', body: '[]', partial: true })), '/v2/s2s/batch?dryrun&partial=1')
    assert.equal(await sentBy(forReal({ to: 'batch', body: '[]', partial: true })), '/v2/s2s/batch?partial=1')
    assert.equal(await sentBy(forReal(event)), '/v2/s2s/event')
    await forReal({ to: 'event', body: ' {"broken" \n', key: ` ${pasted} `, idempotency_key: 'once' })
    const wish = { path: '/v2/s2s/event', key: pasted, idempotencyKey: 'once', body: ' {"broken" \n' }
    assert.deepEqual(fakes.asked.at(-1), wish)
    await forReal({ to: 'event', body: '' })
    assert.deepEqual(fakes.asked.at(-1), { path: '/v2/s2s/event', key: null, idempotencyKey: null, body: '' })
  })

  it('answers what the API said, and whose the key is', async () => {
    const made = await fakes.needs.accounts.createKey({ product: 'shop', mode: 'test' })
    assert.ok(made.ok)
    const { status, body } = await forReal({ ...event, key: made.secret })
    assert.equal(status, 200)
    const headers = { 'x-request-id': '01900000-0000-7000-8000-000000000001' }
    assert.deepEqual(body, {
      key: { id: made.key.id, product: 'shop', mode: 'test' },
      request: { method: 'POST', path: '/v2/s2s/event' },
      reply: { status: 200, headers, body: '{"status":"success"}', is_cut: false },
      took_ms: 1.5,
    })
    const { act, product, target, values, outcome } = fakes.audited.acts.at(-1)!
    assert.deepEqual([act, product, target, outcome], ['try.send', 'shop', made.key.id, 'done'])
    assert.deepEqual(values, { to: 'event', mode: 'test', status: 200, request_id: headers['x-request-id'] })
    assert.ok(!JSON.stringify(fakes.audited).includes(made.secret))
    await fakes.needs.accounts.revokeKey(made.key.id)
    assert.equal((await forReal({ ...event, key: made.secret })).body.key, null)
  })

  it('lets a viewer do dry runs, which leave nothing behind, and no more', async () => {
    const acts = fakes.audited.acts.length
    assert.equal((await dryRun({ ...event, key: pasted }, viewer)).status, 200)
    assert.equal((await dryRun(event)).status, 200)
    assert.equal(fakes.audited.acts.length, acts)
    const asked = fakes.asked.length
    assert.equal((await forReal({ ...event, key: pasted }, viewer)).body.code, 'READ_ONLY')
    assert.equal((await dryRun(event, 'nobody')).status, 401)
    assert.deepEqual([fakes.asked.length, fakes.audited.acts.length], [asked, acts])
  })

  it('repeats and keeps no key, whatever is wrong', async () => {
    const texts: string[] = []
    for (const wrong of [
      { ...event, key: `${pasted} and more` },
      { ...event, key: [pasted] },
      { ...event, key: `${pasted}é` },
      { ...event, key: pasted, to: 'elsewhere' },
      { key: pasted },
      { ...event, key: pasted, idempotency_key: 'a\nb' },
    ]) {
      const { status, text } = await forReal(wrong)
      assert.equal(status, 400, text)
      texts.push(text)
    }
    assert.match(texts[0]!, /key must be 1 to 512 printable/)
    fakes.needs.tryRequest = () => Promise.reject(new Error('something broke'))
    assert.equal((await forReal({ ...event, key: pasted })).body.code, 'INTERNAL')
    for (const kept of [texts, logged, fakes.audited]) assert.ok(!JSON.stringify(kept).includes(pasted))
    assert.ok(logged.length > 0)
    fakes.needs.tryRequest = makeFakes().needs.tryRequest
  })

  it('says that the API is away, or took it and said nothing', async () => {
    nowMs += 60_000
    const away = await forReal({ to: 'event', body: 'away' })
    assert.deepEqual([away.status, away.body.code], [503, 'API_AWAY'])
    const silent = await forReal({ to: 'event', body: 'silent' })
    assert.deepEqual([silent.status, silent.body.code], [504, 'API_SILENT'])
    assert.match(silent.body.message, /whether it was queued is not known/)
    assert.match((await dryRun({ to: 'event', body: 'silent' })).body.message, /nothing was stored/)
    assert.deepEqual([fakes.audited.acts.at(-1)?.outcome, fakes.audited.acts.at(-1)?.code], ['failed', 'API_SILENT'])
  })

  it('takes a large body, and no larger one', async () => {
    const body = `[${'{"a":"\\\\"},'.repeat(80_000)}{}]`
    assert.equal((await dryRun({ to: 'batch', body })).status, 200)
    assert.equal((await dryRun({ to: 'batch', body: 'x'.repeat(limits.adminTryBodyBytesMax) })).status, 413)
  })

  it('sends so many in a minute, and at once', async () => {
    nowMs += 60_000
    for (let n = 0; n < limits.triesPerMinuteMax; n++) assert.equal((await dryRun(event)).status, 200)
    nowMs += 20_000
    const refused = await dryRun(event)
    assert.deepEqual([refused.status, refused.body.code, refused.retryAfter], [429, 'TOO_MANY_TRIES', '40'])
    nowMs += 40_000
    assert.equal((await dryRun(event)).status, 200)

    const answer = fakes.needs.tryRequest
    const waiting: (() => void)[] = []
    fakes.needs.tryRequest = wish => new Promise(resolve => waiting.push(() => resolve(answer(wish))))
    const sent = Array.from({ length: limits.triesMax }, () => dryRun(event))
    while (waiting.length < limits.triesMax) await new Promise(resolve => setImmediate(resolve))
    assert.equal((await dryRun(event)).body.code, 'TOO_MANY_TRIES')
    for (const go of waiting) go()
    for (const { status } of await Promise.all(sent)) assert.equal(status, 200)
    fakes.needs.tryRequest = answer
  })
})
