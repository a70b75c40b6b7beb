// Makes the README's pictures of the console anew: `node tools/pictures.ts`. A real server with two busy days, seen in a real
// Chromium by a reader for whom it is afternoon, whatever time it is here. Needs Chromium and a built console.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { Browsers, signIn } from '../test/browser/browser.ts'
import { Installation } from '../test/harness/installation.ts'
import { busyEvent, writeBusyDays } from './busy-days.ts'

const folder = join(import.meta.dirname, '../docs/images')
const bytesMax = 150_000
const product = 'casino'
const afternoon = 16
/** Each page, and a text that is there when it has what it shows. */
const pages = [
  ['overview', 'What needs attention'],
  ['events', 'Not yet seen'],
  ['live', / since /],
] as const

const browsers = new Browsers()
const server = await Installation.open()
try {
  const key = await server.key(product, { name: 'backend' })
  const { body } = await server.admin(`/api/keys?product=${product}`)
  const [{ id }] = body['keys'] as [{ id: string }]
  // No zone is more than 14 hours ahead.
  const aheadHours = afternoon - new Date().getUTCHours()
  const offsetHours = aheadHours > 14 ? aheadHours - 24 : aheadHours
  await server.stop()
  await writeBusyDays(server.dataDir, { product, keyId: id }, offsetHours, Date.now())
  await server.start()
  await sendLatest(key)
  await server.drained()
  const zone = offsetHours === 0 ? 'Etc/GMT' : `Etc/GMT${offsetHours > 0 ? '-' : '+'}${Math.abs(offsetHours)}`
  const { page } = await browsers.open(server, { width: 1280, zone })
  await signIn(page, server.adminToken)
  for (const [name, ready] of pages) {
    await page.goto(`${server.adminUrl}/#/${product}/${name}`)
    await page.getByText(ready).first().waitFor()
    await page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' })
    if (name === 'live') await sendSlowly(key, page)
    await page.mouse.move(0, 0)
    const path = join(folder, `console-${name}.png`)
    await page.screenshot({ path })
    const { size } = statSync(path)
    if (size > bytesMax) throw new Error(`The picture of ${name} must have at most ${bytesMax} bytes: got ${size}.`)
  }
} finally {
  await browsers.close()
  await server.close()
}

/** What comes while somebody looks, with a resend, mistakes, and a name that is nearly right. */
async function sendLatest(key: string): Promise<void> {
  const nowMs = Date.now()
  const post = async (path: string, sent: unknown, status: number) => {
    const reply = await server.post(path, key, JSON.stringify(sent))
    if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${JSON.stringify(reply.body)}`)
  }
  const incomplete = { event_name: 'withdraw', client_user_id: 'user_1', timestamp: Math.floor(nowMs / 1_000) }
  for (let n = 0; n < 12; n++) await post('/v2/s2s/event', incomplete, 400)
  const near = { ...incomplete, event_name: 'Deposit', ip_address: '203.0.113.9' }
  for (let n = 0; n < 3; n++) await post('/v2/s2s/event', near, 200)
  const latest = Array.from({ length: 260 }, (_, n) => busyEvent(500_000 + n, nowMs - 60_000 + n * 225))
  await post('/v2/s2s/batch', latest, 200)
  await post('/v2/s2s/batch', latest.slice(0, 20), 200)
}

/** One event after the other, until they are there. */
async function sendSlowly(key: string, page: Page): Promise<void> {
  const count = 20
  for (let n = 0; n < count; n++) {
    await server.post('/v2/s2s/event', key, JSON.stringify(busyEvent(600_000 + n * 7, Date.now())))
    await sleep(400)
  }
  await page.getByText(`${count} came since`).waitFor()
}
