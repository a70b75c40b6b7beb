// What the public port shows to whoever reads: the OpenAPI document, and the documentation. All of it is made at once, when
// something of it is asked for first, by a process that then ends (site-process.ts): the one that takes events loads none of
// what makes pages, and only hands out bytes.
//   site.ts          opens it, and holds what was made
//   site-process.ts  makes it
//   pages.ts         what there is, by path

import { fork } from 'node:child_process'
import { notFoundPaths } from './not-found.ts'
import type { MadePage, SiteMessage } from './site-process.ts'

const retryMs = 5_000
const makeMsMax = 120_000

export type Site = {
  /** null: there is no such page. Rejects when it could not be made; a little later the next asker has it tried again. */
  page(path: string): Promise<MadePage | null>
  /** `resting`: nobody has asked yet. */
  status(): SiteStatus
}

export type SiteStatus = { state: 'resting' | 'making' | 'made' | 'failed'; sinceMs: number }

export function openSite(): Site {
  let made: Promise<Map<string, MadePage>> | null = null
  let status: SiteStatus = { state: 'resting', sinceMs: Date.now() }
  const become = (state: SiteStatus['state']) => void (status = { state, sinceMs: Date.now() })
  const begin = () => {
    const pages = make()
    become('making')
    pages.then(
      () => become('made'),
      () => {
        become('failed')
        setTimeout(() => (made = null), retryMs).unref()
      },
    )
    return pages
  }
  return {
    async page(path) {
      made ??= begin()
      const pages = await made
      return pages.get(path) ?? pages.get(notFoundPath(path)) ?? null
    },
    status: () => status,
  }
}

function make(): Promise<Map<string, MadePage>> {
  const child = fork(new URL('./site-process.ts', import.meta.url), {
    execArgv: [],
    serialization: 'advanced',
    timeout: makeMsMax,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    child.once('message', pages => resolve(new Map(pages as SiteMessage)))
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`The process that makes the site ended with code ${code}.`)))
  })
}

/** Where whoever looks for a document in vain is told so; '' for others. */
function notFoundPath(path: string): string {
  if (path === '/docs' || !path.startsWith('/docs/')) return ''
  return path.startsWith('/docs/zh-Hant') ? notFoundPaths['zh-Hant'] : notFoundPaths.en
}
