// The operator's console as the admin port serves it: what was built into console/dist. The page itself is made anew for each
// reply, with a number of its own that lets the styles through which scripts of ours add, and nobody else's; all other files
// have their content's hash in their names and are kept by browsers for good. Only files that were there at the start are
// served; where none was built there is a page that says how (front-page.ts).

import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { chooseEncoding } from '../accept-encoding.ts'

export type ConsoleFiles = {
  /** null where the console was not built. A page that is told so asks at once for what it shows. */
  page(isSignedIn: boolean): { html: string; policy: string } | null
  /** `accepted`: the header Accept-Encoding. null where there is no such file. */
  read(
    path: string,
    accepted: string,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; headers: Record<string, string> } | null>
}

const types: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}
const endings = { br: '.br', gzip: '.gz' } as const

export function openConsoleFiles(folder: string): ConsoleFiles {
  const files = new Set(listFiles(folder))
  const page = files.has('index.html') ? readFileSync(join(folder, 'index.html'), 'utf8') : null
  return {
    page(isSignedIn) {
      if (page === null) return null
      const nonce = randomBytes(16).toString('base64')
      const html = page.replaceAll('__STYLE_NONCE__', nonce).replace('__SIGNED_IN__', isSignedIn ? 'yes' : 'no')
      return { html, policy: policyWith(nonce) }
    },
    async read(path, accepted) {
      const name = path.slice(1)
      const type = types[extname(name)]
      if (type === undefined || !files.has(name)) return null
      const made = (['br', 'gzip'] as const).filter(coding => files.has(name + endings[coding]))
      const encoding = chooseEncoding(accepted, made)
      const ending = encoding === null ? '' : endings[encoding]
      const headers = {
        'content-type': type,
        'cache-control': name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        vary: 'accept-encoding',
        ...(encoding !== null && { 'content-encoding': encoding }),
      }
      return { bytes: new Uint8Array(await readFile(join(folder, name + ending))), headers }
    },
  }
}

function policyWith(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => name.replaceAll('\\', '/'))
  } catch {
    return []
  }
}
