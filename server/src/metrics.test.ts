// docs/reference/metrics.md and the table of metrics say the same.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { metricsPage } from './metrics-page.ts'

test('the page is what the table makes; `node tools/write-pages.ts` writes it anew', () => {
  assert.equal(readFileSync(join(import.meta.dirname, '../../docs/reference/metrics.md'), 'utf8'), metricsPage())
})
