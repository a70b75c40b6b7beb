// What the public port shows to whoever reads: the OpenAPI document, and the documentation. All of it is made at once, when
// something of it is asked for first, by a thread that runs at the lowest priority and then ends (site-thread.ts): the
// thread that takes events loads none of what makes pages, and only hands out bytes.
//   site.ts         opens it, and holds what was made
//   site-thread.ts  makes it
//   pages.ts        what there is, by path

import { Worker } from 'node:worker_threads'
import { notFoundPaths } from './not-found.ts'
import type { MadePage, SiteMessage } from './site-thread.ts'

export type Site = {
  /** null: there is no such page. Rejects when it could not be made; then the next asker has it tried again. */
  page(path: string): Promise<MadePage | null>
}

export function openSite(): Site {
  let made: Promise<Map<string, MadePage>> | null = null
  return {
    async page(path) {
      made ??= make()
      try {
        const pages = await made
        return pages.get(path) ?? pages.get(notFoundPath(path)) ?? null
      } catch (cause) {
        made = null
        throw cause
      }
    },
  }
}

function make(): Promise<Map<string, MadePage>> {
  const worker = new Worker(new URL('./site-thread.ts', import.meta.url))
  worker.unref()
  return new Promise((resolve, reject) => {
    worker.once('message', (pages: SiteMessage) => resolve(new Map(pages)))
    worker.once('error', reject)
    worker.once('exit', code => reject(new Error(`The thread that makes the site ended with code ${code}.`)))
  })
}

/** Where whoever looks for a document in vain is told so; '' for others. */
function notFoundPath(path: string): string {
  if (path === '/docs' || !path.startsWith('/docs/')) return ''
  return path.startsWith('/docs/zh-Hant') ? notFoundPaths['zh-Hant'] : notFoundPaths.en
}
