// Copies files so that what is told of them is what was read: one pass reads, hashes and writes. What is written is synced
// now and then, so that no single sync has to wait for very much, and once more at the end.

import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

export type Hashed = { bytes: number; sha256: string }

const pieceBytes = 1024 * 1024
const syncEveryBytes = 16 * pieceBytes

/** `to` must not be there. Its folder is not synced. */
export async function copyFile(from: string, to: string, onBytes: (bytes: number) => void): Promise<Hashed> {
  const target = await open(to, 'wx', 0o600)
  try {
    let unsynced = 0
    const hashed = await eachPiece(from, async piece => {
      await writeWhole(target, piece)
      onBytes(piece.length)
      unsynced += piece.length
      if (unsynced < syncEveryBytes) return
      unsynced = 0
      await target.datasync()
    })
    await target.sync()
    return hashed
  } finally {
    await target.close()
  }
}

/** The same of a file that is there. */
export function hashFile(path: string, onBytes: (bytes: number) => void = () => {}): Promise<Hashed> {
  return eachPiece(path, async piece => onBytes(piece.length))
}

async function eachPiece(path: string, take: (piece: Uint8Array) => Promise<void>): Promise<Hashed> {
  const source = await open(path, 'r')
  try {
    const hash = createHash('sha256')
    const buffer = Buffer.allocUnsafe(pieceBytes)
    for (let bytes = 0; ; ) {
      const { bytesRead } = await source.read(buffer, 0, buffer.length, null)
      if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') }
      const piece = buffer.subarray(0, bytesRead)
      hash.update(piece)
      await take(piece)
      bytes += bytesRead
    }
  } finally {
    await source.close()
  }
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
}
