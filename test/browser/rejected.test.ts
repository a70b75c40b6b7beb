// Can an operator get back what a partner sent wrongly? A real Chromium finds refused requests by what is wrong with them, looks
// at one, gives its keys other names, does a dry run, sends it again and sees it stored, once; then all of that cause together.
// What partners sent does nothing in the page. With DATAPULSE_TEST_SHOTS=FOLDER each page is pictured there.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import type { Violation } from '../../contract/contract.ts'
import { violationInChinese } from '../../console/src/words/violations.ts'
import { ruleExamples } from '../../tools/error-guide/examples.ts'
import { Installation } from '../harness/installation.ts'
import { hardships, inspect, Browsers, type Sight, signIn, skipWithoutChromium, type Watched } from './browser.ts'

const hostile = '<img src=x onerror="document.title=1"><script>document.title=1</script>\u202e'

describe('rejected and parked in the console', { skip: skipWithoutChromium }, () => {
  let server: Installation
  let english: Watched
  let page: Page
  let key = ''
  let chinese: Watched
  /** To a request that breaks it, of each rule. */
  const answered: Violation[] = []
  const browsers = new Browsers()

  before(async () => {
    server = await Installation.open()
    key = await server.key('casino', { name: 'backend' })
    const timestamp = Math.floor(Date.now() / 1_000)
    const deposit = (n: number) => ({
      ...{ event_name: 'deposit', client_user_id: `user_${n}`, timestamp, currency: 'USD' },
      ...{ transaction_id: `tx_${n}`, ipAddress: '203.0.113.7', note: hostile },
    })
    const text = (n: number) => JSON.stringify(deposit(n)).replace('{', '{"amount":20.500000,')
    for (const n of [1, 2, 3]) assert.equal((await server.post('/v2/s2s/event', key, text(n))).status, 400)
    assert.equal((await server.post('/v2/s2s/event', key, `deposit ${hostile}`)).status, 400)
    const good = { ...deposit(4), amount: 5, ip_address: '203.0.113.7' }
    const batch = JSON.stringify([good, { ...deposit(5), amount: 'much', ip_address: '203.0.113.7' }])
    assert.equal((await server.post('/v2/s2s/batch?partial=1', key, batch)).status, 200)
    const ofRules = await server.key('rules', { name: 'backend' })
    for (const { kind, sent } of Object.values(ruleExamples)) {
      const { status, body: refusal } = await server.post(`/v2/s2s/${kind}`, ofRules, sent)
      assert.equal(status, 400)
      answered.push((refusal['violations'] as Violation[])[0]!)
    }
    await server.drained()
    english = await browse({ width: 1280 })
    page = english.page
    await signIn(page, server.adminToken)
  })
  after(async () => {
    await browsers.close()
    await server?.close()
  })

  const browse = (sight: Sight) => browsers.open(server, sight)
  const storedOf = async (transaction: string) => (await server.events(`&transaction=${transaction}`)).length
  const sendAgain = async (events: number, picture?: string) => {
    await page.getByRole('button', { name: 'Dry run' }).click()
    await page.getByText(new RegExp(`^${events} of ${events} events? would be accepted`)).waitFor()
    if (picture !== undefined) await inspect(page, `${picture}-dry`)
    await page.getByRole('button', { name: 'Send again…' }).click()
    await page.getByText(/ of .* will be sent to casino \(Live\)/).waitFor()
    assert.deepEqual(await hardships(page), [])
    await page.getByRole('button', { name: /^Send \d/ }).click()
  }

  it('leads from what is wrong in the help center to the requests that have it, by keyboard', async () => {
    await page.goto(`${server.adminUrl}/#/casino/help`)
    await page.getByText('See them, fix them and send them again').focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/rejected\?.*rule=required&field=ip_address/)
    const cause = page.getByRole('link', { name: 'ip_address', exact: true })
    await cause.waitFor()
    assert.equal(await page.getByRole('row').count(), 2, 'the head, and the cause that was asked for')
    await cause.focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/code=/)
    await page.getByRole('button', { name: 'Fix and send again: the 3 on this page' }).waitFor()
    assert.equal(await page.getByRole('row').count(), 4)
    await inspect(page, 'en-1280-rejected-list')
  })

  it('shows one with its body, mends it, says what would come of it, and sends it, once', async () => {
    await page.getByRole('row').nth(1).getByRole('link').click()
    const body = page.getByTestId('body')
    await body.waitFor()
    const text = (await body.textContent()) ?? ''
    assert.ok(text.includes('"amount": 20.500000') && text.includes('<script>') && text.includes('\\u202e'), text)
    assert.match((await body.locator('mark').textContent()) ?? '', /"ip_address".*missing/)
    assert.equal(await page.getByRole('combobox', { name: 'Sent as' }).inputValue(), 'ipAddress')
    assert.equal(await page.getByRole('combobox', { name: 'Should be' }).inputValue(), 'ip_address')
    assert.ok(await page.getByRole('button', { name: 'Send again…' }).isDisabled(), 'nothing was looked at yet')
    await page.getByRole('combobox', { name: 'Should be' }).fill('ip')
    await page.getByRole('button', { name: 'Dry run' }).click()
    await page.getByText('Nothing would be sent').waitFor()
    await page.getByRole('combobox', { name: 'Should be' }).fill('ip_address')
    assert.equal(await storedOf('tx_3'), 0)
    await sendAgain(1, 'en-1280-rejected-one')
    await page.getByText('Stored · 1').first().waitFor()
    await inspect(page, 'en-1280-rejected-sent')
    await page.getByRole('button', { name: 'Dry run' }).click()
    await page.getByText('Stored · 1').first().waitFor({ state: 'detached' })
    await sendAgain(1)
    await page.getByText('Duplicate · 1').first().waitFor()
    assert.equal(await storedOf('tx_3'), 1)
  })

  it('sends all of a cause again together, and doubles none', async () => {
    await page.goBack()
    await page.getByRole('button', { name: 'Fix and send again: the 3 on this page' }).click()
    // The first that is sent for good is not answered before it was told to stop.
    await page.route('**/api/replay', async route => {
      const { dry_run: isDry } = route.request().postDataJSON() as { dry_run: boolean }
      if (!isDry) await page.getByRole('button', { name: 'Stop' }).click()
      await route.continue()
    })
    await sendAgain(3)
    await page.getByText('Stopped: 1 of 3 requests are done').waitFor()
    await page.getByText('Stored · 1').first().waitFor()
    assert.deepEqual(
      await Promise.all(['tx_1', 'tx_2', 'tx_3'].map(storedOf)),
      [1, 0, 1],
      'what came first is sent first',
    )
    await inspect(page, 'en-1280-rejected-stopped')
    await page.unroute('**/api/replay')
    await page.getByRole('button', { name: 'Send again…' }).click()
    await page.getByRole('button', { name: /^Send \d/ }).click()
    await page.getByText('Stored · 1').first().waitFor()
    await page.getByText('Duplicate · 2').first().waitFor()
    assert.deepEqual(await Promise.all(['tx_1', 'tx_2', 'tx_3'].map(storedOf)), [1, 1, 1])
  })

  it('marks what is wrong in a batch, and shows what is no JSON as text', async () => {
    await page.goto(`${server.adminUrl}/#/casino/rejected?field=amount`)
    await page.getByRole('link', { name: 'amount', exact: true }).click()
    await page.getByRole('row').nth(1).getByRole('link').click()
    assert.match((await page.getByTestId('body').locator('mark').textContent()) ?? '', /"amount": "much"/)
    await page.getByText('1 of 2 events stand here').waitFor()
    await page.getByText('As sent', { exact: true }).click()
    assert.ok(((await page.getByTestId('body').textContent()) ?? '').startsWith('[{'))
    await page.goto(`${server.adminUrl}/#/casino/rejected`)
    await page.getByRole('row', { name: /JSON/ }).getByRole('link').click()
    await page.getByRole('row').nth(1).getByRole('link').click()
    await page.getByText('This is not JSON').waitFor()
    assert.ok(((await page.getByTestId('body').textContent()) ?? '').includes('deposit <img'))
    await page.getByRole('button', { name: 'Dry run' }).click()
    await page.getByText('1 request cannot be sent').waitFor()
    await inspect(page, 'en-1280-rejected-text')
    assert.equal(await page.locator('img[src=x], main script').count(), 0)
  })

  it('tells what is wrong in Chinese, whatever the rule, and what the API answered', async () => {
    chinese = await browse({ width: 390, dark: true, locale: 'zh-TW' })
    const narrow = chinese.page
    await signIn(narrow, server.adminToken)
    await narrow.goto(`${server.adminUrl}/#/rules/rejected`)
    const rows = narrow.getByRole('row')
    await rows.nth(answered.length).waitFor()
    const shown = (await rows.locator('td.said').allTextContents()).toSorted()
    const tell = { number: new Intl.NumberFormat('zh-Hant-TW').format }
    const wanted = answered.map(said => violationInChinese(said, tell).text)
    assert.deepEqual(shown, wanted.toSorted())
    await inspect(narrow, 'zh-390-rejected-rules')
    await narrow.getByRole('link', { name: 'event_name', exact: true }).click()
    await rows.nth(1).getByRole('link').click()
    await narrow.getByText('event_name 最多 128 個字元，此值超過上限。').waitFor()
    await narrow.getByText('event_name must be at most 128 characters: this one is longer').waitFor()
  })

  it('shows every cause in Chinese on a narrow screen, dark, and what is parked', async () => {
    const narrow = chinese.page
    await narrow.goto(`${server.adminUrl}/#/casino/rejected`)
    const cause = narrow.getByRole('link', { name: 'ip_address', exact: true })
    await cause.waitFor()
    await inspect(narrow, 'zh-390-rejected')
    await cause.click()
    await narrow.getByRole('row').nth(1).getByRole('link').click()
    await narrow.getByTestId('body').waitFor()
    await inspect(narrow, 'zh-390-rejected-one')
    await narrow.getByText('擱置', { exact: true }).click()
    await narrow.getByText('沒有擱置的事件').waitFor()
    await inspect(narrow, 'zh-390-parked-none')
    const request = '0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55'
    const parked = {
      ...{ product: 'casino', mode: 'live', key_id: 'key_1', request_id: request, position: 0, events: 1 },
      ...{ received_at: new Date().toISOString(), reason: 'warehouse_refused', detail: hostile, raw: '{"a":1}' },
    }
    await narrow.route('**/api/parked?**', route => route.fulfill({ json: { parked: [parked], next: null } }))
    await narrow.reload()
    await narrow.getByRole('link', { name: '資料倉儲拒絕寫入' }).click()
    const shown = narrow.locator('td.said')
    assert.equal(await shown.textContent(), `資料倉儲拒絕寫入${hostile.replace('\u202e', '\\u202e')}`)
    await narrow.getByRole('link', { name: `${request} #0` }).click()
    await narrow.getByText('"a": 1').waitFor()
    await inspect(narrow, 'zh-390-parked-one')
    assert.deepEqual(chinese.faults, [])
    await chinese.close()
  })

  it('lets a viewer look, and says why nothing can be sent', async () => {
    const made = await server.admin('/api/viewers', { json: { name: 'Support' } })
    const viewer = await browse({ width: 1280, dark: true })
    const at = viewer.page
    await signIn(at, String(made.body['token']))
    await at.goto(`${server.adminUrl}/#/casino/rejected`)
    await at.getByRole('link', { name: 'ip_address', exact: true }).click()
    await at.getByText('You are a viewer').waitFor()
    await at.getByRole('row').nth(1).getByRole('link').click()
    await at.getByTestId('body').waitFor()
    await at.getByText('You are a viewer').waitFor()
    assert.equal(await at.getByRole('button', { name: /Dry run|Send|Fix/ }).count(), 0)
    await inspect(at, 'en-1280-dark-rejected-viewer')
    assert.deepEqual(viewer.faults, [])
    await viewer.close()
  })

  it('says what it knew when the server cannot be reached, and that nothing is there where nothing is', async () => {
    await page.goto(`${server.adminUrl}/#/casino/rejected`)
    await page.getByRole('link', { name: 'ip_address', exact: true }).waitFor()
    await page.route('**/api/**', route => route.abort())
    await page
      .getByText(/This is what was known at/)
      .first()
      .waitFor()
    await page.getByRole('link', { name: 'ip_address', exact: true }).click()
    await page.getByText('The server does not answer').waitFor()
    assert.deepEqual(await hardships(page), [])
    await page.unroute('**/api/**')
    await page.goto(`${server.adminUrl}/#/demo/rejected`)
    await page.getByText('Nothing was rejected').waitFor()
    await inspect(page, 'en-1280-rejected-none')
    assert.deepEqual(english.faults, [])
  })
})
