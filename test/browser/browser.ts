// A real Chromium for tests of the console, driven by playwright-core, with a directory of its own. Whatever a page asks of another machine, logs as an error, or throws is kept: a test
// ends by finding nothing kept. With DATAPULSE_TEST_SHOTS=FOLDER each page that is inspected is pictured there.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { chromiumArgs, chromiumProgram, needsChromium } from './chromium.ts'

/** The folder for pictures. */
export const shots = process.env['DATAPULSE_TEST_SHOTS']

/** Why a test is skipped, or false. */
export const skipWithoutChromium = chromiumProgram === null ? needsChromium : false

export type Watched = {
  context: BrowserContext
  page: Page
  /** What no page may do, as it happened. */
  faults: string[]
  close(): Promise<void>
}

/** `zone`: where its reader is. */
export type Sight = { width: number; dark?: boolean; locale?: string; zone?: string }

/** Only `origin` may be asked for anything. */
async function openBrowser(
  origin: string,
  { width, dark = false, locale = 'en-US', zone = 'UTC' }: Sight,
): Promise<Watched> {
  const folder = mkdtempSync(join(tmpdir(), 'datapulse-browser-'))
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: chromiumProgram ?? '',
    headless: true,
    args: chromiumArgs,
    viewport: { width, height: width < 600 ? 844 : 900 },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    locale,
    timezoneId: zone,
  })
  const page = context.pages()[0] ?? (await context.newPage())
  const faults: string[] = []
  page.on('request', request => {
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) faults.push(`asked ${url}`)
  })
  page.on('console', message => {
    // A reply that says no is no fault of the page; what it makes of it is looked at.
    if (message.type() === 'error' && !message.text().includes('Failed to load resource')) faults.push(message.text())
  })
  page.on('pageerror', error => faults.push(String(error)))
  return {
    context,
    page,
    faults,
    async close() {
      await context.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** The browsers of one file of tests, on one server: they are closed together. */
export class Browsers {
  #opened: Watched[] = []

  /** At the console, which is waited for so long each time that something is looked for. */
  async open(server: { adminUrl: string }, sight: Sight, patienceMs = 20_000): Promise<Watched> {
    const watched = await openBrowser(server.adminUrl, sight)
    this.#opened.push(watched)
    watched.page.setDefaultTimeout(patienceMs)
    await watched.page.goto(`${server.adminUrl}/`)
    return watched
  }

  async close(): Promise<void> {
    for (const watched of this.#opened) await watched.close()
  }
}

/** Resolves when there is a page to look at. */
export async function signIn(at: Page, token: string): Promise<void> {
  await at.locator('input[type=password]').fill(token)
  await at.locator('button[type=submit]').click()
  await at.getByRole('navigation').waitFor({ state: 'attached' })
}

/** When the page has all that it shows: it is pictured, hard to use for nobody, and no wider than the window. */
export async function inspect(at: Page, picture: string): Promise<void> {
  await at.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' })
  if (shots !== undefined) await at.screenshot({ path: join(shots, `${picture}.png`), fullPage: true })
  assert.deepEqual(await hardships(at), [], picture)
  const sideways = Number(await at.evaluate('document.documentElement.scrollWidth - innerWidth'))
  assert.ok(sideways <= 0, `${picture} is ${sideways} pixels too wide`)
}

/** What axe finds wrong with the page as it stands: each rule, and where. */
export async function hardships(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  )
}
