// The accounts in a backup: copied while they are used, counted, and counted again where they are put back.

import { copySqlite } from '../sqlite-copy.ts'
import { openAccounts } from './accounts.ts'
import { openAccountsFile } from './accounts-file.ts'
import { knownKinds, putDocument } from './accounts-move.ts'
import { type Documents, openDocuments } from './documents.ts'

export type AccountsCounted = { products: number; keys: number }

export async function copyAccounts(from: string, to: string): Promise<AccountsCounted> {
  await copySqlite(from, to)
  dropDocuments(to, 'session')
  return countAccounts(to)
}

/** Of accounts that are kept elsewhere: they go into a copy of this machine's own file, which has its audit log. */
export async function copySharedAccounts(
  shared: Pick<Documents, 'list' | 'lastUsed'>,
  from: string,
  to: string,
): Promise<AccountsCounted> {
  await copySqlite(from, to)
  dropDocuments(to)
  const copy = openDocuments(to, neverMs, () => {})
  try {
    for (const kind of knownKinds)
      for (const { id, value } of shared.list(kind)) {
        await putDocument(copy, { kind, id, value })
        const usedMs = shared.lastUsed(id)
        if (usedMs !== null) copy.touch([[id, usedMs]])
      }
  } finally {
    copy.close()
  }
  return countAccounts(to)
}

const neverMs = 2 ** 30

/** All, and when what they are about was used, or those of one kind. Leaves the audit log. */
export function dropDocuments(path: string, kind?: string): void {
  const file = openAccountsFile(path)
  if (kind === undefined) file.exec('DELETE FROM documents; DELETE FROM uses')
  else file.prepare('DELETE FROM documents WHERE kind = ?').run(kind)
  file.close()
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
