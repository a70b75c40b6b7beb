// docs/benchmarks.md is what the results say.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { figures } from '../figures/all.ts'
import { benchmarksPage } from './page.ts'
import { root } from './place.ts'
import { readResults } from './results.ts'

test('the page is the one that bench/report.ts writes from the results', () => {
  const results = readResults()
  if (results.length === 0) return
  assert.equal(readFileSync(join(root, 'docs/benchmarks.md'), 'utf8'), benchmarksPage(results, figures))
})
