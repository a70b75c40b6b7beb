// The page and the commands say the same, both ways: every command's whole help is on the page, and nothing else is.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { cliPage } from './cli-page.ts'

it('docs/reference/cli.md is what the commands say', () => {
  const path = join(import.meta.dirname, '../../docs/reference/cli.md')
  assert.equal(readFileSync(path, 'utf8'), cliPage(), 'run node tools/write-pages.ts')
})
