// A segment that is being written: what `append` has resolved for is on the disk. After a failure nobody knows what is, so
// the file is cut back to where it was good, or left, and the next append begins another.

import { type FileHandle, open, unlink } from 'node:fs/promises'
import { segmentHeader } from './segment.ts'

export type SegmentFile = {
  /** Bytes that are on the disk. */
  readonly bytes: number
  append(text: string): Promise<void>
  close(): Promise<void>
}

/** What is asked of the disk, so that a test can stand in for one that is full. */
export type Disk = { open(path: string, flags: string, mode?: number): Promise<FileHandle> }
export const realDisk: Disk = { open }

export async function createSegmentFile(disk: Disk, directory: string, path: string): Promise<SegmentFile> {
  const file = await disk.open(path, 'wx', 0o600)
  let bytes = 0
  const write = async (buffer: Buffer): Promise<void> => {
    try {
      for (let at = 0; at < buffer.length; ) {
        const { bytesWritten } = await file.write(buffer, at, buffer.length - at, bytes + at)
        at += bytesWritten
      }
      await file.datasync()
    } catch (cause) {
      await file.truncate(bytes).catch(() => {})
      throw cause
    }
    bytes += buffer.length
  }
  try {
    await write(segmentHeader)
    await syncDirectory(disk, directory)
  } catch (cause) {
    await file.close().catch(() => {})
    await unlink(path).catch(() => {})
    throw cause
  }
  return {
    get bytes() {
      return bytes
    },
    append: text => write(Buffer.from(text)),
    close: () => file.close(),
  }
}

export async function syncDirectory(disk: Disk, directory: string): Promise<void> {
  const handle = await disk.open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
