// The directory in which everything is kept: whether it can be, and making it. What is wrong comes as words that end the
// sentence "must be a directory …: got "/x", ". One that is not there is made level by level, because Node's own way to
// make several at once never ends where the system refuses with "no such file" (below /proc, for example).

import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Looks, and makes nothing. Permission to write is no promise that the system makes directories there. */
export function dataDirProblem(dir: string): string | null {
  try {
    const [nearest] = splitAtWhatIs(dir)
    if (!statSync(nearest).isDirectory()) return nearest === dir ? 'which is a file' : 'which is below a file'
    accessSync(nearest, constants.R_OK | constants.W_OK | constants.X_OK)
    return null
  } catch (cause) {
    return wordsFor(cause)
  }
}

/** Makes it, with those above it, where it is not there. */
export function makeDataDir(dir: string): string | null {
  const problem = dataDirProblem(dir)
  if (problem !== null) return problem
  try {
    const [, missing] = splitAtWhatIs(dir)
    for (const level of missing) mkdirSync(level)
    return null
  } catch (cause) {
    return wordsFor(cause)
  }
}

/** The nearest of the path's levels that is there, and those below it, from above. */
function splitAtWhatIs(dir: string): [nearest: string, missing: string[]] {
  const missing: string[] = []
  let at = dir
  while (statSync(at, { throwIfNoEntry: false }) === undefined && at !== dirname(at)) {
    missing.unshift(at)
    at = dirname(at)
  }
  return [at, missing]
}

function wordsFor(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM') return 'which this user may not write to'
  if (code === 'EROFS') return 'which is on a read-only file system'
  if (code === 'ENOTDIR') return 'which is below a file'
  return `where no directory can be made (${code})`
}
