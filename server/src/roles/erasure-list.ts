// Who was erased, as a file beside the data (`erasures.json`, for its owner alone), so that it can be carried to where a
// backup is restored. It names nobody: users are told by a keyed hash.

import { existsSync, readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ErasureList } from '../accounts/accounts.ts'

export type KeptErasureList = {
  /** Null when there is none. */
  read(): ErasureList | null
  /** On disk when it resolves. */
  write(list: ErasureList): Promise<void>
}

const listFormat = 1

export function erasureListAt(path: string): KeptErasureList {
  return {
    read: () => (existsSync(path) ? readErasureList(path) : null),
    write: list => writeErasureList(path, list),
  }
}

/** A list as a server writes it beside its data. Throws one sentence when it is none. */
export function readErasureList(path: string): ErasureList {
  const text = readFileSync(path, 'utf8')
  let list: Partial<ErasureList & { format: number }> | null = null
  try {
    list = JSON.parse(text) as typeof list
  } catch {
    // Told below.
  }
  const { format, keys, users }: Partial<ErasureList & { format: number }> = list ?? {}
  if (typeof format !== 'number' || !Array.isArray(keys) || !Array.isArray(users))
    throw new Error(`Cannot read ${path} because it must be a list of erasures: it is not`)
  if (format > listFormat)
    throw new Error(`Cannot read ${path} because its format must be ${listFormat} or older: got ${format}`)
  return { keys, users }
}

async function writeErasureList(path: string, list: ErasureList): Promise<void> {
  if (list.users.length === 0) return
  const text = `${JSON.stringify({ format: listFormat, ...list })}\n`
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  const dir = await open(dirname(path), 'r')
  try {
    await dir.sync()
  } finally {
    await dir.close()
  }
}
