// What ClickHouse leaves unsynced after an insert. It syncs the files of the new part and the part's directory, but not
// the directory in which the part got its name last, nor the log of tokens by which a repetition is recognised (a
// system-call trace shows it): after a power cut a load could be there twice, or its note be missing. So the engine
// syncs both before it answers, the directory first: a token on disk without its part would make a repetition be ignored,
// a part without its token is found by whoever asks what is there (insert-whole.ts). A table that is new has, besides,
// directories above it that hold its name, and one whose parts came from another table (hard links) has directories of
// parts that nobody has synced: both are done before such a table takes the place of another.

import { open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Gives the directories of `database.table`. */
export type FindTable = (database: string, table: string) => Promise<string[]>

export type TableSync = {
  /** Syncs what an insert into a table has changed. */
  table(database: string, table: string): Promise<void>
  /** Syncs all that a table consists of, whoever wrote it: every directory of it and above it. */
  whole(database: string, table: string): Promise<void>
  /** Syncs which tables there are under which names; where they are is asked anew from then on. */
  names(database: string): Promise<void>
}

/** Remembers where tables are, and asks again when one has moved. `dir` is the engine's data directory. */
export function tableSync(dir: string, findTable: FindTable): TableSync {
  const known = new Map<string, string[]>()
  const syncOf = async (database: string, table: string) => {
    const name = `${database}.${table}`
    for (const fresh of [false, true]) {
      const found = fresh ? undefined : known.get(name)
      const dirs = found ?? (await findTable(database, table))
      known.set(name, dirs)
      try {
        for (const path of dirs) await syncTable(path)
        if (found === undefined) for (const path of dirs) await syncAbove(path, dir)
        return
      } catch (error) {
        if (fresh || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
  }
  return {
    table: syncOf,
    async whole(database, table) {
      for (const path of await findTable(database, table)) {
        for (const part of await readdir(path, { withFileTypes: true }))
          if (part.isDirectory()) await syncPath(join(path, part.name)).catch(unlessGone)
        await syncTable(path)
        await syncAbove(path, dir)
      }
    },
    async names(database) {
      known.clear()
      await syncPath(join(dir, 'metadata', database))
    },
  }
}

async function syncTable(dir: string): Promise<void> {
  await syncPath(dir)
  const tokens = join(dir, 'deduplication_logs')
  const logs = await readdir(tokens).catch(() => [])
  const [last] = logs.toSorted((a, b) => numberOf(b) - numberOf(a))
  if (last !== undefined) {
    await syncPath(join(tokens, last))
    await syncPath(tokens)
  }
}

/** A part that has been merged away needs no sync. */
function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

/** The directories from that of the table up to the engine's own, which hold their names. */
async function syncAbove(path: string, top: string): Promise<void> {
  for (let above = dirname(path); above.length > top.length; above = dirname(above)) await syncPath(above)
  await syncPath(top)
}

function numberOf(file: string): number {
  return Number(/(\d+)\.txt$/.exec(file)?.[1] ?? 0)
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
