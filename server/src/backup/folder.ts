// Folders that a backup or a restore is to fill: where they really are, whether they are empty, and how much room there is.

import { mkdir, readdir, realpath, rm, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncFolder } from '../durable-file.ts'

/** What a file system has by itself at its root. */
const ofTheDisk = new Set(['lost+found'])

/** What is in a folder; null when there is none. */
export async function listFolder(dir: string): Promise<string[] | null> {
  try {
    return (await readdir(dir)).filter(name => !ofTheDisk.has(name))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw cause
  }
}

/**
 * Makes a folder in one that is there, unless it is there itself; its name is synced. (mkdir with `recursive` never returns
 * where a system says of a folder that is there that it is not, as in /proc. And a misspelt path is not made.)
 */
export async function makeFolder(dir: string): Promise<void> {
  if ((await listFolder(dir)) !== null) return
  await mkdir(dir, { mode: 0o700 })
  syncFolder(dirname(dir))
}

/** The path without links, also of what is not there yet. */
export async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw cause
    return join(await realPlace(dirname(path)), basename(path))
  }
}

/** Of the disk on which `path` is, or will be. */
export async function roomAt(path: string): Promise<{ freeBytes: number; device: number }> {
  try {
    const { bavail, bsize } = await statfs(path)
    return { freeBytes: bavail * bsize, device: (await stat(path)).dev }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw cause
    return roomAt(dirname(path))
  }
}

/** Removes what is in a folder, but not the folder; `last` after everything else. */
export async function emptyFolder(dir: string, last = ''): Promise<void> {
  const names = (await listFolder(dir)) ?? []
  for (const name of names.toSorted((a, b) => Number(a === last) - Number(b === last)))
    await rm(join(dir, name), { recursive: true, force: true })
}

/** Paths of all files below, relative to it. */
export async function filesBelow(dir: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.isDirectory())
      found.push(...(await filesBelow(join(dir, entry.name))).map(name => join(entry.name, name)))
    else found.push(entry.name)
  }
  return found.sort()
}
