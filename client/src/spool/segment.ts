// One file of the spool, as text that a person can read:
//
//   segment-00000001.spool     datapulse-spool 1\n
//                              <16 hex digits> <number> <event>\n      one line for each event
//
// The digits begin the SHA-256 of `<number> <event>`. JSON without spaces has no line end in it, so a damaged line spoils no
// other. A last line without its end is what a crash cut off: nobody was told that it is there. Numbers rise, and have
// gaps where writing failed.

import { createHash } from 'node:crypto'

export const segmentBytesMax = 4 * 1024 * 1024

/** Newer formats are refused. */
const header = 'datapulse-spool 1\n'
const headerPattern = /^datapulse-spool (\d+)\n/

export type Entry = { seq: number; text: string }
export type Segment = { entries: Entry[]; damaged: number } | { newer: true }

export const segmentHeader = Buffer.from(header)

export function segmentName(number: number): string {
  return `segment-${String(number).padStart(8, '0')}.spool`
}

export function segmentNumber(name: string): number | null {
  const digits = /^segment-(\d{8,})\.spool$/.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}

export function encodeLine({ seq, text }: Entry): string {
  const told = `${seq} ${text}`
  return `${checksum(told)} ${told}\n`
}

/** Every whole line; what is damaged is counted. */
export function decodeSegment(bytes: Buffer): Segment {
  const text = bytes.toString('utf8')
  const version = headerPattern.exec(text)?.[1]
  if (version !== undefined && Number(version) > 1) return { newer: true }
  const lines = text.split('\n')
  lines.pop()
  // A header that is damaged is a line that is.
  if (version !== undefined) lines.shift()
  const entries: Entry[] = []
  for (const line of lines) {
    const entry = decodeLine(line)
    if (entry !== null) entries.push(entry)
  }
  return { entries, damaged: lines.length - entries.length }
}

export function encodeCheckpoint(below: number): string {
  const told = `below ${below}`
  return `${header}${checksum(told)} ${told}\n`
}

/** Null where it is none, or damaged: then more is sent again than needs to be. */
export function decodeCheckpoint(text: string): number | null {
  const [, sum, told, below] = /^datapulse-spool 1\n([0-9a-f]{16}) (below (\d+))\n$/.exec(text) ?? []
  return told !== undefined && checksum(told) === sum ? Number(below) : null
}

function decodeLine(line: string): Entry | null {
  const told = line.slice(17)
  const space = told.indexOf(' ')
  if (space < 1 || line[16] !== ' ' || checksum(told) !== line.slice(0, 16)) return null
  return { seq: Number(told.slice(0, space)), text: told.slice(space + 1) }
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
