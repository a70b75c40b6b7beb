// Where the engine's socket lies. A unix socket's path has at most 107 bytes on Linux and 103 on macOS; a data
// directory may lie deeper, and then the socket goes to a directory of its own below the system's temporary one.

import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'

const pathBytesMax = 100

/**
 * The path to use for a socket that should lie at `wanted`: the same one while it is short enough, else a short one
 * made from it, the same every time. `moved` says which, so that the caller can log it. The directory exists
 * afterwards, and only its owner can enter it.
 */
export function socketPathFor(wanted: string): { path: string; moved: boolean } {
  const whole = resolve(wanted)
  if (Buffer.byteLength(whole) <= pathBytesMax) {
    mkdirSync(join(whole, '..'), { recursive: true, mode: 0o700 })
    return { path: whole, moved: false }
  }
  const owner = userInfo().uid
  const dir = join(tmpdir(), `datapulse-${owner}`)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const found = lstatSync(dir)
  if (!found.isDirectory() || (owner >= 0 && found.uid !== owner) || (found.mode & 0o077) !== 0)
    throw new Error(`Cannot use ${dir} for sockets because it must be a directory that only its owner can enter`)
  return { path: join(dir, `${createHash('sha256').update(whole).digest('hex').slice(0, 16)}.sock`), moved: true }
}
