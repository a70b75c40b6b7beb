// Files that are whole or absent after a power cut: written under another name, synced, renamed, directory synced.

import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

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
