// The page of reports in a real Chromium, on a real server: its numbers are the API's, its tables are sorted and saved, its days
// and currencies are in the address, and it does in both languages, on both widths, light and dark, what an operator needs.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { Installation } from '../harness/installation.ts'
import { hardships, inspect, Browsers, type Sight, signIn, skipWithoutChromium, type Watched } from './browser.ts'
import { sendTraffic } from './traffic.ts'

const patienceMs = 30_000
const dayMs = 86_400_000
const nowMs = Date.now()
const day = (offset: number) => new Date(nowMs + offset * dayMs).toISOString().slice(0, 10)

describe('the page of reports', { skip: skipWithoutChromium }, () => {
  let server: Installation
  let english: Watched
  let page: Page
  const browsers = new Browsers()

  before(async () => {
    server = await Installation.open()
    const key = await server.key('casino', { name: 'backend' })
    await server.key('demo', { name: 'backend' })
    const sent = await server.post('/v2/s2s/batch', key, JSON.stringify(moreTraffic()))
    assert.equal(sent.status, 200, JSON.stringify(sent.body))
    await sendTraffic(server, key, nowMs)
    english = await browse({ width: 1280 })
    page = english.page
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
  const look = async (at: Page, path: string, ready: string | RegExp, picture: string) => {
    await at.goto(`${server.adminUrl}/#${path}`)
    await at.getByText(ready).first().waitFor()
    await inspect(at, picture)
  }
  const rowsOf = async (name: string, query: string) =>
    (await server.admin(`/api/reports/${name}?product=casino&${query}`)).body['rows'] as Record<string, unknown>[]
  const amountOf = (value: unknown) =>
    new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value as number)
  const names = async (at: Page) => at.locator('tbody th').allTextContents()
  const cellOf = async (at: Page, row: RegExp, column: string) => {
    const heads = await at.locator('thead th').allTextContents()
    const cells = await at.getByRole('row', { name: row }).first().locator('th,td').allTextContents()
    return cells[heads.findIndex(head => head.trim() === column)]
  }

  it('tells the numbers of the API, of the period and of the one before', async () => {
    await look(page, '/casino/reports?range=7d&tz=UTC&currency=USD', 'From registration', 'en-1280-reports')
    const [usd] = (await rowsOf('summary', `from=${day(-6)}&to=${day(1)}`)).filter(row => row['currency'] === 'USD')
    const [before] = (await rowsOf('summary', `from=${day(-13)}&to=${day(-6)}`)).filter(
      row => row['currency'] === 'USD',
    )
    assert.ok(usd !== undefined && before !== undefined)
    await page.getByTestId('figure-deposits').getByText('before: USD 50.00').waitFor()
    const told = async (name: string) =>
      ((await page.getByTestId(`figure-${name}`).textContent()) ?? '').replaceAll('\u00a0', ' ')
    for (const [name, column] of [
      ['deposits', 'deposit_amount'],
      ['withdrawals', 'withdraw_amount'],
      ['ggr', 'ggr'],
    ] as const)
      assert.ok((await told(name)).includes(`USD ${amountOf(usd[column])}`), `${name}: ${await told(name)}`)
    assert.ok((await told('deposits')).includes(`before: USD ${amountOf(before['deposit_amount'])}`))
    assert.match(await told('deposits'), /\+[\d,.]+%/)
    assert.match(await told('withdrawals'), /–.*before: USD 0\.00/)

    // Of today there is next to nothing when it has just begun.
    const yesterday = await rowsOf('daily', `from=${day(-1)}&to=${day(0)}`)
    const dayName = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(day(-1)))
    const ofDay = yesterday.find(row => row['currency'] === 'USD')
    assert.ok(ofDay !== undefined)
    assert.equal(await cellOf(page, new RegExp(`^${dayName}`), 'Deposited'), amountOf(ofDay['deposit_amount']))
    assert.equal((await names(page)).length, 7, 'days without events are there, too')

    const [funnel] = await rowsOf('funnel', `from=${day(-6)}&to=${day(1)}`)
    const steps = (await page.getByTestId('funnel').textContent()) ?? ''
    assert.ok(steps.includes(`Registered: ${String(funnel?.['registered'])}`), steps)
    assert.ok(steps.includes(`Second deposit: ${String(funnel?.['deposited_twice'])}`), steps)
  })

  it('sorts by any column, says how, and saves what it shows as a file without formulas', async () => {
    await page.getByRole('tab', { name: 'By click', exact: true }).click()
    const deposited = page.getByRole('columnheader', { name: 'Deposited' })
    await page.getByRole('columnheader', { name: /^Click/ }).waitFor()
    assert.equal(await deposited.getAttribute('aria-sort'), 'descending')
    const down = await names(page)
    await deposited.getByRole('button').press('Enter')
    await page.locator('th[aria-sort=ascending]').waitFor()
    assert.notDeepEqual(await names(page), down)
    await page
      .getByRole('columnheader', { name: /^Click/ })
      .getByRole('button')
      .click()
    await page.getByText('=1+1', { exact: true }).first().waitFor()
    assert.ok(page.url().includes('sort=name') && page.url().includes('report=clicks'))

    const saving = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save as CSV' }).click()
    const file = await saving
    assert.equal(file.suggestedFilename(), `casino-clicks-${day(-6)}-to-${day(0)}-USD.csv`)
    const text = readFileSync(await file.path(), 'utf8')
    const [head = '', ...lines] = text.trimEnd().split('\r\n')
    assert.ok(head.startsWith('\uFEFFclick_id,currency,registrations,'), head)
    assert.ok(lines.some(line => line.startsWith("'=1+1,USD,")) && !lines.some(line => line.startsWith('=')))
    const clicks = await rowsOf('clicks', `from=${day(-6)}&to=${day(1)}`)
    const place = head.split(',').indexOf('deposit_amount')
    const saved = Object.fromEntries(lines.map(line => [line.split(',')[0], line.split(',')[place]]))
    for (const row of clicks.filter(({ currency, click_id }) => currency === 'USD' && click_id !== '=1+1'))
      assert.equal(saved[String(row['click_id'])], row['deposit_amount'])
    const ggr = head.split(',').indexOf('ggr')
    assert.ok(
      lines.every(line => /^-?\d+(\.\d+)?$/.test(line.split(',')[ggr] ?? '')),
      'numbers below zero stay numbers',
    )
  })

  it('fits a screen of 1280 with the common columns, and has others by choice, in the address', async () => {
    const region = `document.querySelector('[role=region][aria-label="By click"]')`
    assert.ok(Number(await page.evaluate(`${region}.scrollWidth - ${region}.clientWidth`)) <= 0, 'all of it is seen')
    const headOf = (name: string) => page.getByRole('columnheader', { name, exact: true })
    const chooser = page.getByRole('button', { name: /^Columns/ })
    await page.getByRole('button', { name: 'Columns: 7 of 13' }).click()
    await page.getByRole('checkbox', { name: 'Withdrawals' }).press('Space')
    await headOf('Withdrawals').waitFor()
    assert.deepEqual(await hardships(page), [])
    for (const name of ['Active players', 'FTD amount', 'Deposits', 'Net deposits', 'Bets']) {
      await page.getByRole('checkbox', { name, exact: true }).click()
      await headOf(name).waitFor()
    }
    await page.keyboard.press('Escape')
    await page.evaluate(`${region}.scrollTo(${region}.scrollWidth, 0)`)
    const seen = await page.evaluate(
      `${region}.querySelector('tbody th').getBoundingClientRect().x - ${region}.getBoundingClientRect().x`,
    )
    assert.ok(Math.abs(Number(seen)) <= 2, 'what a row is about stays in sight')
    await inspect(page, 'en-1280-reports-columns')
    await page.reload()
    await page.getByRole('button', { name: 'Columns: 13 of 13' }).waitFor()
    await page.goto(page.url().replace(/&columns=[^&]*/, '&columns=hold,unknown'))
    await page.getByRole('button', { name: 'Columns: 1 of 13' }).click()
    await page.getByRole('checkbox', { name: 'Hold' }).click()
    await headOf('Hold').waitFor()
    await page.keyboard.press('Escape')
    await page.goto(page.url().replace(/&columns=[^&]*/, ''))
    await chooser.getByText('7 of 13').waitFor()
  })

  it('shows games, providers, and the funnel by click, and another currency', async () => {
    await look(
      page,
      '/casino/reports?range=7d&tz=UTC&currency=USD&report=games',
      'Whole period',
      'en-1280-reports-games',
    )
    assert.deepEqual(await names(page), ['slot', 'table_games'])
    await page.getByRole('tab', { name: 'By provider' }).click()
    await page.getByRole('row', { name: /^north/ }).waitFor()
    await page.getByRole('tab', { name: 'Funnel by click' }).click()
    await page.getByRole('columnheader', { name: 'First of registered' }).waitFor()
    await page.getByText('Money came in other currencies too: EUR').waitFor()
    await page.route('**/api/reports/clicks?*', async route => {
      const reply = await route.fetch()
      await route.fulfill({ response: reply, json: { ...((await reply.json()) as object), at_limit: true } })
    })
    await page.getByRole('tab', { name: 'By click', exact: true }).click()
    await page.getByText('there may be more').waitFor()
    await page.unroute('**/api/reports/clicks?*')
    await page.getByRole('combobox', { name: 'Currency' }).click()
    await page.getByRole('option', { name: 'EUR' }).click()
    await page.getByTestId('figure-deposits').getByText('EUR 70.05').waitFor()
    assert.ok(page.url().includes('currency=EUR'))
  })

  it('has presets, other days, and time zones, all in the address', async () => {
    const choose = async (name: string) => {
      await page.getByRole('combobox', { name: 'Period' }).click()
      await page.getByRole('option', { name, exact: true }).click()
    }
    await page.goto(`${server.adminUrl}/#/casino/reports?range=7d&tz=UTC&currency=USD`)
    await page.getByText('Today is not over yet').waitFor()
    for (const [name, range] of [
      ['Yesterday', 'yesterday'],
      ['Last 30 days', '30d'],
      ['This month', 'month'],
      ['Last month', 'last-month'],
      ['Today', 'today'],
    ] as const) {
      await choose(name)
      await page.waitForURL(`**range=${range}*`)
    }
    await choose('Other days')
    await page.getByLabel('First day').fill(day(-9))
    await page.getByText('From registration').waitFor()
    assert.ok(page.url().includes(`from=${day(-9)}`) && page.url().includes(`to=${day(0)}`))
    await page.getByLabel('Last day').fill(day(-10))
    await page.getByText('Choose a first day').waitFor()
    await page.getByLabel('Last day').fill(day(0))
    await page.getByRole('combobox', { name: 'Product' }).click()
    await page.getByRole('option', { name: 'demo' }).click()
    await page.getByText('Nothing happened in these days').waitFor()
    // The browser tells of a new address by itself, perhaps after what is shown there.
    await page.waitForURL(/\/demo\/reports\?/)
    assert.ok(page.url().includes('/demo/reports?') && page.url().includes(`from=${day(-9)}`))
    await page.goto(`${server.adminUrl}/#/casino/reports?range=today&tz=Asia%2FTaipei`)
    await page.getByText('days of Asia/Taipei').waitFor()
    assert.equal(await page.getByRole('combobox', { name: 'Time zone' }).inputValue(), 'Asia/Taipei')
  })

  it('converts where there are rates, and says what could not be', async () => {
    const months = [...new Set([day(0), day(-6), day(-13)].map(text => text.slice(0, 7)))]
    for (const month of months) {
      const rates = [{ currency: 'USD', rate: 1 }]
      const file = { month, baseCurrency: 'USD', generatedAt: `${month}-01T00:00:00Z`, rates }
      assert.equal((await server.admin('/api/rates', { json: file })).status, 201)
    }
    await page.goto('about:blank')
    await page.goto(`${server.adminUrl}/#/casino/reports?range=7d&tz=UTC`)
    await page.getByText('2 money events have no exchange rate').waitFor()
    assert.equal(await page.getByRole('combobox', { name: 'Currency' }).inputValue(), 'All, in US dollars')
  })

  it('speaks Chinese on a narrow screen, dark, and says when there is nothing', async () => {
    const chinese = await browse({ width: 390, dark: true, locale: 'zh-TW' })
    await look(chinese.page, '/casino/reports?range=7d&tz=UTC', '從註冊到第二次充值', 'zh-390-reports')
    await look(chinese.page, '/demo/reports?range=today&tz=UTC', '這段期間沒有任何資料', 'zh-390-reports-empty')
    assert.deepEqual(chinese.faults, [])
    await chinese.close()
  })

  it('keeps what it knew while the server cannot be reached, says what cannot be shown, and did nothing wrong', async () => {
    await page.goto(`${server.adminUrl}/#/casino/reports?range=7d&tz=UTC&currency=USD`)
    await page.getByText('From registration').waitFor()
    await page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' })
    await page.getByTestId('figure-deposits').getByText('before: USD 50.00').waitFor()
    const known = await page.getByTestId('figure-deposits').textContent()
    await page.route('**/api/reports/**', route => route.abort())
    // Whoever comes back to the page has it asked anew.
    await page.evaluate("setTimeout(() => window.dispatchEvent(new Event('visibilitychange')), 1_100)")
    await page
      .getByText(/This is what was known at/)
      .first()
      .waitFor()
    assert.equal(await page.getByTestId('figure-deposits').textContent(), known)
    await page.goto(`${server.adminUrl}/#/casino/reports?range=custom&tz=UTC&from=2020-01-01&to=2020-01-02`)
    await page.getByText('This cannot be shown just now').waitFor()
    assert.deepEqual(await hardships(page), [])
    await page.unroute('**/api/reports/**')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Nothing happened in these days').waitFor()
    assert.deepEqual(english.faults, [])
  })
})

/** Beside a day of players: a week before, another currency, a game with its provider, and a click that looks like a formula. */
function moreTraffic(): object[] {
  const seconds = (offset: number) => Math.floor((nowMs + offset * dayMs) / 1_000)
  const of = (user: string, offset: number) => ({
    client_user_id: user,
    timestamp: seconds(offset),
    ip_address: '203.0.113.7',
  })
  const visit = { click_id: '=1+1', user_agent: 'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36' }
  const money = (id: string, amount: number, currency: string) => ({ transaction_id: id, amount, currency })
  const bet = { game_type: 'table', game_provider: 'north', bet_result: 'win', bet_result_amount: 40 }
  return [
    { ...of('early', -8), ...visit, event_name: 'register' },
    { ...of('early', -8), ...money('before_1', 50, 'USD'), event_name: 'deposit' },
    { ...of('formula', -1), ...visit, event_name: 'register' },
    { ...of('formula', -1), ...money('formula_1', 12.5, 'USD'), event_name: 'deposit' },
    { ...of('formula', -1), ...money('formula_2', 7, 'USD'), event_name: 'deposit' },
    { ...of('formula', -1), ...money('table_1', 5, 'USD'), ...bet, event_name: 'bet' },
    { ...of('euro', -1), ...money('euro_1', 70, 'EUR'), event_name: 'deposit' },
    { ...of('euro', -1), ...money('euro_2', 0.05, 'EUR'), event_name: 'deposit' },
  ]
}
