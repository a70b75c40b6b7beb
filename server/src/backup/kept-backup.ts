// A backup as it lies there: whole, or a sentence why it is none. Nothing is written, and no file is opened but for reading.

import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hashFile } from './copied-file.ts'
import { listFolder } from './folder.ts'
import { type Manifest, manifestName, readManifest } from './manifest.ts'

/** Reads the manifest and every file that it names. Throws one sentence when anything is missing or damaged. */
export async function checkBackup(from: string, onBytes: (bytes: number) => void = () => {}): Promise<Manifest> {
  const manifest = await manifestOf(from)
  for (const { path, bytes, sha256 } of manifest.files) {
    const size = await sizeOf(join(from, path))
    if (size === null) throw refused(from, `${path} is missing`)
    if (size !== bytes) throw refused(from, `${path} is damaged: it must have ${bytes} bytes: got ${size}`)
    const found = await hashFile(join(from, path), onBytes)
    if (found.sha256 !== sha256) throw refused(from, `${path} is damaged: its checksum is another one`)
  }
  return manifest
}

async function manifestOf(from: string): Promise<Manifest> {
  const there = await listFolder(from)
  if (there === null) throw refused(from, 'there is no such folder')
  if (!there.includes(manifestName))
    throw refused(from, `it has no ${manifestName}: it is no backup, or one that was not finished`)
  const manifest = readManifest(await readFile(join(from, manifestName), 'utf8'))
  if (typeof manifest === 'string') throw refused(from, manifest)
  return manifest
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw cause
  }
}

function refused(from: string, why: string): Error {
  return Object.assign(new Error(`Cannot restore from ${from} because ${why}`), { code: 'BACKUP_DAMAGED' })
}
