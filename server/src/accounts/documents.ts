// A small watched store of documents, kept in one SQLite file: list, get, put, watch. Every process holds all documents
// in memory, so reading costs nothing; a put is durable when its promise resolves (WAL, synchronous=FULL), and every
// other process sees it within `pollMs`. It is defined by what a replicated key-value store can do as well (one document
// per put, a revision for each, compare-and-set), so that one may take its place.
//
// Its tables in the file (accounts-file.ts has the format):
//   documents(kind, id, revision, document)   document is JSON; revision grows by one with each put of any document
//   uses(id, used_ms)                         when something was last used: written without waiting for the disk,
//                                             no revision, never watched

import { DatabaseSync } from 'node:sqlite'
import { openAccountsFile } from './accounts-file.ts'

type Document<T> = { id: string; revision: number; value: T }

export type Documents = {
  list<T>(kind: string): Document<T>[]
  get<T>(kind: string, id: string): Document<T> | null
  /**
   * Writes a document if its revision still is `expected` (0: there must be none). Durable when it resolves.
   * Resolves to false, having changed nothing, when somebody else was faster; `get` gives the newer one then.
   */
  put(kind: string, id: string, value: unknown, expected: number): Promise<boolean>
  /** Calls `changed` after each document that is new here, whoever wrote it. */
  watch(changed: (kind: string, id: string) => void): void
  /** Looks for other processes' changes now; costs microseconds when there are none. */
  catchUp(): void
  /** Looks for other processes' documents now instead of at the next poll. */
  refresh(): void
  touch(uses: Iterable<readonly [id: string, usedMs: number]>): void
  lastUsed(id: string): number | null
  close(): void
}

type Row = { kind: string; id: string; revision: number; document: string }

export function openDocuments(path: string, pollMs: number, onFault: (fault: unknown) => void): Documents {
  const store = openAccountsFile(path)
  const uses = openUses(path)
  const kinds = new Map<string, Map<string, Document<unknown>>>()
  const watchers: ((kind: string, id: string) => void)[] = []
  const selectNewer = store.prepare(
    'SELECT kind, id, revision, document FROM documents WHERE revision > ? ORDER BY revision',
  )
  const selectVersion = store.prepare('PRAGMA data_version')
  const selectRevision = store.prepare('SELECT revision FROM documents WHERE kind = ? AND id = ?')
  const upsert = store.prepare(
    `INSERT INTO documents (kind, id, revision, document)
     VALUES (?, ?, (SELECT coalesce(max(revision), 0) + 1 FROM documents), ?)
     ON CONFLICT (kind, id) DO UPDATE SET revision = excluded.revision, document = excluded.document`,
  )
  const upsertUse = uses.prepare(
    `INSERT INTO uses (id, used_ms) VALUES (?, ?)
     ON CONFLICT (id) DO UPDATE SET used_ms = max(used_ms, excluded.used_ms)`,
  )
  const selectUse = store.prepare('SELECT used_ms FROM uses WHERE id = ?')
  let known = 0
  let version = -1

  readNewer()
  const timer = setInterval(poll, pollMs)
  timer.unref()

  return {
    list: kind => [...(kinds.get(kind)?.values() ?? [])] as Document<never>[],
    get: (kind, id) => (kinds.get(kind)?.get(id) ?? null) as Document<never> | null,
    put,
    watch: changed => void watchers.push(changed),
    refresh: readNewer,
    catchUp: poll,
    touch,
    lastUsed: id => (selectUse.get(id) as { used_ms: number } | undefined)?.used_ms ?? null,
    close() {
      clearInterval(timer)
      uses.close()
      store.close()
    },
  }

  // The promise is for the day when the store is across a network; SQLite answers at once.
  async function put(kind: string, id: string, value: unknown, expected: number): Promise<boolean> {
    store.exec('BEGIN IMMEDIATE')
    let written = false
    try {
      const row = selectRevision.get(kind, id) as { revision: number } | undefined
      if ((row?.revision ?? 0) === expected) {
        upsert.run(kind, id, JSON.stringify(value))
        written = true
      }
      store.exec('COMMIT')
    } catch (fault) {
      if (store.isTransaction) store.exec('ROLLBACK')
      throw fault
    }
    readNewer()
    return written
  }

  /** `data_version` changes when another connection has committed; asking costs microseconds. */
  function poll(): void {
    try {
      const now = (selectVersion.get() as { data_version: number }).data_version
      if (now === version) return
      readNewer()
      version = now
    } catch (fault) {
      onFault(fault)
    }
  }

  function readNewer(): void {
    for (const row of selectNewer.all(known) as Row[]) {
      let documents = kinds.get(row.kind)
      if (documents === undefined) kinds.set(row.kind, (documents = new Map()))
      documents.set(row.id, { id: row.id, revision: row.revision, value: JSON.parse(row.document) })
      known = row.revision
      for (const changed of watchers) changed(row.kind, row.id)
    }
  }

  function touch(list: Iterable<readonly [string, number]>): void {
    uses.exec('BEGIN IMMEDIATE')
    try {
      for (const [id, usedMs] of list) upsertUse.run(id, usedMs)
      uses.exec('COMMIT')
    } catch (fault) {
      if (uses.isTransaction) uses.exec('ROLLBACK')
      throw fault
    }
  }
}

/** A connection that waits neither for another writer nor, but for a checkpoint every thousand pages, for the disk. */
function openUses(path: string): DatabaseSync {
  const file = new DatabaseSync(path, { timeout: 0 })
  file.exec('PRAGMA synchronous = NORMAL')
  return file
}
