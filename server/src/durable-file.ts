// Files that are whole or absent after a power cut: written under another name, synced, renamed, directory synced.
// And trees that are whole before anybody says so.

import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** Makes a folder and those above it that are not there, and syncs what names them. */
export function makeFolderDurably(dir: string): void {
  const first = mkdirSync(dir, { recursive: true })
  if (first === undefined) return
  const top = dirname(resolve(first))
  for (let at = dirname(resolve(dir)); at.length >= top.length; at = dirname(at)) {
    syncFolder(at)
    if (at === dirname(at)) break
  }
}

export function writeFileDurably(dir: string, name: string, text: string | Uint8Array): void {
  const temporary = `new-${name}.tmp`
  writeFileSync(join(dir, temporary), text)
  renameDurably(dir, temporary, name)
}

/** Syncs the file, gives it its name, and syncs the directory. Nobody may have it open by SQLite. */
export function renameDurably(dir: string, from: string, to: string): void {
  syncFile(join(dir, from))
  renameSync(join(dir, from), join(dir, to))
  syncFolder(dir)
}

export function syncFolder(dir: string): void {
  syncFile(dir, 'r')
}

export function syncFile(path: string, flags = 'r+'): void {
  const file = openSync(path, flags)
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Syncs every file and folder of a tree, and the tree's own name. */
export async function syncTree(dir: string): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) await syncTree(path)
    else if (entry.isFile()) await syncPath(path)
  }
  await syncPath(dir)
}

/** The same of one file or folder, without holding up this thread. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
