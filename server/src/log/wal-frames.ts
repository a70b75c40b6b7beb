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
// done. When there are more, the sums are computed anew over a copy: SQLite then sees every commit in it, and what is
// really damaged is found by the checksum of its row.

import { readFileSync, statSync } from 'node:fs'
import { syncFile } from '../durable-file.ts'

const headerBytes = 32
const frameHeadBytes = 24
const magic = 0x377f0682
const version = 3_007_000

type WalFinding = {
  /** Frames that SQLite will take: they end with a commit. */
  framesValid: number
  /** Commit frames of this generation behind them. */
  commitsBehind: number
  /** Frames of this generation behind them. */
  framesBehind: number
}

/** Reads a WAL as SQLite's recovery would, and counts what lies behind the place where that stops. */
export function inspectWal(wal: Buffer, pageBytes: number): WalFinding {
  const finding: WalFinding = { framesValid: 0, commitsBehind: 0, framesBehind: 0 }
  const frameBytes = frameHeadBytes + pageBytes
  const salts = saltsOf(wal, frameBytes)
  let intact = headerIsIntact(wal, pageBytes)
  let sum: Sum = intact ? [wal.readUInt32BE(24), wal.readUInt32BE(28)] : [0, 0]
  for (let at = headerBytes; at + frameBytes <= wal.length; at += frameBytes) {
    if (wal.compare(salts, 0, 8, at + 8, at + 16) !== 0) {
      intact = false
      continue
    }
    if (intact) {
      sum = frameSum(wal, at, frameBytes, isBigEndian(wal), sum)
      intact = sameSum(sum, [wal.readUInt32BE(at + 16), wal.readUInt32BE(at + 20)])
    }
    const commits = wal.readUInt32BE(at + 4) !== 0
    if (intact && commits) {
      finding.framesValid = (at - headerBytes) / frameBytes + 1
      finding.commitsBehind = 0
      finding.framesBehind = 0
    } else {
      finding.framesBehind++
      if (commits) finding.commitsBehind++
    }
  }
  return finding
}

/** Gives the same WAL up to its last commit, with its header and all sums as SQLite wants them. */
export function mendedWal(wal: Buffer, pageBytes: number): Buffer {
  const frameBytes = frameHeadBytes + pageBytes
  const salts = saltsOf(wal, frameBytes)
  const mended = Buffer.from(wal.subarray(0, lastCommitEnd(wal, frameBytes, salts)))
  const bigEndian = isBigEndian(wal)
  mended.writeUInt32BE(bigEndian ? magic + 1 : magic, 0)
  mended.writeUInt32BE(version, 4)
  mended.writeUInt32BE(pageBytes, 8)
  salts.copy(mended, 16)
  let sum = checksum(mended, 0, 24, [0, 0], bigEndian)
  writeSum(mended, 24, sum)
  for (let at = headerBytes; at < mended.length; at += frameBytes) {
    salts.copy(mended, at + 8)
    sum = frameSum(mended, at, frameBytes, bigEndian, sum)
    writeSum(mended, at + 16, sum)
  }
  return mended
}

/**
 * Syncs and inspects a WAL before a writer opens it: what is seen in it from here on must stay.
 * `bytes` is null when there is none.
 */
export function readWal(path: string, pageBytes: number): { bytes: Buffer | null; found: WalFinding } {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size <= headerBytes) return { bytes: null, found: { framesValid: 0, commitsBehind: 0, framesBehind: 0 } }
  syncFile(path)
  const bytes = readFileSync(path)
  return { bytes, found: inspectWal(bytes, pageBytes) }
}

type Sum = [number, number]

function headerIsIntact(wal: Buffer, pageBytes: number): boolean {
  if (wal.length < headerBytes) return false
  const known = (wal.readUInt32BE(0) & ~1) >>> 0 === magic && wal.readUInt32BE(4) === version
  const sum = checksum(wal, 0, 24, [0, 0], isBigEndian(wal))
  return known && wal.readUInt32BE(8) === pageBytes && sameSum(sum, [wal.readUInt32BE(24), wal.readUInt32BE(28)])
}

/** The words are in the writer's order; but for damage, that is this machine's. */
function isBigEndian(wal: Buffer): boolean {
  return wal.readUInt32BE(0) === magic + 1
}

/** What all frames of this generation carry: from the header, or from the first frame when the header is damaged. */
function saltsOf(wal: Buffer, frameBytes: number): Buffer {
  const pageBytes = frameBytes - frameHeadBytes
  const at = headerIsIntact(wal, pageBytes) || wal.length < headerBytes + frameBytes ? 16 : headerBytes + 8
  return Buffer.from(wal.subarray(at, at + 8))
}

function lastCommitEnd(wal: Buffer, frameBytes: number, salts: Buffer): number {
  let end = headerBytes
  for (let at = headerBytes; at + frameBytes <= wal.length; at += frameBytes) {
    const sameGeneration = wal.compare(salts, 0, 8, at + 8, at + 16) === 0
    if (sameGeneration && wal.readUInt32BE(at + 4) !== 0) end = at + frameBytes
  }
  return end
}

function frameSum(wal: Buffer, at: number, frameBytes: number, bigEndian: boolean, sum: Sum): Sum {
  const afterHead = checksum(wal, at, at + 8, sum, bigEndian)
  return checksum(wal, at + frameHeadBytes, at + frameBytes, afterHead, bigEndian)
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
