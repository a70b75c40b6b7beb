// Can an operator do what the console is for? A real Chromium goes through every page of a real server with a day's traffic: in
// both languages, at both widths, light and dark, by mouse and by keyboard. No page may log an error, ask another machine for
// anything, scroll sideways, or be hard to use for anybody by axe's rules. With DATAPULSE_TEST_SHOTS=FOLDER each page is
// pictured there.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { Installation } from '../harness/installation.ts'
import {
  hardships,
  inspect,
  Browsers,
  shots,
  type Sight,
  signIn,
  skipWithoutChromium,
  type Watched,
} from './browser.ts'
import { sendTraffic } from './traffic.ts'

const patienceMs = 30_000

describe('the console', { skip: skipWithoutChromium }, () => {
  let server: Installation
  let english: Watched
  let page: Page
  let key = ''
  const browsers = new Browsers()

  before(async () => {
    server = await Installation.open()
    key = await server.key('casino', { name: 'backend' })
    await server.key('casino', { name: 'staging', mode: 'test', expires_at: '7d' })
    await sendTraffic(server, key, Date.now())
    english = await browse({ width: 1280 })
    page = english.page
  })
  after(async () => {
    await browsers.close()
    await server?.close()
  })

  const browse = (sight: Sight) => browsers.open(server, sight, patienceMs)
  /** `ready`: a text that is there when the page has what it shows. */
  const look = async (at: Page, path: string, ready: string | RegExp, picture: string) => {
    await at.goto(`${server.adminUrl}/#${path}`)
    await at.getByText(ready).first().waitFor()
    await inspect(at, picture)
  }

  it('signs in with the token, which stays nowhere in the browser', async () => {
    const submit = page.getByRole('button', { name: 'Sign in' })
    await page.getByLabel('Token').first().waitFor()
    assert.deepEqual(await hardships(page), [])
    if (shots !== undefined) await page.screenshot({ path: join(shots, 'en-sign-in.png') })
    await page.locator('input[type=password]').fill('not-the-token-of-it')
    await submit.click()
    await page.getByText('This token is not right').waitFor()
    await signIn(page, server.adminToken)
    const kept = String(
      await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])'),
    )
    const cookies = await english.context.cookies()
    assert.ok(!kept.includes(server.adminToken) && !JSON.stringify(cookies).includes(server.adminToken))
    assert.deepEqual(
      cookies.map(({ httpOnly, sameSite }) => [httpOnly, sameSite]),
      [[true, 'Strict']],
    )
  })

  it('shows every page in English on a wide screen', async () => {
    await look(page, '/casino/overview', 'What needs attention', 'en-1280-overview')
    await page.getByText('Active', { exact: true }).waitFor()
    const chart = page.getByRole('slider', { name: 'Events of each hour' })
    await chart.press('Home')
    assert.match((await chart.getAttribute('aria-valuetext')) ?? '', /^00:00, Yesterday \d.*, Today \d/)
    await chart.press('End')
    while (!/Today/.test((await chart.getAttribute('aria-valuetext')) ?? '')) await chart.press('ArrowLeft')
    assert.match((await chart.getAttribute('aria-valuetext')) ?? '', /Today [\d,]+ \(so far\)$/)
    await page
      .getByText(/withdraw|are missing|were refused/)
      .first()
      .waitFor()
    await look(page, '/casino/events', 'Not yet seen', 'en-1280-events')
    const row = page.getByRole('row', { name: /^withdraw/ })
    assert.match((await row.textContent()) ?? '', /Errors.*12/)
    await page.getByRole('button', { name: /^Errors/ }).click()
    assert.equal(await page.getByRole('row').count(), 2, 'the head, and withdraw')
    await page.getByRole('link', { name: 'withdraw' }).click()
    await page.getByRole('columnheader', { name: 'Received' }).waitFor()
    assert.equal(await page.getByRole('combobox', { name: 'Event name' }).inputValue(), 'withdraw')
    await look(page, '/casino/live', / since /, 'en-1280-live')
    await look(page, '/casino/keys', 'backend', 'en-1280-keys')
    await look(page, '/casino/help', 'What to change in the sender', 'en-1280-help')
    await look(page, '/demo/overview', 'Nothing has come yet', 'en-1280-pending')
  })

  it('shows every page in Chinese on a narrow screen, dark', async () => {
    const chinese = await browse({ width: 390, dark: true, locale: 'zh-TW' })
    const narrow = chinese.page
    await narrow.getByText('登入 DataPulse').waitFor()
    assert.deepEqual(await hardships(narrow), [])
    await signIn(narrow, server.adminToken)
    assert.equal(await narrow.locator('html').getAttribute('lang'), 'zh-Hant')
    await look(narrow, '/casino/overview', '需要注意的事項', 'zh-390-overview')
    const sideways = () =>
      narrow.evaluate("Math.max(...[...document.querySelectorAll('.fits')].map(at => at.scrollWidth - at.clientWidth))")
    await look(narrow, '/casino/events', '尚未出現', 'zh-390-events')
    assert.equal(await sideways(), 0)
    await look(narrow, '/casino/live', /起共/, 'zh-390-live')
    assert.equal(await sideways(), 0)
    await look(narrow, '/casino/keys', 'backend', 'zh-390-keys')
    assert.equal(await sideways(), 0)
    await look(narrow, '/casino/rejected', 'currency', 'zh-390-rejected-causes')
    assert.equal(await sideways(), 0)
    await look(narrow, '/casino/access', 'datapulse serve', 'zh-390-access')
    assert.equal(await sideways(), 0)
    await look(narrow, '/casino/help', '傳送程式應如何修改', 'zh-390-help')
    await look(narrow, '/demo/overview', '尚未收到任何事件', 'zh-390-pending')
    await narrow.getByRole('button', { name: '語言' }).click()
    await narrow.getByRole('menuitem', { name: 'English' }).click()
    await narrow.reload()
    await narrow.getByText('Nothing has come yet').waitFor()
    assert.deepEqual(chinese.faults, [])
    await chinese.close()
  })

  it('makes a product and a key, shows it once, and asks before it is revoked', async () => {
    await page.goto(`${server.adminUrl}/#/casino/keys`)
    await page.getByRole('button', { name: 'New product' }).click()
    await page.getByLabel('Name of the product').fill('Not A Name')
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByText(/must be a product id/).waitFor()
    await page.getByLabel('Name of the product').fill('poker')
    await page.keyboard.press('Enter')
    await page.getByText('This product has no key').waitFor()
    await page.getByRole('button', { name: 'New key' }).first().click()
    await page.getByLabel('Name', { exact: false }).first().fill('front door')
    assert.deepEqual(await hardships(page), [])
    await page.getByRole('button', { name: 'Create' }).click()
    const secret = (await page.getByTestId('secret').textContent())?.trim() ?? ''
    assert.match(secret, /^dp_live_[a-z2-7]{40}$/)
    if (shots !== undefined) await page.screenshot({ path: join(shots, 'en-1280-new-key.png') })
    await page.getByRole('button', { name: 'I have kept it' }).click()
    await page.getByRole('row', { name: /front door/ }).waitFor()
    assert.ok(!(await page.content()).includes(secret))

    const event = { event_name: 'login', client_user_id: 'u', timestamp: Date.now(), ip_address: '203.0.113.1' }
    await page.goto(`${server.adminUrl}/#/poker/overview`)
    await page.getByText('Pending', { exact: true }).waitFor()
    assert.equal((await server.post('/v2/s2s/event', secret, JSON.stringify(event))).status, 200)
    await page.getByText('Active', { exact: true }).waitFor()

    await page.goto(`${server.adminUrl}/#/poker/keys`)
    await page.getByRole('button', { name: 'Revoke: front door' }).click()
    await page.getByText('It is the last key with which this product can send').waitFor()
    assert.deepEqual(await hardships(page), [])
    if (shots !== undefined) await page.screenshot({ path: join(shots, 'en-1280-revoke.png') })
    await page.getByRole('button', { name: 'Revoke', exact: true }).click()
    await page.getByText('front door was revoked.').waitFor()
    const [made] = (await server.admin('/api/keys?product=poker')).body['keys'] as { state: string }[]
    assert.equal(made?.state, 'revoked')
  })

  it('says what to send, with the address of this server and no key', async () => {
    await page.goto(`${server.adminUrl}/#/casino/help`)
    await page.getByText('What to change in the sender').first().waitFor()
    for (const language of ['curl', 'TypeScript', 'Python', 'PHP', 'Java', 'Go']) {
      await page.getByText(language, { exact: true }).locator('visible=true').first().click()
      const text = (await page.locator('pre').first().textContent()) ?? ''
      assert.ok(text.includes(`${server.url}/v2/s2s/event`) && text.includes('YOUR_API_KEY'), language)
      assert.ok(text.includes('transaction_id') && !text.includes('dp_live_'), language)
    }
  })

  it('shows events as they come, to all tabs by one stream: filtered, and opened', async () => {
    const { context } = english
    const lounge = await server.key('lounge', { rate_limit: 600 })
    const send = async (user: string, more: object = {}) => {
      const event = { event_name: 'login', client_user_id: user, timestamp: Date.now(), ip_address: '203.0.113.1' }
      assert.equal((await server.post('/v2/s2s/event', lounge, JSON.stringify({ ...event, ...more }))).status, 200)
    }
    const deposit = { event_name: 'deposit', amount: 50, currency: 'USD', transaction_id: 'tx_seen', user_agent: 'x' }
    const rowOf = (at: Page, user: string, name = 'login') =>
      at.getByRole('button', { name: `Open ${name} of ${user}`, exact: true })
    let streams = 0
    context.on('request', request => {
      if (request.url().includes('/api/events/stream')) streams += 1
    })
    // A page that was there knows nothing of the product yet.
    await page.goto('about:blank')
    await page.goto(`${server.adminUrl}/#/lounge/live`)
    await page.getByText('Each event appears here within').waitFor()
    assert.deepEqual(await hardships(page), [])
    await send('first')
    await rowOf(page, 'first').waitFor()

    const second = await context.newPage()
    second.setDefaultTimeout(patienceMs)
    const before = streams
    await second.goto(`${server.adminUrl}/#/lounge/live`)
    await rowOf(second, 'first').waitFor()
    await send('shared')
    await rowOf(second, 'shared').waitFor()
    await rowOf(page, 'shared').waitFor()
    assert.equal(streams, before, 'the second tab opened none')
    await page.goto(`${server.adminUrl}/#/lounge/help`)
    await send('inherited')
    await rowOf(second, 'inherited').waitFor()
    assert.equal(streams, before + 1, 'it took over when the first went')
    await second.close()

    await page.goto(`${server.adminUrl}/#/lounge/live`)
    await page.getByLabel('User').fill('wanted')
    await page.getByText('No event like this has come').waitFor()
    await send('unwanted')
    await send('wanted')
    await rowOf(page, 'wanted').waitFor()
    assert.equal(await rowOf(page, 'unwanted').count(), 0)
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await rowOf(page, 'unwanted').waitFor()

    await send('payer', deposit)
    await send('payer', { ...deposit, amount: 60 })
    await rowOf(page, 'payer', 'deposit').focus()
    await page.keyboard.press('Enter')
    await page.getByText('"transaction_id":"tx_seen"').waitFor()
    await page.getByText('Stored: it is counted').waitFor()
    await page.getByText('amount: sent 60, stands 50').waitFor()
    assert.deepEqual(await hardships(page), [])
    if (shots !== undefined) await page.screenshot({ path: join(shots, 'en-1280-live-opened.png') })
    await page.keyboard.press('Escape')
  })

  it('goes on showing what it knew while the server cannot be reached, and says so', async () => {
    await page.goto(`${server.adminUrl}/#/casino/overview`)
    await page.getByText('a second').waitFor()
    await page.route('**/api/**', route => route.abort())
    await page
      .getByText(/This is what was known at/)
      .first()
      .waitFor()
    assert.deepEqual(await hardships(page), [])
    assert.equal(await page.getByText('a second').count(), 1)
    await page.unroute('**/api/**')
    await page
      .getByText(/This is what was known at/)
      .first()
      .waitFor({ state: 'detached' })
  })

  it('lets a viewer look and change nothing, by keyboard alone', async () => {
    await look(page, '/casino/access', 'this one', 'en-1280-access')
    await page.getByRole('button', { name: 'New viewer' }).click()
    await page.getByLabel('Who it is').fill('Support')
    await page.keyboard.press('Enter')
    const token = (await page.getByTestId('secret').textContent())?.trim() ?? ''
    await page.getByRole('button', { name: 'I have kept it' }).click()
    const viewer = await browse({ width: 1280, dark: true })
    const at = viewer.page
    await at.locator('input[type=password]').focus()
    await at.keyboard.insertText(token)
    await at.keyboard.press('Enter')
    await at.getByRole('navigation').waitFor()
    await at.reload()
    await at.getByRole('link', { name: 'Skip to the content' }).waitFor({ state: 'attached' })
    await at.keyboard.press('Tab')
    assert.equal(await at.evaluate('document.activeElement?.className'), 'skip')
    await look(at, '/casino/keys', 'You are a viewer', 'en-1280-dark-viewer')
    assert.equal(await at.getByRole('button', { name: /^(New|Revoke)/ }).count(), 0)
    assert.equal(await at.getByRole('link', { name: 'Access' }).count(), 0)
    const status = await at.evaluate(
      async () => (await fetch('/api/products', { method: 'POST', body: '{"id":"x"}' })).status,
    )
    assert.equal(status, 403)
    // Their session ends with them.
    await at.goto(`${server.adminUrl}/#/casino/overview`)
    await at.getByText('a second').waitFor()
    await page.getByRole('button', { name: 'Remove: Support' }).click()
    await page.getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByText('Support was removed.').waitFor()
    await at.getByText('The session is over').waitFor()
    // All of it is on record, what was refused too.
    const recorded = page.getByRole('region', { name: 'Audit log' }).getByRole('row')
    await recorded.filter({ hasText: 'Removed a viewer' }).filter({ hasText: 'viewer_' }).waitFor()
    await recorded.filter({ hasText: 'Made a viewer' }).filter({ hasText: 'Support' }).waitFor()
    await page.getByRole('button', { name: 'Check that it is whole' }).click()
    await page.getByText(/^It is whole: each/).waitFor()
    await inspect(page, 'en-1280-access-audit')
    await page.getByRole('combobox', { name: 'Only' }).selectOption('key.create')
    await recorded.filter({ hasText: 'viewer' }).first().waitFor({ state: 'detached' })
    assert.equal(await recorded.filter({ hasText: 'Made a key' }).count(), (await recorded.count()) - 1)
    await page.getByText('Turned away', { exact: true }).click()
    await recorded.filter({ hasText: 'READ_ONLY' }).filter({ hasText: '/api/products' }).waitFor()
    assert.deepEqual(viewer.faults, [])
    await viewer.close()
  })

  it('signs out, and did nothing wrong all the while', async () => {
    await page.getByRole('button', { name: 'Account' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.locator('input[type=password]').waitFor()
    assert.deepEqual(await english.context.cookies(), [])
    assert.deepEqual(english.faults, [])
  })
})
