// Whether a file looks like a database in MaxMind's format (MMDB), without reading all of it: its last 128 KiB hold a mark
// before its description. So a wrong file is told before anything starts, in every process, at the cost of one read.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const mark = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
const tailBytes = 128 * 1024

/** null, or what the path is instead, as words that end a sentence. */
export function placeFileProblem(path: string): string | null {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'which is not there' : 'which cannot be read'
  }
  try {
    const found = fstatSync(file)
    if (!found.isFile()) return 'which is no file'
    const tail = Buffer.alloc(Math.min(found.size, tailBytes))
    readSync(file, tail, 0, tail.length, found.size - tail.length)
    return tail.includes(mark) ? null : 'which is no MMDB file'
  } catch {
    return 'which cannot be read'
  } finally {
    closeSync(file)
  }
}
