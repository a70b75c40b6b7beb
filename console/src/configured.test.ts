// What the console shows of the configuration is what the configuration reads.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configuredLength, configuredSize } from './configured.ts'

test('a length of time and a size are told by the largest unit that fits', () => {
  const told = [604_800_000, 129_600_000, 90_000, 1_500, 0].map(configuredLength)
  assert.deepEqual(told, ['7d', '36h', '90s', '1500ms', '0ms'])
  const sizes = [20 * 2 ** 30, 1_536 * 2 ** 20, 2 ** 40, 1_000].map(configuredSize)
  assert.deepEqual(sizes, ['20GiB', '1536MiB', '1TiB', '1000'])
})
