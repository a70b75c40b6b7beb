// A real Chromium that opens a page as a person does, and tells from the browser's own clock how long that took. A page is shown
// when its content (#content) has a heading (h2) and nothing in it stands in for what is still to come (a skeleton), one frame
// after that; a key is pressed at that moment, and the page is interactive when the browser has answered it. Bytes are those on
// the wire, as the browser counts them, up to then.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, type BrowserContext, chromium, type Request } from 'playwright-core'
import { chromiumArgs, chromiumProgram } from '../../test/browser/chromium.ts'

export type Visit = {
  /** All from the beginning of the navigation. */
  paintMs: number
  shownMs: number
  interactiveMs: number
  requests: number
  /** By what they are: document, script, stylesheet, font, fetch, image. */
  bytes: Record<string, number>
}

/** What a browser keeps of a person who was there: cookies, and what pages keep; no cache. */
export type Kept = Awaited<ReturnType<BrowserContext['storageState']>>

const patienceMs = 60_000
const restEveryMs = 250
const restLooksMax = 40
const sight = { viewport: { width: 1280, height: 900 }, locale: 'en-US', timezoneId: 'UTC' }

export function openChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumProgram ?? '', headless: true, args: chromiumArgs })
}

/** Somebody who signed in and went to the page `address`, and closed it. */
export async function signedIn(browser: Browser, address: string, token: string): Promise<Kept> {
  const context = await browser.newContext(sight)
  const page = await context.newPage()
  page.setDefaultTimeout(patienceMs)
  await page.goto(address)
  await page.locator('input[type=password]').fill(token)
  await page.locator('button[type=submit]').click()
  await page.locator('#content h2').first().waitFor()
  const kept = await context.storageState()
  await context.close()
  return kept
}

/** Opens the page with an empty cache, and once more with what that left in it. */
export async function visitTwice(
  browser: Browser,
  address: string,
  kept?: Kept,
): Promise<{ cold: Visit; warm: Visit }> {
  const context = await browser.newContext({ ...sight, ...(kept !== undefined && { storageState: kept }) })
  try {
    await context.addInitScript(watchPage)
    const cold = await visit(browser, context, address)
    return { cold, warm: await visit(browser, context, address) }
  } finally {
    await context.close()
  }
}

async function visit(browser: Browser, context: BrowserContext, address: string): Promise<Visit> {
  const page = await context.newPage()
  page.setDefaultTimeout(patienceMs)
  const replies: Request[] = []
  page.on('requestfinished', request => replies.push(request))
  await atRest(browser)
  await page.goto(address, { waitUntil: 'commit' })
  await page.evaluate('whenShown')
  await page.keyboard.press('Tab')
  const times = (await page.evaluate('whenAnswered')) as Times
  const bytes: Record<string, number> = {}
  const sent = replies.filter(request => request.timing().requestStart <= times.interactiveMs)
  for (const request of sent) {
    const { responseBodySize, responseHeadersSize } = await request.sizes()
    const kind = request.resourceType()
    bytes[kind] = (bytes[kind] ?? 0) + responseBodySize + responseHeadersSize
  }
  await page.close()
  return { ...times, requests: sent.length, bytes }
}

/**
 * A browser that opens a window is busy with its own for most of a second, on every core, and nobody has typed an address by
 * then: the visit begins when it uses less than a tenth of one.
 */
async function atRest(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession()
  const usedSeconds = async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0)
  }
  for (let looks = 0, before = await usedSeconds(); looks < restLooksMax; looks++) {
    await sleep(restEveryMs)
    const now = await usedSeconds()
    if (now - before < restEveryMs / 10_000) break
    before = now
  }
  await session.detach()
}

type Times = Pick<Visit, 'paintMs' | 'shownMs' | 'interactiveMs'>

/** Runs in the page, before anything of its own. */
const watchPage = `
  const isShown = () => {
    const content = document.querySelector('#content')
    return content?.querySelector('h2') != null && content.querySelector('.mantine-Skeleton-root') === null
  }
  globalThis.whenShown = new Promise(resolve => {
    const shown = () => resolve(performance.mark('shown').startTime)
    const look = () => requestAnimationFrame(isShown() ? () => setTimeout(shown) : look)
    look()
  })
  globalThis.whenAnswered = new Promise(resolve => {
    new PerformanceObserver(async list => {
      const [paint] = performance.getEntriesByName('first-contentful-paint')
      const shownMs = await globalThis.whenShown
      resolve({ paintMs: paint.startTime, shownMs, interactiveMs: shownMs + list.getEntries()[0].duration })
    }).observe({ type: 'first-input', buffered: true })
  })
`
