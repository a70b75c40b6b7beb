// Can an operator try the API out? A real Chromium composes requests for a real server as a form and as text, sends them dry and
// for real, with a key that is pasted and with one that lives a quarter of an hour, follows each reply back to what was wrong,
// and finds its key nowhere afterwards: not in the browser, not in the address, not in the server's logs.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { Installation } from '../harness/installation.ts'
import { inspect, Browsers, shots, type Sight, signIn, skipWithoutChromium, type Watched } from './browser.ts'

const patienceMs = 30_000

describe('the page that tries the API out', { skip: skipWithoutChromium }, () => {
  let server: Installation
  let english: Watched
  let page: Page
  let live = ''
  const browsers = new Browsers()

  before(async () => {
    server = await Installation.open()
    live = await server.key('casino', { name: 'backend' })
    english = await browse({ width: 1280 }, server.adminToken)
    page = english.page
  })
  after(async () => {
    await browsers.close()
    await server?.close()
  })

  const browse = async (sight: Sight, token: string): Promise<Watched> => {
    const watched = await browsers.open(server, sight, patienceMs)
    await watched.page.goto(`${server.adminUrl}/#/casino/try`)
    await signIn(watched.page, token)
    return watched
  }
  const picture = async (at: Page, name: string) => {
    if (shots !== undefined) await at.screenshot({ path: join(shots, `${name}.png`), fullPage: true })
  }
  const body = () => page.getByLabel('Body', { exact: true })
  const text = () => body().inputValue()
  const field = (name: string) => page.getByTestId('form').locator(`#try-field-${name}`)
  const begin = (name: string) =>
    page.getByRole('group', { name: 'Begin with an example' }).getByRole('button', { name, exact: true }).click()
  const mistake = async (name: string) => {
    await page.getByRole('button', { name: 'Try a mistake' }).click()
    await page.getByRole('menuitem', { name, exact: true }).click()
  }
  const reply = (at = page) => at.getByTestId('reply')
  /** Sends, and gives when the reply to it is there. */
  const send = async (how: 'Send as a dry run' | 'Send for real') => {
    const before = await page.getByTestId('history').getByRole('row').count()
    await page.getByRole('button', { name: how, exact: true }).click()
    await page.getByTestId('history').getByRole('row').nth(Math.max(1, before)).waitFor()
  }
  const says = (what: string | RegExp) => reply().getByText(what).first().waitFor()

  it('begins with a request that is right, and form and text follow each other', async () => {
    await page.getByText('The contract takes this.').waitFor()
    await page.getByText('Nothing has been sent yet').waitFor()
    await picture(page, 'en-1280-try-begin')
    await begin('bet')
    assert.deepEqual(JSON.parse(await text())['event_name'], 'bet')
    await field('amount').fill('12.50')
    assert.match(await text(), /"amount": 12\.50,/)
    await field('amount').fill('a lot')
    assert.match(await text(), /"amount": "a lot",/)
    await page.getByText('amount must be a number').first().waitFor()
    await field('currency').fill('')
    assert.ok(!(await text()).includes('"currency"'))

    await body().fill('{"event_name":"login","client_user_id":7,"timestamp":1700000000,"vip":[1.50]}')
    assert.equal(await field('client_user_id').inputValue(), '7')
    assert.equal(await field('vip').inputValue(), '[1.50]')
    await page.getByText('ip_address is required').first().waitFor()
    await page.getByRole('button', { name: 'The present time: timestamp' }).click()
    const { timestamp } = JSON.parse(await text()) as { timestamp: number }
    assert.ok(Math.abs(Date.now() - timestamp) < 600_000)
    assert.match(await text(), /"vip": \[\n\s+1\.50\n/)
  })

  it('has no reply without a key but that one is missing', async () => {
    await send('Send as a dry run')
    await says('401 Unauthorized')
    await says('The API knows no such key')
  })

  it('makes a test key for a quarter of an hour', async () => {
    await page.getByRole('button', { name: 'Make a test key for 15 minutes' }).click()
    await page
      .getByTestId('test-key')
      .getByText(/ends in 1[45]:\d\d/)
      .waitFor()
    const keys = (await server.admin('/api/keys?product=casino')).body['keys'] as Record<string, string>[]
    const made = keys.find(({ name }) => name === 'Try it, 15 minutes')!
    assert.equal(made['mode'], 'test')
    assert.ok(Date.parse(made['expires_at']!) - Date.now() <= 900_000)
    const [act] = (await server.admin('/api/audit?act=key.create&limit=1')).body['audit'] as { target: string }[]
    assert.equal(act?.target, made['id'])
  })

  it('leads from each violation to its field, until there is none', async () => {
    await begin('deposit')
    await field('amount').fill('1,000')
    await field('ip_address').fill('')
    await send('Send as a dry run')
    await says('400 Bad Request')
    await says('2 things to put right')
    await picture(page, 'en-1280-try-violations')
    await reply().getByRole('button', { name: 'Go to ip_address' }).click()
    assert.equal(await page.evaluate('document.activeElement.id'), 'try-field-ip_address')
    await page.keyboard.type('203.0.113.9')
    await reply().getByRole('button', { name: 'Go to amount' }).click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('1000')
    await page.keyboard.press('ControlOrMeta+Enter')
    await says('It would be accepted. Nothing was stored.')
    await says('"misspelledFields": []')
    await reply().getByRole('tab', { name: 'Headers' }).click()
    await says('x-ingest-mode')
    await reply().getByRole('tab', { name: 'Request as sent' }).click()
    const request = (await page.getByTestId('request').textContent()) ?? ''
    assert.match(request, /^POST \/v2\/s2s\/event\?dryrun HTTP\/1\.1\n/)
    assert.match(request, /\nX-API-Key: dp_test_\w{4}…\n/)
    assert.ok(request.endsWith(await text()))
    assert.deepEqual(await server.events(), [])
  })

  it('shows mistakes by one click each, and mends those that would have been taken', async () => {
    await mistake('userAgent in place of user_agent')
    await send('Send as a dry run')
    await says('Was user_agent meant?')
    await picture(page, 'en-1280-try-hints')
    await reply().getByRole('button', { name: 'Rename to user_agent' }).click()
    assert.ok((await text()).includes('"user_agent"') && !(await text()).includes('userAgent'))
    await mistake('Deposit in place of deposit')
    await send('Send as a dry run')
    await reply().getByRole('button', { name: 'Use deposit' }).click()
    assert.equal(JSON.parse(await text())['event_name'], 'deposit')

    await mistake('A comma too many')
    await page.getByText('This is not JSON').waitFor()
    const broken = await text()
    await send('Send as a dry run')
    await says('INVALID_JSON')
    await reply().getByRole('tab', { name: 'Request as sent' }).click()
    assert.ok(((await page.getByTestId('request').textContent()) ?? '').endsWith(broken), 'sent as it was')
    await reply().getByRole('button', { name: 'Go to Body' }).click()
    const place = 'document.activeElement.value.slice(document.activeElement.selectionStart)'
    assert.equal(await page.evaluate(place), '}', 'where it stops being JSON')
    await picture(page, 'en-1280-try-broken')
  })

  it('sends a batch, the good of it alone, and finds the event that is bad', async () => {
    await mistake('One bad event in a batch')
    await page.getByText('Event 1 of 3').waitFor()
    await page.getByLabel('Keep the good events of the batch').check()
    await page.getByText('POST /v2/s2s/batch?dryrun&partial=1', { exact: true }).waitFor()
    await send('Send as a dry run')
    await says('Events are bad: 1 thing to put right.')
    await reply().getByRole('button', { name: 'Go to currency' }).click()
    await page.getByText('Event 2 of 3').waitFor()
    assert.equal(await page.evaluate('document.activeElement.id'), 'try-field-currency')
    await page.keyboard.type('EUR')
    await page.getByText('The contract takes this.').waitFor()
    await picture(page, 'en-1280-try-batch')
    await page.getByRole('button', { name: 'Add an event' }).click()
    await page.getByText('Event 4 of 4').waitFor()
    await page.getByRole('radiogroup', { name: 'Send' }).getByText('One event').click()
    assert.ok(!Array.isArray(JSON.parse(await text())))
  })

  it('sends for real with the test key, and follows it until it is stored', async () => {
    await begin('deposit')
    await field('client_user_id').fill('tried_out')
    await page.getByLabel('Idempotency-Key', { exact: true }).fill('once-only')
    await page.getByRole('radiogroup', { name: 'How' }).getByText('For real').click()
    await page.getByText('marked as test, and counts in no report').waitFor()
    await send('Send for real')
    await says('Accepted: it is durable.')
    await page.getByTestId('became').getByText('Stored · 1').waitFor()
    await inspect(page, 'en-1280-try-stored')
    await page.getByRole('button', { name: 'Open the event' }).click()
    await page.getByText('deposit · tried_out').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Live events' }).last().click()
    await page.getByRole('button', { name: 'Open deposit of tried_out', exact: true }).waitFor()
    const [event] = await server.events()
    assert.deepEqual([event?.['mode'], event?.['client_user_id']], ['test', 'tried_out'])
    const [act] = (await server.admin('/api/audit?act=try.send&limit=1')).body['audit'] as Record<string, unknown>[]
    assert.deepEqual([act?.['product'], act?.['outcome']], ['casino', 'done'])
    assert.deepEqual(act?.['values'], { to: 'event', mode: 'test', status: 200, request_id: event?.request_id })
  })

  it('keeps what was composed and sent while one looks elsewhere, but no key', async () => {
    await page.goBack()
    await page.getByTestId('history').waitFor()
    assert.equal(await field('client_user_id').inputValue(), 'tried_out')
    assert.equal(await page.getByLabel('API key', { exact: true }).inputValue(), '')
    await page.getByText('Without a key the API answers 401.').waitFor()
    await page.getByRole('button', { name: 'Send as a dry run' }).waitFor()
  })

  it('asks before it sends for real with a live key, and keeps it nowhere', async () => {
    await page.getByLabel('API key', { exact: true }).fill(live)
    await page.getByText('A live key: what is sent for real counts.').waitFor()
    await send('Send as a dry run')
    await page.getByRole('radiogroup', { name: 'How' }).getByText('For real').click()
    await page.getByRole('button', { name: 'Send for real', exact: true }).click()
    await page.getByText('This key is no test key.').waitFor()
    await picture(page, 'en-1280-try-asking')
    await page.getByRole('dialog').getByRole('button', { name: 'Send for real' }).click()
    await page.getByTestId('became').getByText('Stored · 1').waitFor()
    await page.getByText('Go', { exact: true }).click()
    const code = (await page.getByTestId('code').textContent()) ?? ''
    assert.ok(code.includes('YOUR_API_KEY') && code.includes('"Idempotency-Key"') && !code.includes(live))
    assert.equal((await server.events('&mode=live')).length, 1)
    await picture(page, 'en-1280-try-all')

    const wrong = `${live.slice(0, -4)}zzzz`
    await page.getByLabel('API key', { exact: true }).fill(wrong)
    await page.getByRole('radiogroup', { name: 'How' }).getByText('Dry run').click()
    await send('Send as a dry run')
    await says('401 Unauthorized')
    await page.getByLabel('API key', { exact: true }).fill(live)
    await send('Send as a dry run')
    await says('200 OK')

    const stores =
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state])'
    const kept = String(await page.evaluate(stores))
    const drawn = await page.evaluate('document.documentElement.outerHTML.replaceAll(/ value="[^"]*"/g, "")')
    await server.drained()
    for (const secret of [live, wrong]) {
      assert.ok(!kept.includes(secret) && !String(drawn).includes(secret))
      assert.ok(!server.output.join('').includes(secret), 'the log of the server')
      for (const file of filesIn(server.dataDir)) assert.ok(!readFileSync(file).includes(secret), file)
    }
    await page.reload()
    await page.getByLabel('API key', { exact: true }).waitFor()
    assert.equal(await page.getByLabel('API key', { exact: true }).inputValue(), '')
    await page.getByText('Nothing has been sent yet').waitFor()
    assert.deepEqual(english.faults, [])
  })

  it('revokes a test key at once', async () => {
    await page.getByRole('button', { name: 'Make a test key for 15 minutes' }).click()
    await page.getByRole('button', { name: 'Revoke it now' }).click()
    await page.getByText('The test key was revoked.').waitFor()
    const keys = (await server.admin('/api/keys?product=casino')).body['keys'] as { name: string; state: string }[]
    const states = keys.filter(({ name }) => name === 'Try it, 15 minutes').map(({ state }) => state)
    assert.deepEqual(states.toSorted(), ['active', 'revoked'])
  })

  it('speaks Chinese on a narrow screen, dark', async () => {
    const chinese = await browse({ width: 390, dark: true, locale: 'zh-TW' }, server.adminToken)
    const { page: narrow } = chinese
    await narrow.getByText('內容符合規格。').waitFor()
    await picture(narrow, 'zh-390-try-begin')
    await narrow.getByRole('button', { name: '建立 15 分鐘的測試金鑰' }).click()
    await narrow.getByTestId('test-key').waitFor()
    await narrow.getByRole('button', { name: '試試常見錯誤' }).click()
    await narrow.getByRole('menuitem', { name: '缺少 ip_address' }).click()
    await narrow.getByRole('button', { name: '試跑', exact: true }).click()
    await reply(narrow).getByText('遭拒：有 1 處需要修正').waitFor()
    await inspect(narrow, 'zh-390-try-violations')
    assert.deepEqual(chinese.faults, [])
    await chinese.close()
  })

  it('lets a viewer do dry runs, and no more; and says when the API is away', async () => {
    const made = await server.admin('/api/viewers', { json: { name: 'Support desk' } })
    const viewer = await browse({ width: 1280 }, String(made.body['token']))
    const { page: theirs } = viewer
    await theirs.getByText('You are a viewer: you may do dry runs.').waitFor()
    assert.equal(await theirs.getByRole('button', { name: 'Make a test key' }).count(), 0)
    assert.ok(await theirs.getByRole('radio', { name: 'For real' }).isDisabled())
    await theirs.getByLabel('API key', { exact: true }).fill(live)
    await theirs.getByRole('button', { name: 'Send as a dry run' }).click()
    await reply(theirs).getByText('It would be accepted').waitFor()
    await inspect(theirs, 'en-1280-try-viewer')

    server.kill('api')
    await theirs.getByRole('button', { name: 'Send as a dry run' }).click()
    await reply(theirs).getByText('The API cannot be reached from this machine: nothing was sent.').waitFor()
    await server.ready()
    assert.deepEqual(viewer.faults, [])
  })
})

/** Whatever the server has written. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
}
