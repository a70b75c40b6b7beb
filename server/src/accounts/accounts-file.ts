// The SQLite file that holds accounts and the audit log. What is committed is on the disk (WAL, synchronous=FULL).
//
// Layout (format 2, in PRAGMA user_version; a newer one is refused, format 1 had no audit log and is brought up to date):
//   documents(kind, id, revision, document)   documents.ts
//   uses(id, used_ms)                         documents.ts
//   audit(chain, seq, of, at_ms, kind, act, product, content, hash)
//                                             audit-log.ts. Rows are only ever added behind the last of their chain; the
//                                             file itself refuses to change one, and lets go only of those that an entry
//                                             `audit.trim` of the same chain names (`through`)

import { DatabaseSync } from 'node:sqlite'

export const formatVersion = 2

/** Made when it is not there. Throws a sentence when a newer server wrote it. */
export function openAccountsFile(path: string): DatabaseSync {
  const file = new DatabaseSync(path, { timeout: 5_000 })
  try {
    // Setting WAL needs the file for itself for a moment; several processes may start at once, so wait for it.
    file.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    file.exec('BEGIN IMMEDIATE')
    const found = (file.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
    if (found > formatVersion) {
      throw new Error(
        `Cannot open ${path} because its format must be ${formatVersion} or older: got ${found}. A newer DataPulse wrote it.`,
      )
    }
    if (found < 1) file.exec(documentTables)
    if (found < 2) file.exec(auditTable)
    file.exec(`PRAGMA user_version = ${formatVersion}; COMMIT`)
    return file
  } catch (fault) {
    file.close()
    throw fault
  }
}

const documentTables = `
  CREATE TABLE documents (
    kind TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (kind, id)) WITHOUT ROWID;
  CREATE UNIQUE INDEX documents_by_revision ON documents (revision);
  CREATE TABLE uses (id TEXT PRIMARY KEY, used_ms INTEGER NOT NULL) WITHOUT ROWID;`

const auditTable = `
  CREATE TABLE audit (
    chain TEXT NOT NULL, seq INTEGER NOT NULL, of INTEGER, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, act TEXT NOT NULL,
    product TEXT, content TEXT NOT NULL, hash TEXT NOT NULL,
    PRIMARY KEY (chain, seq)) WITHOUT ROWID;
  CREATE INDEX audit_by_of ON audit (chain, of) WHERE of IS NOT NULL;
  CREATE INDEX audit_by_act ON audit (chain, act, seq);
  CREATE TRIGGER audit_grows_at_its_end BEFORE INSERT ON audit
    WHEN NEW.seq <> 1 + coalesce((SELECT max(seq) FROM audit WHERE chain = NEW.chain), 0)
    BEGIN SELECT raise(ABORT, 'an audit entry goes behind the last one'); END;
  CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
    BEGIN SELECT raise(ABORT, 'an audit entry is never changed'); END;
  CREATE TRIGGER audit_lets_go_of_what_it_names BEFORE DELETE ON audit
    WHEN OLD.seq > coalesce((
      SELECT content ->> '$.values.through' FROM audit
      WHERE chain = OLD.chain AND act = 'audit.trim' ORDER BY seq DESC LIMIT 1), 0)
    BEGIN SELECT raise(ABORT, 'an audit entry is never deleted'); END;`
