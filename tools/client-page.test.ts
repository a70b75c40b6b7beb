// Whoever reads the documentation on a server reads of the client what stands beside it.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { clientPage } from './client-page.ts'

it('docs/reference/client.md is the README of the client', () => {
  const path = join(import.meta.dirname, '../docs/reference/client.md')
  assert.equal(readFileSync(path, 'utf8'), clientPage(), 'run node tools/write-pages.ts')
})
