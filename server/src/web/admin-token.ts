// The admin token: whoever has it may read everything and make keys. It is given, or read from its file, or made:
// 256 random bits in a file that only its owner can read. The file appears whole or not at all, and survives a
// power cut; when two processes make it at once, both end with the same one.

import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const tokenShape = /^[\x21-\x7e]{16,512}$/

/** What is wrong with a token that somebody chose, or null. */
export function adminTokenProblem(token: string): string | null {
  if (tokenShape.test(token)) return null
  return 'The admin token must be 16 to 512 visible ASCII characters without spaces'
}

/** The token in `path`, made first if there is none. Throws when the file is there and unfit. */
export async function readOrMakeAdminToken(path: string): Promise<{ token: string; made: boolean }> {
  const found = await readToken(path)
  if (found !== null) return { token: found, made: false }

  const token = `dpa_${randomBytes(32).toString('base64url')}`
  await mkdir(dirname(path), { recursive: true })
  const draft = join(dirname(path), `.admin-token-${process.pid}-${randomBytes(4).toString('hex')}`)
  await writeDurably(draft, `${token}\n`)
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const theirs = await readToken(path)
    if (theirs === null) throw new Error(`Cannot read ${path} because it vanished while it was made`, { cause: error })
    return { token: theirs, made: false }
  } finally {
    await unlink(draft)
  }
  await syncFolder(dirname(path))
  return { token, made: true }
}

async function readToken(path: string): Promise<string | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const token = text.trim()
  const problem = adminTokenProblem(token)
  if (problem !== null) throw new Error(`Cannot use ${path}: ${problem}. Delete the file to get a new one`)
  const mode = (await stat(path)).mode & 0o777
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new Error(`Cannot use ${path} because others may read it (mode ${mode.toString(8)}): run chmod 600 on it`)
  }
  return token
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
