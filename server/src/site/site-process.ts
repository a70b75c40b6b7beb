// Makes every page of the site, and hands them over compressed: they are read by browsers, and held for as long as the
// server lives. A process of its own, as a thread's memory would stay with the process that takes events: 70 MB for good.

import { createHash } from 'node:crypto'
import { setPriority } from 'node:os'
import { gzipSync } from 'node:zlib'
import { pages } from './pages.ts'

/** `gzip` is the body, compressed; `headers` are names and values in turn. */
export type MadePage = { status: number; headers: readonly string[]; etag: string; gzip: Uint8Array }

export type SiteMessage = [path: string, page: MadePage][]

/** As the pipeline's: whoever takes events goes first. */
const niceness = 5

process.on('disconnect', () => process.exit())
setPriority(niceness)

const made: SiteMessage = (await pages()).map(({ path, status = 200, headers, body }) => {
  const etag = `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`
  return [path, { status, headers, etag, gzip: new Uint8Array(gzipSync(body, { level: 9 })) }]
})
process.send?.(made, () => process.disconnect?.())
