// What docs/reference/limits.md says of the server's own limits is what the server holds to.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { limits } from './limits.ts'

test("the server's own limits are those of the page, in its order", () => {
  const page = readFileSync(new URL('../../docs/reference/limits.md', import.meta.url), 'utf8')
  const section = page.slice(page.indexOf("\n## The server's own limits\n"))
  const values = section
    .split('\n')
    .filter(line => line.startsWith('| '))
    .slice(1)
    .map(line => line.split('|')[2]?.trim())
  assert.deepEqual(values, [
    `${limits.headersTimeoutMs / 1000} seconds`,
    `${limits.requestTimeoutMs / 1000} seconds`,
    `${limits.headerBytesMax / 1024} KiB`,
    `${limits.bodiesInFlightBytesMax / 1024 / 1024} MiB`,
    `${limits.bodiesInFlightBytesPerKeyMax / 1024 / 1024} MiB`,
    `${limits.badKeysPerMinuteMax}`,
    `${limits.keepAliveTimeoutMs / 1000} seconds`,
    limits.connectionsMax.toLocaleString('en'),
  ])
})
