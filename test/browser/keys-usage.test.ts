// Does an operator see how much of its limit each key uses, and what to do? A real Chromium looks at the keys of a real server:
// one that stays far below its limit, one that comes near it, one that was refused, each by requests that are really sent; and
// one with a week behind it, which is written into the warehouse as the pipeline writes it. With DATAPULSE_TEST_SHOTS=FOLDER each
// page is pictured there.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { engineSocket } from '../../server/src/role-socket.ts'
import { connect } from '../../server/src/warehouse/connection.ts'
import { keyUsage } from '../../server/src/warehouse/schema.ts'
import { usageLines } from '../../server/src/warehouse/tab-rows.ts'
import { Installation, until } from '../harness/installation.ts'
import { inspect, Browsers, shots, type Sight, signIn, skipWithoutChromium, type Watched } from './browser.ts'

const dayMs = 86_400_000
const weekSlots = 7 * 24 * 60

describe('usage of keys in the console', { skip: skipWithoutChromium }, () => {
  let server: Installation
  let english: Watched
  let page: Page
  const browsers = new Browsers()

  before(async () => {
    server = await Installation.open()
    const quiet = await server.key('casino', { name: 'reports', rate_limit: 600 })
    const near = await server.key('casino', { name: 'sports', rate_limit: 50 })
    const full = await server.key('casino', { name: 'slots', rate_limit: 20 })
    await server.key('casino', { name: 'backend', rate_limit: 300 })
    const event = (n: number) => ({
      ...{ event_name: 'login', client_user_id: `user_${n}`, timestamp: Math.floor(Date.now() / 1_000) },
      ...{ ip_address: '203.0.113.7', message_id: `m_${n}` },
    })
    const send = async (key: string, count: number, body: unknown, statuses: Record<number, number>) => {
      const found: Record<number, number> = {}
      for (let n = 0; n < count; n++) {
        const { status } = await server.post('/v2/s2s/batch', key, JSON.stringify(body))
        found[status] = (found[status] ?? 0) + 1
      }
      assert.deepEqual(found, statuses)
    }
    await send(quiet, 6, [event(1), event(2)], { 200: 6 })
    await send(near, 42, [event(3)], { 200: 42 })
    await send(near, 4, [{}], { 400: 4 })
    await send(full, 52, [event(4), event(5), event(6)], { 200: 20, 429: 32 })
    await writeWeek(server, (await keyOf('backend')).id)
    await until('all of it is told', async () => {
      const { body } = await server.admin('/api/usage?product=casino')
      const usage = body['usage'] as { requests: number; over_limit: number }[]
      return usage.filter(one => one.requests > 0).length === 4 && usage.some(one => one.over_limit === 32)
    })
    english = await browse({ width: 1280 })
    page = english.page
    await signIn(page, server.adminToken)
  })
  after(async () => {
    await browsers.close()
    await server?.close()
  })

  const keyOf = async (name: string) => {
    const { body } = await server.admin('/api/keys?product=casino')
    return (body['keys'] as { id: string; name: string; rate_limit: number }[]).find(key => key.name === name)!
  }
  const browse = (sight: Sight) => browsers.open(server, sight)
  const figure = async (name: string) => (await page.getByTestId(`usage-${name}`).textContent()) ?? ''

  it('tells of every key how much it uses', async () => {
    await page.goto(`${server.adminUrl}/#/casino/keys`)
    const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })
    await row('slots').getByText('32 refused').waitFor()
    assert.match((await row('slots').textContent()) ?? '', /peak 100%/)
    assert.match((await row('sports').textContent()) ?? '', /peak 92% · \d+ in the last minute/)
    assert.match((await row('reports').textContent()) ?? '', /peak 1%/)
    await inspect(page, 'en-1280-keys-usage')
  })

  it('opens one that was refused, by keyboard, and says what limit would do', async () => {
    await page.getByRole('button', { name: 'Usage: slots' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText(/^Refused 32 requests: up to 52 a minute were asked for\. A limit of 65 would do\.$/).waitFor()
    assert.match(await figure('peak'), /Peak100%at /)
    assert.match(await figure('refused'), /Over the limit3261\.5% of all requests/)
    assert.match(await figure('events'), /Events accepted60in 20 requests/)
    await page.getByRole('figure', { name: 'Requests refused' }).waitFor()
    const hour = page.waitForResponse(/usage\?since=1h/)
    await page.getByText('1 hour').click()
    await hour
    await page.getByText('Peak, requests were refused').waitFor()
    await inspect(page, 'en-1280-usage-refused')
  })

  it('changes the limit as it suggests, and is content then', async () => {
    assert.equal(await page.getByRole('textbox', { name: 'Requests a minute' }).inputValue(), '65')
    await page.getByRole('button', { name: 'Change the limit' }).click()
    await page.getByText('slots may send 65 requests a minute from now on.').waitFor()
    await page.getByText(/The limit is high enough by now\.$/).waitFor()
    assert.equal((await keyOf('slots')).rate_limit, 65)
    assert.match((await page.getByTestId('usage-verdict').textContent()) ?? '', /^Good/)
    await page.keyboard.press('Escape')
  })

  it('tells a peak near the limit, and what was refused for another reason', async () => {
    await page.getByRole('button', { name: 'Usage: sports' }).click()
    await page.getByText(/^Peaked at 92% of the limit at .*; no request was refused for it\.$/).waitFor()
    assert.match((await page.getByTestId('usage-verdict').textContent()) ?? '', /^Attention/)
    assert.match(await figure('rejected'), /Wrong content4/)
    await page.keyboard.press('Escape')
  })

  it('draws a week', async () => {
    await page.getByRole('button', { name: 'Usage: backend' }).click()
    await page.getByText('7 days').click()
    await page.getByText(/^Refused 840 requests/).waitFor()
    await page.getByRole('figure', { name: 'Requests refused' }).waitFor()
    if (shots !== undefined) await page.screenshot({ path: join(shots, 'en-1280-usage-week.png') })
    await page.getByText('24 hours').click()
    await page.keyboard.press('Escape')
  })

  it('is as good in Chinese on a narrow screen, dark, and for a viewer, who changes nothing', async () => {
    const { body } = await server.admin('/api/viewers', { json: { name: 'night shift' } })
    const chinese = await browse({ width: 390, dark: true, locale: 'zh-TW' })
    const narrow = chinese.page
    await signIn(narrow, String(body['token']))
    await narrow.goto(`${server.adminUrl}/#/casino/keys`)
    await narrow.getByText('尖峰 92%', { exact: false }).waitFor()
    await inspect(narrow, 'zh-390-keys-usage')
    await narrow.getByRole('button', { name: '用量: backend' }).click()
    await narrow.getByText('7 天').click()
    await narrow.getByText(/^拒絕 840 次請求/).waitFor()
    assert.equal(await narrow.getByRole('button', { name: '變更上限' }).count(), 0)
    await inspect(narrow, 'zh-390-usage-week')
    await narrow.keyboard.press('Escape')
    assert.deepEqual(chinese.faults, [])
  })

  it('says so where a key was not used, and where nothing can be asked', async () => {
    await server.key('casino', { name: 'spare' })
    await page.reload()
    await page.getByRole('button', { name: 'Usage: spare' }).click()
    await page.getByText('No request came with this key in this time').waitFor()
    await inspect(page, 'en-1280-usage-none')
    await page.keyboard.press('Escape')
    await page.route('**/usage?**', route => route.fulfill({ status: 503, json: { code: 'WAREHOUSE_AWAY' } }))
    await page.reload()
    await page.getByRole('button', { name: 'Usage: sports' }).click()
    await page.getByRole('button', { name: 'Try again' }).waitFor()
    await page.unroute('**/usage?**')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByTestId('usage-verdict').waitFor()
    assert.deepEqual(english.faults, [])
  })
})

/** A slot each minute of the last seven days: more by day than by night, and over the limit for some minutes of two evenings. */
async function writeWeek(server: Installation, keyId: string): Promise<void> {
  const logger = { info() {}, warn() {}, error() {} }
  const connection = connect({ socketPath: engineSocket(server.dataDir), database: 'datapulse', logger })
  const nowMs = Math.floor(Date.now() / 60_000) * 60_000
  const rows = Array.from({ length: weekSlots - 1 }, (_, n) => {
    const slotMs = nowMs - (n + 1) * 60_000
    const byDay = 1 + Math.sin(((slotMs % dayMs) / dayMs) * 2 * Math.PI)
    const isFull = n >= 2_000 && n < 2_060 && n % 3 === 0
    const requests = isFull ? 300 : Math.round(60 + 80 * byDay + ((n * 7_919) % 40))
    const counts = { requests, peak: requests, rejected: n % 11, events: requests * 20, overLimit: isFull ? 42 : 0 }
    return { product: 'casino', keyId, slotMs, source: 1, limit: 300, ...counts }
  })
  const columns = keyUsage.columns.map(({ name }) => name)
  await connection.insert(keyUsage.name, columns, usageLines(rows), 'a week')
  await connection.close()
}
