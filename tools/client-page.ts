// The client's page beside the other references, for readers who have no checkout: its README, as it is.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export function clientPage(): string {
  return readFileSync(join(import.meta.dirname, '../client/README.md'), 'utf8')
}
