// How a page of the site is replied: compressed where the reader takes that, and not at all where the reader has it. What is
// sent are the same bytes for everybody, so that no number of readers takes memory.

import { gunzip } from 'node:zlib'
import type { IncomingHttpHeaders } from 'node:http'
import { chooseEncoding } from '../accept-encoding.ts'

/** `gzip` is the body, compressed; `headers` are names and values in turn. */
type Page = { status: number; headers: readonly string[]; etag: string; gzip: Uint8Array }

/** Who has the pages. null: there is none at this path. */
export type Pages = { page(path: string): Promise<Page | null> }

export type PageReply = { status: number; headers: readonly string[]; body: Buffer }

export async function pageReply(page: Page, asked: IncomingHttpHeaders): Promise<PageReply> {
  const { status, etag, gzip } = page
  const cached = ['ETag', etag, 'Cache-Control', 'no-cache', 'Vary', 'Accept-Encoding']
  if (status === 200 && isKnown(etag, asked['if-none-match'])) return { status: 304, headers: cached, body: nothing }
  const headers = [...page.headers, ...cached, 'X-Content-Type-Options', 'nosniff', 'Referrer-Policy', 'no-referrer']
  if (chooseEncoding(asked['accept-encoding'], ['gzip']) !== null) {
    return {
      status,
      headers: [...headers, 'Content-Encoding', 'gzip'],
      body: Buffer.from(gzip.buffer, gzip.byteOffset, gzip.byteLength),
    }
  }
  return { status, headers, body: await plainOf(page) }
}

function isKnown(etag: string, sent: string | undefined): boolean {
  if (sent === undefined) return false
  const tags = sent.split(',').map(tag => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag.replace(/^W\//, ''))
}

/** Few ask for it: it is made for the first of them, and kept. */
function plainOf(page: Page): Promise<Buffer> {
  const known = plain.get(page)
  if (known !== undefined) return known
  const made = new Promise<Buffer>((resolve, reject) => {
    gunzip(page.gzip, (fault, body) => (fault === null ? resolve(body) : reject(fault)))
  })
  plain.set(page, made)
  return made
}

const plain = new WeakMap<Page, Promise<Buffer>>()
const nothing = Buffer.alloc(0)
