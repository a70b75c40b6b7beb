// Accounts on their way from the file of one machine to where several share them: every document as it is but sessions (products, keys,
// viewers, who is kept out and by which keyed hash), and when keys were last used. The file is only read. Doing it again changes
// nothing; what is there and is not the same is another installation's, and is left alone.

import { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import type { Documents } from './documents.ts'
import { formatVersion } from './accounts-file.ts'

export type KeptDocument = { kind: string; id: string; value: unknown }
export type KeptAccounts = { documents: KeptDocument[]; uses: [id: string, usedMs: number][] }

/** Throws a sentence when another version of the program wrote the file. */
export function readAccounts(path: string): KeptAccounts {
  const file = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  try {
    const { user_version: found } = file.prepare('PRAGMA user_version').get() as { user_version: number }
    if (found !== formatVersion)
      throw new Error(
        `Cannot read ${path} because its format must be ${formatVersion}: got ${found}. Start this version of the program on it once.`,
      )
    const documents = file
      .prepare("SELECT kind, id, document FROM documents WHERE kind <> 'session' ORDER BY revision")
      .all()
    const uses = file.prepare('SELECT id, used_ms FROM uses ORDER BY id').all()
    return {
      documents: (documents as { kind: string; id: string; document: string }[]).map(({ kind, id, document }) => ({
        kind,
        id,
        value: JSON.parse(document),
      })),
      uses: (uses as { id: string; used_ms: number }[]).map(({ id, used_ms }) => [id, used_ms]),
    }
  } finally {
    file.close()
  }
}

/** Durable when it resolves. Throws a sentence when another one is there under its name. */
export async function putDocument(
  documents: Pick<Documents, 'get' | 'put'>,
  { kind, id, value }: KeptDocument,
): Promise<void> {
  if (documents.get(kind, id) === null && (await documents.put(kind, id, value, 0))) return
  if (!isDeepStrictEqual(documents.get(kind, id)?.value, value)) throw isAnothers(kind, id)
}

/** Throws a sentence when something is there that is not the same in the kept accounts. */
export function refuseStrangers(documents: Pick<Documents, 'list'>, kept: KeptAccounts): void {
  const own = new Map(kept.documents.map(({ kind, id, value }) => [`${kind} ${id}`, value]))
  const kinds = new Set([...knownKinds, ...kept.documents.map(({ kind }) => kind)])
  for (const kind of kinds)
    for (const { id, value } of documents.list(kind))
      if (!isDeepStrictEqual(own.get(`${kind} ${id}`), value)) throw isAnothers(kind, id)
}

/** All that are carried elsewhere: sessions are not. */
export const knownKinds = ['product', 'key', 'viewer', 'erasure', 'erasure-key']

function isAnothers(kind: string, id: string): Error {
  return new Error(
    `Cannot move the accounts because those in NATS must be of this installation, or none: ${kind} ${id} is another's.`,
  )
}
