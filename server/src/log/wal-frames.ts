// Looks at a write-ahead log before SQLite does. SQLite's recovery stops without a word at the first frame whose
// checksum is wrong: right for the torn end of a commit that was never acknowledged, silent loss when a frame in
// the middle was damaged. The file, as SQLite documents it (big-endian; 32 bytes, then frames):
//
//   header  magic 0x377f0682 | checksums in big-endian words if its last bit is set, version, page bytes,
//           checkpoint number, salt 1, salt 2, checksum 1, checksum 2 (of the 24 bytes before)
//   frame   page number, database pages after a commit (else 0), salt 1, salt 2, checksum 1, checksum 2, then the page;
//           the checksum runs on over the first 8 bytes of each frame and its page
//
// A commit is synced before the next begins, so behind a break there is at most one commit frame unless damage was
// done. When there are more, the sums are computed anew over what is there: SQLite then sees every commit, and what
// is really damaged is found by the checksum of its row. The broken file is kept beside it as `.damaged`.

import { copyFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncFile, syncFolder } from './durable-file.ts'

const headerBytes = 32
const frameHeadBytes = 24
const magic = 0x377f0682

export type WalFinding = {
  /** Frames that SQLite will take: they end with a commit. */
  framesValid: number
  /** Commit frames of this generation behind them. */
  commitsBehind: number
  /** Frames of this generation behind them. */
  framesBehind: number
}

/** Reads a WAL as SQLite's recovery would, and counts what lies behind the place where that stops. */
export function inspectWal(wal: Buffer): WalFinding {
  const finding: WalFinding = { framesValid: 0, commitsBehind: 0, framesBehind: 0 }
  const shape = shapeOf(wal)
  if (shape === null) return finding
  let sum: Sum = [wal.readUInt32BE(24), wal.readUInt32BE(28)]
  const headerIsIntact = sameSum(checksum(wal, 0, 24, [0, 0], shape.bigEndian), sum)
  let intact = headerIsIntact
  for (let index = 0; index < shape.frames; index++) {
    const at = headerBytes + index * shape.frameBytes
    if (wal.compare(wal, 16, 24, at + 8, at + 16) !== 0) {
      intact = false
      continue
    }
    if (intact) {
      sum = frameSum(wal, at, shape, sum)
      intact = sameSum(sum, [wal.readUInt32BE(at + 16), wal.readUInt32BE(at + 20)])
    }
    const commits = wal.readUInt32BE(at + 4) !== 0
    if (intact && commits) {
      finding.framesValid = index + 1
      finding.commitsBehind = 0
      finding.framesBehind = 0
    } else {
      finding.framesBehind++
      if (commits) finding.commitsBehind++
    }
  }
  return finding
}

/** Computes all sums of a WAL anew, in place, up to the last commit frame of its generation. */
export function recomputeSums(wal: Buffer): void {
  const shape = shapeOf(wal)
  if (shape === null) return
  let sum = checksum(wal, 0, 24, [0, 0], shape.bigEndian)
  writeSum(wal, 24, sum)
  for (let index = 0; index < shape.frames; index++) {
    const at = headerBytes + index * shape.frameBytes
    wal.copy(wal, at + 8, 16, 24)
    sum = frameSum(wal, at, shape, sum)
    writeSum(wal, at + 16, sum)
  }
}

/**
 * What the writer does before it opens a segment: syncs the WAL (a commit seen from here on must stay), and mends it
 * when acknowledged commits lie behind a break. `tail` says that something lies behind the last commit, or did:
 * such a file is not written any more, so that two torn ends never add up to what looks like damage.
 */
export function mendWal(path: string): { damage: string[]; tail: boolean } {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0) return { damage: [], tail: false }
  syncFile(path)
  const wal = readFileSync(path)
  const found = inspectWal(wal)
  const shape = shapeOf(wal)
  const unreadableHead = shape === null && size > headerBytes
  if (found.commitsBehind < 2) {
    const damage = unreadableHead ? [`The write-ahead log ${path} has no readable header: its commits are lost`] : []
    return { damage, tail: found.framesBehind > 0 || unreadableHead }
  }
  copyFileSync(path, `${path}.damaged`)
  const lastCommit = lastCommitFrame(wal)
  recomputeSums(wal.subarray(0, lastCommit))
  writeFileSync(`${path}.mended`, wal.subarray(0, lastCommit))
  syncFile(`${path}.mended`)
  renameSync(`${path}.mended`, path)
  syncFolder(dirname(path))
  const sentence = `The write-ahead log ${path} is damaged after frame ${found.framesValid}: ${found.commitsBehind} commits lie behind it. They were brought back; what cannot be read of them is reported when it is read`
  return { damage: [sentence], tail: true }
}

type Shape = { bigEndian: boolean; frameBytes: number; frames: number }
type Sum = [number, number]

function shapeOf(wal: Buffer): Shape | null {
  if (wal.length < headerBytes) return null
  const word = wal.readUInt32BE(0)
  const pageBytes = wal.readUInt32BE(8)
  const sane = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0
  if ((word & ~1) >>> 0 !== magic || !sane) return null
  const frameBytes = frameHeadBytes + pageBytes
  return { bigEndian: (word & 1) === 1, frameBytes, frames: Math.floor((wal.length - headerBytes) / frameBytes) }
}

/** Where the last commit frame of this generation ends. */
function lastCommitFrame(wal: Buffer): number {
  const shape = shapeOf(wal)!
  let end = headerBytes
  for (let index = 0; index < shape.frames; index++) {
    const at = headerBytes + index * shape.frameBytes
    const sameGeneration = wal.compare(wal, 16, 24, at + 8, at + 16) === 0
    if (sameGeneration && wal.readUInt32BE(at + 4) !== 0) end = at + shape.frameBytes
  }
  return end
}

function frameSum(wal: Buffer, at: number, shape: Shape, sum: Sum): Sum {
  const afterHead = checksum(wal, at, at + 8, sum, shape.bigEndian)
  return checksum(wal, at + frameHeadBytes, at + shape.frameBytes, afterHead, shape.bigEndian)
}

/** SQLite's running sum over pairs of 32-bit words. */
function checksum(bytes: Buffer, from: number, to: number, start: Sum, bigEndian: boolean): Sum {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const littleEndian = !bigEndian
  let [a, b] = start
  for (let at = from; at < to; at += 8) {
    a = (a + view.getUint32(at, littleEndian) + b) | 0
    b = (b + view.getUint32(at + 4, littleEndian) + a) | 0
  }
  return [a >>> 0, b >>> 0]
}

function sameSum(a: Sum, b: Sum): boolean {
  return a[0] === b[0] && a[1] === b[1]
}

function writeSum(wal: Buffer, at: number, sum: Sum): void {
  wal.writeUInt32BE(sum[0], at)
  wal.writeUInt32BE(sum[1], at + 4)
}
