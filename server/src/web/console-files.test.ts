// The console as the admin port serves it: a page with a number of its own each time, files that are kept for good in the form
// that the browser takes, and nothing else of the disk.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { makeFakes } from './fakes.ts'
import { openWeb, type Web } from './web.ts'

const token = 'a-token-for-tests-only'
const script = 'console.log("it is I")'

describe('the console', () => {
  const folder = mkdtempSync(join(tmpdir(), 'console-files-'))
  const consoleDir = join(folder, 'dist')
  let web: Web
  before(async () => {
    mkdirSync(join(consoleDir, 'assets'), { recursive: true })
    writeFileSync(join(folder, 'secret.js'), 'not for anybody')
    writeFileSync(join(consoleDir, 'index.html'), '<meta name="style-nonce" content="__STYLE_NONCE__">__SIGNED_IN__')
    writeFileSync(join(consoleDir, 'assets/page-1a2b.js'), script)
    writeFileSync(join(consoleDir, 'assets/page-1a2b.js.gz'), gzipSync(script))
    writeFileSync(join(consoleDir, 'notes.txt'), 'of no type that is served')
    const logger = { info() {}, warn() {}, error() {} }
    web = await openWeb({
      port: 0,
      host: '127.0.0.1',
      token,
      needs: makeFakes().needs,
      consoleDir,
      now: Date.now,
      logger,
    })
  })
  after(async () => {
    await web.close(0)
    rmSync(folder, { recursive: true })
  })
  const get = (path: string, encoding = 'identity') =>
    fetch(`http://127.0.0.1:${web.port}${path}`, { headers: { 'accept-encoding': encoding } })

  it('has a page that lets nothing through but what is from here', async () => {
    const [first, second] = [await get('/'), await get('/')]
    const [policy, other] = [first, second].map(reply => reply.headers.get('content-security-policy') ?? '')
    const nonce = /'nonce-([^']{16,})'/.exec(policy!)?.[1]
    assert.ok((await first.text()).includes(`content="${nonce}"`))
    assert.notEqual(policy, other)
    for (const part of ["default-src 'none'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'"])
      assert.ok(policy!.includes(part), part)
    assert.doesNotMatch(policy!, /unsafe/)
    assert.equal(first.headers.get('cache-control'), 'no-store')
  })

  it('says in its page whether the cookie opens anything, and nothing of whom', async () => {
    const origin = `http://127.0.0.1:${web.port}`
    const body = JSON.stringify({ token, name: 'Ada' })
    const signed = await fetch(`${origin}/api/session`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body,
    })
    const [cookie = ''] = signed.headers.getSetCookie().map(one => one.split(';')[0]!)
    const pageWith = async (cookie: string) => (await fetch(origin, { headers: { cookie } })).text()
    assert.match(await pageWith(cookie), /yes$/)
    assert.ok(!(await pageWith(cookie)).includes('Ada'))
    for (const other of ['', `${cookie}x`, cookie.replace(/=.*/, '=forged')])
      assert.match(await pageWith(other), /no$/, other)
  })

  it('has files that browsers keep, compressed where they take that', async () => {
    const plain = await get('/assets/page-1a2b.js')
    assert.equal(await plain.text(), script)
    assert.match(plain.headers.get('cache-control') ?? '', /immutable/)
    assert.equal(plain.headers.get('x-content-type-options'), 'nosniff')
    const packed = await get('/assets/page-1a2b.js', 'br, gzip')
    assert.equal(packed.headers.get('content-encoding'), 'gzip')
    assert.equal(await packed.text(), script)
    const refused = await get('/assets/page-1a2b.js', 'gzip;q=0')
    assert.equal(refused.headers.get('content-encoding'), null)
    assert.equal(await refused.text(), script)
  })

  it('has nothing else', async () => {
    for (const path of [
      '/../secret.js',
      '/%2e%2e/secret.js',
      '/assets/../../secret.js',
      '/notes.txt',
      '/assets',
      '/index.html',
    ])
      assert.equal((await get(path)).status, 404, path)
  })
})
