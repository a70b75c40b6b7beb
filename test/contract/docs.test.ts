// The documentation on the public port, as a browser asks for it: without a key, compressed, and again only when it changed.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startServer, type TestServer } from '../harness/server.ts'

suite('docs', () => {
  let server: TestServer
  before(async () => {
    server = await startServer()
  })
  after(() => server.close())
  const ask = (path: string, init: RequestInit = {}) => fetch(server.url + path, init)

  test('pages are HTML with a policy, in both languages', async () => {
    for (const [path, lang] of [
      ['/docs', 'en'],
      ['//docs/', 'en'],
      ['/docs/reference/errors?from=mail', 'en'],
      ['/docs/zh-Hant/guides/get-started', 'zh-Hant'],
    ] as const) {
      const reply = await ask(path)
      assert.equal(reply.status, 200, path)
      assert.equal(reply.headers.get('content-type'), 'text/html; charset=utf-8')
      assert.match(reply.headers.get('content-security-policy') ?? '', /^default-src 'none'/)
      assert.equal(reply.headers.get('x-content-type-options'), 'nosniff')
      assert.match(reply.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/)
      assert.match(await reply.text(), new RegExp(`<html lang="${lang}">`))
    }
  })

  test('what pages need is there, and no second time for whoever has it', async () => {
    const page = await (await ask('/docs/api')).text()
    const needed = [...page.matchAll(/(?:src|href)="(\/docs\/assets\/[^"]+)"/g)].map(([, path = '']) => path)
    assert.ok(needed.length >= 5)
    for (const path of needed) {
      const reply = await ask(path)
      assert.equal(reply.status, 200, path)
      assert.ok((await reply.text()).length > 100, path)
      const again = await ask(path, { headers: { 'if-none-match': reply.headers.get('etag') ?? '' } })
      assert.deepEqual([again.status, await again.text()], [304, ''], path)
    }
  })

  test('where there is nothing a page says so, and other methods are refused', async () => {
    const missing = await ask('/docs/nothing', { headers: { 'if-none-match': '*' } })
    assert.equal(missing.status, 404)
    assert.match(await missing.text(), /There is no such page/)
    assert.equal((await ask('/docs/../etc/passwd')).status, 404)
    assert.equal((await ask('/docs/%2e%2e/package.json')).status, 404)
    const posted = await ask('/docs', { method: 'POST', body: '{}' })
    assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD'])
    const bodiless = await ask('/docs', { method: 'HEAD' })
    assert.deepEqual([bodiless.status, await bodiless.text()], [200, ''])
  })
})
