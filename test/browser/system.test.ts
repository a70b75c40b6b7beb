// Can an operator see whether everything is well, and do what there is to do? A real Chromium looks at the parts and figures of a
// server, makes a backup and has it read again, changes how long events are kept after being told what goes, and sees a part that is
// killed go and come back. With DATAPULSE_TEST_SHOTS=FOLDER each page is pictured there.

import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { Installation, until } from '../harness/installation.ts'
import { inspect, Browsers, type Sight, signIn, skipWithoutChromium, type Watched } from './browser.ts'
import { sendTraffic } from './traffic.ts'

describe('the system in the console', { skip: skipWithoutChromium }, () => {
  let server: Installation
  let english: Watched
  let page: Page
  let stored = ''
  const backups = mkdtempSync(join(tmpdir(), 'datapulse-backups-'))
  const browsers = new Browsers()

  before(async () => {
    server = await Installation.open()
    const key = await server.key('casino', { name: 'backend' })
    await sendTraffic(server, key, Date.now())
    stored = String((await server.events()).length)
    for (let n = 0; n < 3; n++) await server.post('/v2/s2s/event', 'dp_live_nobody', '{}')
    english = await browse({ width: 1280 })
    page = english.page
    await signIn(page, server.adminToken)
    await page.goto(`${server.adminUrl}/#/casino/system`)
  })
  after(async () => {
    await browsers.close()
    await server?.close()
    rmSync(backups, { recursive: true, force: true })
  })

  const browse = (sight: Sight) => browsers.open(server, sight)
  const look = async (at: Page, picture: string) => {
    await at.evaluate('scrollTo(0, 0)')
    await inspect(at, picture)
  }
  const part = (name: string) => page.getByTestId(`part-${name}`)
  const row = (text: string | RegExp) => page.getByRole('row').filter({ hasText: text })
  const retention = async () => (await server.admin('/api/products/casino')).body['retention_days']

  it('says what needs attention, how each part is, and every figure', async () => {
    await page.getByText('No backup is known here: a disk that is lost').waitFor()
    for (const name of ['supervisor', 'engine', 'api', 'pipeline', 'web']) {
      const text = (await part(name).textContent()) ?? ''
      assert.match(text, /Ready.* [MG]iB · since /, name)
    }
    assert.match((await part('site').textContent()) ?? '', /At rest/)
    const { versions } = (await server.admin('/api/system')).body as { versions: { node: string; engine: string } }
    await page.getByText(versions.node, { exact: true }).waitFor()
    await page.getByText(versions.engine, { exact: true }).waitFor()
    await page.getByText(stored, { exact: true }).first().waitFor()
    await page.getByText('DATAPULSE_LOG_RETENTION=7d\nDATAPULSE_LOG_RETENTION_BYTES=20GiB').waitFor()
    await row('dp_live').getByText('3', { exact: true }).waitFor()
    await page.getByText(/^Counted /).waitFor()
    await look(page, 'en-1280-system')
  })

  it('refuses a folder that cannot take a backup, then makes one, reads it again, and lists it', async () => {
    await page.getByRole('button', { name: 'Back up now' }).click()
    const folder = page.getByLabel('Folder', { exact: false })
    await folder.fill(server.dataDir)
    await page.getByRole('button', { name: 'Back up', exact: true }).click()
    await page.getByText('it must be outside of the data directory').waitFor()
    await look(page, 'en-1280-system-backup-asked')
    const to = join(backups, 'first')
    await folder.fill(to)
    await page.keyboard.press('Enter')
    await page.getByText(`The backup in ${to} is complete: ${stored} events`).waitFor()
    await row(to).getByText('Complete').waitFor()
    await row(to)
      .getByText(/ago|now/)
      .waitFor()
    await page.getByText('No backup is known here').first().waitFor({ state: 'detached' })
    await page.getByText(`restore --check --from ${to}`).waitFor()
    assert.ok(existsSync(join(to, 'manifest.json')))
    await look(page, 'en-1280-system-backup')
  })

  it('finds a backup that lies beside, and says of one that was damaged what is wrong with it', async () => {
    const to = join(backups, 'second')
    await server.admin('/api/backup', { json: { to } })
    await row(to).getByText('never').waitFor()
    const log = join(to, 'log')
    appendFileSync(join(log, readdirSync(log)[0]!), 'more')
    await page.getByRole('button', { name: `Check: ${to}` }).click()
    await row(to).getByText('Damaged', { exact: true }).waitFor()
    await page.getByText(/The last backup is damaged: .* is damaged/).waitFor()
    rmSync(to, { recursive: true })
    await row(to).waitFor({ state: 'detached' })
  })

  it('changes how long events are kept after it has said what goes, and not when that is cancelled', async () => {
    const change = page.getByRole('button', { name: 'Change: casino' })
    await page.route('**/api/counts?*until*', route =>
      route.fulfill({ json: { counts: [{ product: 'casino', mode: 'live', events: 1_234 }] } }),
    )
    await change.click()
    await page.getByLabel('for some days').check()
    await page.getByLabel('Days after receipt').fill('30')
    await page.getByText(/^1,234 events that were received before .* will be deleted within an hour/).waitFor()
    await page.getByText('It cannot be undone').waitFor()
    const submit = page.getByRole('button', { name: 'Delete, and keep 30 days' })
    assert.ok(await submit.isDisabled())
    await page.getByLabel('I know that this cannot be undone').check()
    assert.ok(await submit.isEnabled())
    await look(page, 'en-1280-system-retention')
    await page.getByLabel('Days after receipt').fill('31')
    await page.getByText(/^1,234 events/).waitFor()
    assert.ok(!(await page.getByLabel('I know that this cannot be undone').isChecked()), 'other days, other events')
    await page.getByLabel('Days after receipt').fill('0')
    await page.getByText('A whole number from 1 to 36,500').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    assert.equal(await retention(), null)

    await page.unrouteAll({ behavior: 'wait' })
    await change.click()
    await page.getByLabel('for some days').check()
    await page.getByLabel('Days after receipt').fill('730')
    await page.getByText(/^Nothing was received before /).waitFor()
    await page.getByRole('button', { name: 'Keep 730 days' }).click()
    await page.getByText('Events of casino are kept 730 days.').waitFor()
    await page.getByText('730 days', { exact: true }).waitFor()
    assert.equal(await retention(), 730)
    await change.click()
    await page.getByLabel('for ever').check()
    await page.getByText('Nothing is deleted any more').waitFor()
    await page.getByRole('button', { name: 'Keep for ever' }).click()
    await until('it is kept for ever', async () => (await retention()) === null)
  })

  it('shows a part that is killed as away, says what cannot be known, and shows it back', async () => {
    const isGone = async () => /Away|Starting/.test((await part('pipeline').textContent()) ?? '')
    // Each time it waits longer before it starts again.
    await until('the pipeline is seen to be away', async () => {
      const pid = server.pids().pipeline
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
      return isGone()
    })
    await page.getByText('Events are taken and wait in the log meanwhile').waitFor()
    await page.getByText('The pipeline is away, which alone knows it.').first().waitFor()
    await look(page, 'en-1280-system-away')
    await part('pipeline').getByText('Ready', { exact: true }).waitFor()
    assert.match((await part('pipeline').textContent()) ?? '', /ended .* by SIGKILL/)
    await page.getByText('everything is processed').waitFor()
  })

  it('tells of the shares of a cluster, and of what is away what cannot be known', async () => {
    const away = { state: 'away', why: 'does not answer', since: null, memory_bytes: null }
    const shares = [
      { share: 0, machine: 'one', ready: true, why: null, lag_events: 1_200, lag_seconds: 3 },
      { share: 1, machine: null, ready: false, why: 'nobody answers for it', lag_events: null, lag_seconds: null },
    ]
    await page.route('**/api/system', async route => {
      const system = (await (await route.fetch()).json()) as { parts: { name: string }[]; settings: object }
      const parts = system.parts.map(one => (one.name === 'api' || one.name === 'engine' ? { ...one, ...away } : one))
      const settings = { ...system.settings, log: 'nats', backup: 'elsewhere' }
      await route.fulfill({ json: { ...system, parts, shares, settings, log: null, warehouse: null } })
    })
    await row('nobody').getByText('Away').waitFor()
    await row('one').getByText('1,200 events, 3 sec').waitFor()
    await page.getByText('The api is away, which alone knows it.').waitFor()
    await page.getByText('The warehouse does not answer.').waitFor()
    await page.getByText('back them up by what ClickHouse and NATS have').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Back up now' }).count(), 0)
    await look(page, 'en-1280-system-shares')
    await page.unrouteAll({ behavior: 'wait' })
    await row('nobody').waitFor({ state: 'detached' })
  })

  it('says what it knew when the server cannot be reached', async () => {
    await page.route('**/api/**', route => route.abort())
    await page
      .getByText(/This is what was known at/)
      .first()
      .waitFor()
    await page.unrouteAll({ behavior: 'wait' })
    await page
      .getByText(/This is what was known at/)
      .first()
      .waitFor({ state: 'detached' })
    assert.deepEqual(english.faults, [])
  })

  it('is there in Chinese on a narrow screen, dark, before there is a product', async () => {
    const chinese = await browse({ width: 390, dark: true, locale: 'zh-TW' })
    const narrow = chinese.page
    await signIn(narrow, server.adminToken)
    await narrow.goto(`${server.adminUrl}/#/casino/system`)
    await narrow.getByRole('heading', { name: '系統', level: 1 }).waitFor()
    await narrow.getByRole('heading', { name: '保存期限' }).waitFor()
    await narrow.getByRole('row').filter({ hasText: '完整' }).waitFor()
    await narrow.getByText(/^計算時間/).waitFor()
    await look(narrow, 'zh-390-system')
    await narrow.getByRole('button', { name: '變更: casino' }).click()
    await narrow.getByLabel('保存指定天數').check()
    await narrow.getByText(/之前沒有收到任何事件/).waitFor()
    await look(narrow, 'zh-390-system-retention')
    await narrow.keyboard.press('Escape')
    await narrow.route('**/api/products', route => route.fulfill({ json: { products: [] } }))
    await narrow.reload()
    await narrow.getByRole('heading', { name: '系統', level: 1 }).waitFor()
    await narrow.unrouteAll({ behavior: 'wait' })
    assert.deepEqual(chinese.faults, [])
    await chinese.close()
  })

  it('lets a viewer look at everything and change nothing', async () => {
    const made = await server.admin('/api/viewers', { json: { name: 'Support' } })
    const viewer = await browse({ width: 1280, dark: true })
    const at = viewer.page
    await signIn(at, String(made.body['token']))
    await at.getByRole('link', { name: 'System' }).click()
    await at.getByText('You are a viewer').waitFor()
    await at.getByRole('row').filter({ hasText: 'Complete' }).waitFor()
    assert.equal(await at.getByRole('button', { name: /Back up|Check|Change/ }).count(), 0)
    await at.getByText(/^Counted /).waitFor()
    await look(at, 'en-1280-dark-system-viewer')
    assert.deepEqual(viewer.faults, [])
    await viewer.close()
  })
})
