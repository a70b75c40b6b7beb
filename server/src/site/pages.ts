// What there is to read on the public port, by path.

import { readFileSync } from 'node:fs'
import { openApiDocument } from '@datapulse/contract/openapi'
import { limits } from '../limits.ts'

/** `headers` are names and values in turn, Content-Type among them. */
export type Page = { path: string; status?: number; headers: readonly string[]; body: string | Buffer }

export async function pages(): Promise<Page[]> {
  return [
    {
      path: '/openapi.json',
      headers: ['Content-Type', 'application/json'],
      body: JSON.stringify(openApiDocument(version(), limits)),
    },
  ]
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
