// Makes every page of the site, and hands them over compressed: they are read by browsers, and held for as long as the
// process lives.

import { createHash } from 'node:crypto'
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { pages } from './pages.ts'

/** `gzip` is the body, compressed; `headers` are names and values in turn. */
export type MadePage = { status: number; headers: readonly string[]; etag: string; gzip: Uint8Array<ArrayBuffer> }

export type SiteMessage = [path: string, page: MadePage][]

const idlest = 19

// On Linux this is the priority of this thread alone; elsewhere it would be everybody's.
if (process.platform === 'linux') setPriority(idlest)

const made: SiteMessage = (await pages()).map(({ path, status = 200, headers, body }) => {
  const gzip = new Uint8Array(gzipSync(body, { level: 9 }))
  const etag = `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`
  return [path, { status, headers, etag, gzip }]
})
parentPort?.postMessage(
  made,
  made.map(([, { gzip }]) => gzip.buffer),
)
