// What the console says when something is out of the ordinary: live events that are paused, sampled, cut off, or watched by too
// many; and a product that nobody made, or that somebody makes meanwhile. In a real Chromium against a real server.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { limits } from '../../server/src/limits.ts'
import { Installation } from '../harness/installation.ts'
import { inspect, Browsers, type Sight, signIn, skipWithoutChromium, type Watched } from './browser.ts'

const patienceMs = 60_000

describe('the console out of the ordinary', { skip: skipWithoutChromium }, () => {
  let server: Installation
  let english: Watched
  let chinese: Watched
  const browsers = new Browsers()
  let key = ''

  before(async () => {
    server = await Installation.open()
    key = await server.key('lounge', { rate_limit: 600 })
    english = await browse({ width: 1280 })
    chinese = await browse({ width: 390, dark: true, locale: 'zh-TW' })
  })
  after(async () => {
    await browsers.close()
    await server?.close()
  })

  const browse = async (sight: Sight): Promise<Watched> => {
    const watched = await browsers.open(server, sight, patienceMs)
    await signIn(watched.page, server.adminToken)
    return watched
  }
  const send = async (users: string[]) => {
    const events = users.map(client_user_id => ({
      ...{ event_name: 'login', client_user_id, timestamp: Date.now(), ip_address: '203.0.113.1' },
    }))
    assert.equal((await server.post('/v2/s2s/batch', key, JSON.stringify(events))).status, 200)
  }
  const rowOf = (at: Page, user: string) => at.getByRole('button', { name: `Open login of ${user}`, exact: true })
  /** As many as there may be, by people elsewhere. */
  const watchedByMany = async () => {
    const leave = new AbortController()
    const headers = { authorization: `Bearer ${server.adminToken}` }
    // Held: an answer that nobody has any more is let go.
    const held: Response[] = []
    while (held.length < limits.streamsMax) {
      const url = `${server.adminUrl}/api/events/stream?product=lounge`
      const reply = await fetch(url, { headers, signal: leave.signal })
      // That of a page that was left is free in a moment.
      if (reply.status === 200) held.push(reply)
      else assert.equal(reply.status, 429)
    }
    return () => {
      leave.abort()
      held.length = 0
    }
  }

  it('holds the rows while it is paused, and counts what comes', async () => {
    const at = english.page
    await at.goto(`${server.adminUrl}/#/lounge/live`)
    await at.getByText('Each event appears here').waitFor()
    await send(['first'])
    await rowOf(at, 'first').waitFor()
    await at.getByRole('button', { name: 'Pause' }).click()
    await send(['meanwhile'])
    await at.getByText('1 came while it is paused').waitFor()
    await at.getByText('Paused', { exact: true }).waitFor()
    assert.equal(await rowOf(at, 'meanwhile').count(), 0)
    await inspect(at, 'en-1280-live-paused')
    await at.getByRole('button', { name: 'Go on' }).click()
    await rowOf(at, 'meanwhile').waitFor()
  })

  it('says when what it shows is a sample, and how many there are', async () => {
    const at = english.page
    const said = at.getByText(/^Showing \d+ of [\d,]+ a second. All of them are stored and counted/).waitFor()
    await send(Array.from({ length: 3_000 }, (_, n) => `many_${n}`))
    await said
    await at.getByText('3,002 came since').waitFor()
  })

  it('keeps what it knew when it is cut off, says since when, and misses nothing', async () => {
    const at = english.page
    await at.route('**/api/events/stream*', route => route.abort())
    server.kill('web')
    await at.getByText('Nothing new can be read since').waitFor()
    await at.getByText('Not connected', { exact: true }).waitFor()
    await server.ready()
    await send(['unseen'])
    await server.drained()
    await inspect(at, 'en-1280-live-lost')
    assert.notEqual(await at.getByRole('button', { name: /^Open login of / }).count(), 0)
    await at.unroute('**/api/events/stream*')
    await rowOf(at, 'unseen').waitFor()
    await at.getByText('Not connected', { exact: true }).waitFor({ state: 'detached' })
    await at.getByText('3,003 came since').waitFor()
  })

  it('says when too many watch, and goes on by itself when one of them leaves', async () => {
    const at = english.page
    await at.goto(`${server.adminUrl}/#/lounge/overview`)
    await at.getByText('What needs attention').waitFor()
    const leave = await watchedByMany()
    await at.goto(`${server.adminUrl}/#/lounge/live`)
    await at.getByText('Too many people watch at once').waitFor()
    await inspect(at, 'en-1280-live-too-many')
    const narrow = chinese.page
    await narrow.goto(`${server.adminUrl}/#/lounge/live`)
    await narrow.getByText('同時查看的人數過多').waitFor()
    await inspect(narrow, 'zh-390-live-too-many')
    leave()
    await rowOf(at, 'unseen').waitFor()
    await narrow.getByText('未連線', { exact: true }).waitFor({ state: 'detached' })
  })

  it('says that nobody made the product in the address, and shows it as soon as somebody does', async () => {
    const at = english.page
    await at.goto(`${server.adminUrl}/#/nowhere/reports`)
    await at.getByText('There is no product “nowhere”').waitFor()
    await inspect(at, 'en-1280-unknown-product')
    assert.match(at.url(), /nowhere/, 'it leads nowhere else')
    await chinese.page.goto(`${server.adminUrl}/#/nowhere/keys`)
    await chinese.page.getByText('沒有名為「nowhere」的產品').waitFor()
    await inspect(chinese.page, 'zh-390-unknown-product')
    await server.admin('/api/products', { method: 'POST', json: { id: 'nowhere' } })
    await at.getByText('There is no product “nowhere”').waitFor({ state: 'detached' })
    await at.getByRole('heading', { name: 'Reports', level: 1 }).waitFor()
    // Made a moment ago, elsewhere: a tab that is open finds it at once.
    await server.admin('/api/products', { method: 'POST', json: { id: 'fresh' } })
    await at.goto(`${server.adminUrl}/#/fresh/overview`)
    await at.getByText('Nothing has come yet').waitFor()
    await at.goto(`${server.adminUrl}/#/gone/overview`)
    await at.getByRole('link', { name: 'Go to fresh' }).click()
    await at.getByText('Nothing has come yet').waitFor()
  })

  it('says in the language of its reader why a form was refused, and that nobody knows where nothing answered', async () => {
    const at = chinese.page
    await at.goto(`${server.adminUrl}/#/lounge/keys`)
    await at.getByRole('button', { name: '新增產品' }).click()
    await at.getByLabel('產品名稱').fill('Bad Name')
    await at.getByRole('button', { name: '建立', exact: true }).click()
    const wanted = '產品名稱：必須是 1 至 63 個 a-z、0-9、- 或 _，且以字母或數字開頭，收到的是 Bad Name。'
    await at.getByText(wanted).waitFor()
    await inspect(at, 'zh-390-product-refused')
    await at.route('**/api/products', route => route.abort())
    await at.getByRole('button', { name: '建立', exact: true }).click()
    await at.getByText('伺服器沒有回應，無法得知是否已執行').waitFor()
    await at.unroute('**/api/products')
    await at.keyboard.press('Escape')
  })

  it('says as of when figures are, and that it is long ago while much waits to be processed', async () => {
    const at = chinese.page
    await at.goto(`${server.adminUrl}/#/lounge/events`)
    await at
      .getByTestId('as-of')
      .getByText(/^截至 \d\d:\d\d:\d\d。$/)
      .waitFor()
    const numbers = { lag_events: 32_000, lag_seconds: 60, not_ready: null as string | null }
    await at.route('**/api/diagnostics?*', async route => {
      const reply = await route.fetch()
      const diagnosis = (await reply.json()) as { checks: { check: string; numbers: object }[] }
      for (const one of diagnosis.checks) if (one.check === 'processing') one.numbers = numbers
      await route.fulfill({ json: diagnosis })
    })
    await at.reload()
    await at.getByText('所有產品共有 32,000 筆已接受的事件等待處理').waitFor()
    await inspect(at, 'zh-390-events-behind')
    Object.assign(numbers, { lag_events: null, lag_seconds: null, not_ready: 'pipeline' })
    await at.reload()
    await at.getByText('管線沒有回應，目前無法得知這些數字截至何時。').waitFor()
    await at.unroute('**/api/diagnostics?*')
  })

  it('leads to another product where the one that was looked at last is not there any more', async () => {
    const at = english.page
    await at.evaluate("localStorage.setItem('datapulse-product', 'gone')")
    await at.goto(`${server.adminUrl}/`)
    await at.waitForURL(url => /^#\/(?!gone|~)[a-z]+\/overview$/.test(url.hash))
    await at.getByRole('heading', { level: 1 }).waitFor()
  })

  it('did nothing wrong all the while', () => assert.deepEqual([...english.faults, ...chinese.faults], []))
})
