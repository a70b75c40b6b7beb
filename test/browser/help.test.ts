// Does the help center say, for each cause, what to change in the sender? A partner that does everything wrong sends to a real
// server; a real Chromium opens each check and finds the fix with what that partner sent: its names, its limit, its keys by their
// first characters. With DATAPULSE_TEST_SHOTS=FOLDER the page is pictured there.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { Installation, until } from '../harness/installation.ts'
import { inspect, Browsers, shots, type Sight, signIn, skipWithoutChromium, type Watched } from './browser.ts'

describe('the fixes of the help center', { skip: skipWithoutChromium }, () => {
  let server: Installation
  let english: Watched
  let page: Page
  const browsers = new Browsers()
  const secrets: string[] = []

  before(async () => {
    server = await Installation.open()
    const old = await server.key('casino', { name: 'old' })
    const key = await server.key('casino', { name: 'backend', rate_limit: 20 })
    secrets.push(old, key)
    await sendAllWrong(server, key)
    const { body } = await server.admin('/api/keys?product=casino')
    const [{ id }] = body['keys'] as [{ id: string }]
    await server.admin(`/api/keys/${id}`, { method: 'DELETE' })
    const triedAgain = async (path: string) => (await server.post(path, old, '{}')).status === 401
    await until('the old key has ended', () => triedAgain('/v2/s2s/event?dryrun'))
    assert.ok(await triedAgain('/v2/s2s/event'))
    await server.drained()
    const wanted = [
      'keys',
      'rate_limit',
      'schema',
      'duplicates',
      'conflicts',
      'click_id',
      'clock',
      'names',
      'settlement',
    ]
    await until('all of it is counted', async () => {
      const told = await server.admin('/api/diagnostics?product=casino')
      const checks = told.body['checks'] as { check: string; verdict: string }[]
      const bad = checks.filter(({ verdict }) => verdict === 'problem' || verdict === 'attention')
      return wanted.every(name => bad.some(({ check }) => check === name))
    })
    english = await browse({ width: 1280 })
    page = english.page
    await signIn(page, server.adminToken)
    await page.goto(`${server.adminUrl}/#/casino/help`)
    await page.getByText('Events are lost, or count wrongly, until somebody does something').waitFor()
  })
  after(async () => {
    await browsers.close()
    await server?.close()
  })

  const browse = (sight: Sight) => browsers.open(server, sight)
  /** Opens a check by its question; gives what it says to change. */
  const fixOf = async (question: string): Promise<Locator> => {
    const control = page.getByRole('button', { name: question })
    if ((await control.getAttribute('aria-expanded')) !== 'true') await control.click()
    const panel = page.getByRole('region', { name: question }).getByTestId('fix')
    await panel.waitFor()
    return panel
  }
  const marked = (fix: Locator) => fix.locator('mark').allTextContents()

  it('a field that is missing: the event that lacks it, its right name, and the name that was sent', async () => {
    const fix = await fixOf('Have events what they need')
    await fix.getByText('Every withdraw must have ip_address.').waitFor()
    await fix.locator('del', { hasText: '"ipAddress"' }).waitFor()
    assert.equal(await fix.locator('ins').textContent(), '"ip_address"')
    assert.deepEqual(await marked(fix), ['"ip_address": "203.0.113.7",'])
    assert.match((await fix.textContent()) ?? '', /"event_name": "withdraw"/)
    if (shots !== undefined) await page.screenshot({ path: join(shots, 'en-1280-help-schema.png'), fullPage: true })
  })

  it('a key that has ended: the one that may send, by its first characters', async () => {
    const fix = await fixOf('Do requests come with a key that may send?')
    await fix.getByText(/put the key backend \(dp_live_[a-z2-7]{4}…\) into DATAPULSE_API_KEY/).waitFor()
    const code = (await fix.textContent()) ?? ''
    assert.ok(code.includes('$DATAPULSE_API_KEY') && secrets.every(secret => !code.includes(secret)))
  })

  it('a limit that was reached: the limit of that key, a wait as Retry-After says, in each language', async () => {
    const fix = await fixOf('Does a key send more than it may?')
    await fix.getByText(/since this key may send 20 a minute/).waitFor()
    for (const [language, wanted] of [
      ['curl', '--retry 8'],
      ['TypeScript', 'await sleep(3000) // before the next request'],
      ['Python', 'time.sleep(3)  # before the next request'],
      ['PHP', 'usleep(3000 * 1000)'],
      ['Java', 'Thread.sleep(3000)'],
      ['Go', 'time.Sleep(3000 * time.Millisecond)'],
    ] as const) {
      await fix.getByText(language, { exact: true }).click()
      await fix.locator('mark', { hasText: wanted }).waitFor()
    }
    await fix.getByText('curl', { exact: true }).click()
    await page.getByText('See how much of its limit this key uses').click()
    await page.getByText(/^Refused 8 requests/).waitFor()
    await page.goBack()
  })

  it('names, clocks, duplicates, conflicts, coverage and settlement, each with its own', async () => {
    const names = await fixOf('Is a known event nearly, but not quite, named?')
    assert.equal(await names.locator('del').textContent(), '"Deposit"')
    assert.deepEqual(await marked(names), ['"event_name": "deposit",'])
    const clock = await fixOf('Is the partner’s clock right?')
    assert.ok((await marked(clock)).includes('"timestamp": $(date +%s),'))
    const twice = await fixOf('How much comes again?')
    assert.ok((await marked(twice)).some(line => line.includes('"transaction_id"')))
    const conflicts = await fixOf('Does anything come again with another amount')
    await conflicts.getByText(/^One transaction_id is one transaction/).waitFor()
    const clicks = await fixOf('Can registrations be told by campaign?')
    assert.deepEqual(await marked(clicks), ['"click_id": "click_42",'])
    const bets = await fixOf('Do bets have results?')
    assert.deepEqual(await marked(bets), ['"parent_transaction_id": "tx_1000"'])
    await inspect(page, 'en-1280-help-all')
    const text = (await page.textContent('body')) ?? ''
    assert.ok(secrets.every(secret => !text.includes(secret)))
    assert.deepEqual(english.faults, [])
  })

  it('is as good in Chinese on a narrow screen, dark', async () => {
    const chinese = await browse({ width: 390, dark: true, locale: 'zh-TW' })
    const narrow = chinese.page
    await signIn(narrow, server.adminToken)
    await narrow.goto(`${server.adminUrl}/#/casino/help`)
    await narrow.getByRole('button', { name: '事件欄位是否齊全' }).click()
    await narrow.getByText('每筆 withdraw 都必須包含 ip_address。').waitFor()
    await inspect(narrow, 'zh-390-help-schema')
    const named = await narrow.locator('dt, [role=region] th').allTextContents()
    assert.deepEqual(
      named.filter(name => /_/.test(name)),
      [],
      'every number has words',
    )
    assert.ok(named.length > 20)
    assert.deepEqual(chinese.faults, [])
  })
})

/** 20 requests that are counted, and then some that are over the limit. */
async function sendAllWrong(server: Installation, key: string): Promise<void> {
  const now = Math.floor(Date.now() / 1_000)
  const user = { client_user_id: 'user_1', timestamp: now, ip_address: '203.0.113.1' }
  const money = { ...user, currency: 'USD' }
  const post = async (path: string, body: unknown, status: number) => {
    const reply = await server.post(path, key, JSON.stringify(body))
    assert.equal(reply.status, status, JSON.stringify(reply.body))
  }
  const logins = Array.from({ length: 9 }, (_, n) => ({ ...user, event_name: 'login', message_id: `m_${n}` }))
  const bets = Array.from({ length: 6 }, (_, n) => {
    return {
      ...money,
      event_name: 'bet',
      transaction_id: `tx_${n}`,
      amount: 5,
      bet_result: 'loss',
      bet_result_amount: -5,
    }
  })
  const wins = Array.from({ length: 4 }, (_, n) => {
    return { ...money, event_name: 'win', transaction_id: `win_${n}`, amount: 9 }
  })
  await post('/v2/s2s/batch', [...logins, ...bets, ...wins], 200)
  // The same bets again, two of them with another amount.
  await post('/v2/s2s/batch', bets, 200)
  await post(
    '/v2/s2s/batch',
    bets.slice(0, 2).map(bet => ({ ...bet, amount: 7 })),
    200,
  )
  await post('/v2/s2s/event', { ...money, event_name: 'Deposit', transaction_id: 'd_1', amount: 50 }, 200)
  const ahead = { ...user, event_name: 'login', timestamp: now + 8 * 3_600 }
  await post(
    '/v2/s2s/batch',
    [1, 2].map(n => ({ ...ahead, message_id: `ahead_${n}` })),
    200,
  )
  const { ip_address, ...withoutAddress } = { ...money, event_name: 'withdraw', amount: 20 }
  for (let n = 0; n < 15; n++)
    await post('/v2/s2s/event', { ...withoutAddress, transaction_id: `w_${n}`, ipAddress: ip_address }, 400)
  for (let n = 0; n < 8; n++) await post('/v2/s2s/event', logins[0], 429)
}
