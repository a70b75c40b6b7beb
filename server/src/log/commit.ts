// One commit: the records that became durable together, their place, their running total, and two checksums.
// `bodySum` covers the packed records; `headSum` covers the numbers beside them, `bodySum` among them, so that
// a damaged body still has trustworthy bounds.

import { crc32 } from 'node:zlib'
import type { LogHead } from './record.ts'

/** Where a commit lies: records [offset, offset + records), and `events` of them after `eventsBefore` earlier ones. */
export type CommitHead = {
  offset: number
  records: number
  eventsBefore: number
  events: number
  bodyBytes: number
  bodySum: number
  headSum: number
}

export type Commit = CommitHead & { body: Uint8Array }

type Place = Pick<CommitHead, 'offset' | 'records' | 'eventsBefore' | 'events'>

export function sealCommit(place: Place, body: Uint8Array): Commit {
  const bodySum = crc32(body)
  const { offset, records, eventsBefore, events } = place
  const headSum = sumOfHead(offset, records, eventsBefore, events, body.length, bodySum)
  return { offset, records, eventsBefore, events, bodyBytes: body.length, bodySum, headSum, body }
}

export function headIsIntact(head: CommitHead): boolean {
  const { offset, records, eventsBefore, events, bodyBytes, bodySum } = head
  return head.headSum === sumOfHead(offset, records, eventsBefore, events, bodyBytes, bodySum) && records > 0
}

export function bodyIsIntact(commit: Commit): boolean {
  return commit.body.length === commit.bodyBytes && crc32(commit.body) === commit.bodySum
}

export function beginOf(head: CommitHead): LogHead {
  return { offset: head.offset, events: head.eventsBefore }
}

export function endOf(head: CommitHead): LogHead {
  return { offset: head.offset + head.records, events: head.eventsBefore + head.events }
}

export function holds(head: CommitHead, offset: number): boolean {
  return head.offset <= offset && offset < head.offset + head.records
}

/** Names a commit: two logs that differ at this place have different fingerprints. */
export function fingerprintOf(head: CommitHead): string {
  return [head.offset, head.headSum, head.bodySum].map(part => part.toString(16)).join('-')
}

const numbers = new Float64Array(6)
const numberBytes = new Uint8Array(numbers.buffer)

function sumOfHead(offset: number, records: number, before: number, events: number, bytes: number, sum: number) {
  numbers[0] = offset
  numbers[1] = records
  numbers[2] = before
  numbers[3] = events
  numbers[4] = bytes
  numbers[5] = sum
  return crc32(numberBytes)
}
