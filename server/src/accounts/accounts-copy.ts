// The accounts in a backup: copied while they are used, counted, and counted again where they are put back.

import { copySqlite } from '../sqlite-copy.ts'
import { openAccounts } from './accounts.ts'

export type AccountsCounted = { products: number; keys: number }

export async function copyAccounts(from: string, to: string): Promise<AccountsCounted> {
  await copySqlite(from, to)
  return countAccounts(to)
}

/** Opens the file as a server would, and leaves nothing beside it. */
export function countAccounts(path: string): AccountsCounted {
  const accounts = openAccounts({ path, now: Date.now, logger: { warn: () => {} } })
  try {
    const { products, keys } = accounts.status()
    return { products, keys }
  } finally {
    accounts.close()
  }
}
