// How much disk each kind of data takes, for whoever looks at the system. To know it every file must be looked at, so it is
// counted beside everything else, seldom, and what was counted last is told meanwhile. What is there under two names (a backup
// holds parts of the warehouse still by hard links) is counted once.

import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

export type DirectorySizes = {
  /** Bytes by kind, and when they were counted; null before the first time. Begins to count anew when that is due. */
  read(): { bytes: Record<string, number>; countedMs: number } | null
}

export type DirectorySizesParts = {
  dir: string
  /** What an entry of the directory is counted as. */
  kindOf(name: string): string
  now: () => number
  everyMs: number
}

export function openDirectorySizes({ dir, kindOf, now, everyMs }: DirectorySizesParts): DirectorySizes {
  let known: ReturnType<DirectorySizes['read']> = null
  let counting = false
  let dueMs = 0
  const count = async () => {
    const startedMs = now()
    const bytes: Record<string, number> = {}
    const seen = new Set<string>()
    try {
      for (const { name } of await entriesOf(dir)) {
        const kind = kindOf(name)
        bytes[kind] = (bytes[kind] ?? 0) + (await bytesBelow(join(dir, name), seen))
      }
      known = { bytes, countedMs: now() }
    } finally {
      counting = false
      // Where it takes long, it is done less often.
      dueMs = now() + Math.max(everyMs, (now() - startedMs) * restFactor)
    }
  }
  return {
    read() {
      if (!counting && now() >= dueMs) {
        counting = true
        count().catch(() => {})
      }
      return known
    },
  }
}

const restFactor = 20
const blockBytes = 512

async function bytesBelow(path: string, seen: Set<string>): Promise<number> {
  const found = await lstat(path).catch(gone)
  if (found === null) return 0
  if (found.nlink > 1 && !found.isDirectory()) {
    const id = `${found.dev} ${found.ino}`
    if (seen.has(id)) return 0
    seen.add(id)
  }
  let bytes = found.blocks * blockBytes
  if (found.isDirectory())
    for (const { name } of await entriesOf(path)) bytes += await bytesBelow(join(path, name), seen)
  return bytes
}

async function entriesOf(dir: string) {
  return (await readdir(dir, { withFileTypes: true }).catch(gone)) ?? []
}

/** Files come and go while they are counted. */
function gone(cause: NodeJS.ErrnoException): null {
  if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return null
  throw cause
}
