// A commit as a message of the stream: the packed records (../packed.ts) are its body, one header says where it lies:
//
//   subject            datapulse.log.<share>.<lane>
//   Nats-Msg-Id        <lane>.<number of the message in its lane>
//   Datapulse-Commit   <format> <records> <events> <records before> <events before> <crc32 of the body> <crc32 of all that>
//
// A lane is what one writer puts one after the other: its messages follow each other without a gap, and each says how much
// lay before it. So a message that is lost is noticed, and counted exactly.

import { crc32 } from 'node:zlib'

export const commitHeader = 'Datapulse-Commit'
export const format = 1

export type CommitNote = {
  records: number
  events: number
  /** In its lane. */
  recordsBefore: number
  eventsBefore: number
  bodySum: number
}

export function writeNote(lane: string, { records, events, recordsBefore, eventsBefore, bodySum }: CommitNote): string {
  const text = [format, records, events, recordsBefore, eventsBefore, bodySum].join(' ')
  return `${text} ${crc32(`${lane} ${text}`)}`
}

/** Null when it is damaged; throws nothing. A newer format is `newer`. */
export function readNote(lane: string, header: string): CommitNote | 'newer' | null {
  const numbers = header.split(' ').map(Number)
  const [first = 0, records = 0, events = -1, recordsBefore = -1, eventsBefore = -1, bodySum = -1, sum = -1] = numbers
  if (!numbers.every(Number.isSafeInteger)) return null
  if (first > format) return 'newer'
  const isIntact = numbers.length === 7 && records > 0 && crc32(`${lane} ${numbers.slice(0, 6).join(' ')}`) === sum
  return isIntact ? { records, events, recordsBefore, eventsBefore, bodySum } : null
}

/** Names a commit: two logs that differ at this place have different fingerprints. */
export function fingerprintOf(seq: number, { bodySum, eventsBefore }: CommitNote): string {
  return [seq, eventsBefore, bodySum].map(part => part.toString(16)).join('-')
}

export const subjectOf = (share: number, lane: string) => `datapulse.log.${share}.${lane}`
export const laneOf = (subject: string) => subject.slice(subject.lastIndexOf('.') + 1)
