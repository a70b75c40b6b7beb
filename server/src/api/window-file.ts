// The admissions of the last minute on disk, so that a restart, kill -9 included, does not refill a window. Lines are
// gathered and written once per turn of the event loop, without waiting for the disk: what a killed process leaves
// unwritten is what it admitted in its very last turn. A power cut may lose what the system had not written back yet.
//
//   data/api/windows-<number>     one file a minute, the last two are kept
//     datapulse-windows 1 [whole]            format; `whole`: what older files tell is in here
//     key_abc… 1702963200123 1               key id, Unix milliseconds, admissions
//
// A file that cannot be written stops nothing: it is logged, and the next minute begins a new one. A torn or strange
// line is passed over. In size a file is bounded (limits.ts); beyond it the minute's further lines are not kept, and
// that is logged.

import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../limits.ts'

const formatVersion = 1
const unwritten = 'admissions are not written down: a restart within a minute would refill windows'
const namePattern = /^windows-(\d{1,15})$/

export type Admission = { keyId: string; atMs: number; count: number }

export type WindowFileFaults = (fault: unknown, what: string) => void

/** Reads what earlier processes left, oldest first. Throws only when the format is newer than this program's. */
export function readAdmissions(directory: string, sinceMs: number, onFault: WindowFileFaults): Admission[] {
  const admissions: Admission[] = []
  for (const number of numbersIn(directory, onFault)) {
    let text: string
    try {
      text = readFileSync(join(directory, `windows-${number}`), 'latin1')
    } catch (fault) {
      onFault(fault, 'admissions of the last minute cannot be read')
      continue
    }
    const head = /^datapulse-windows (\d+)( whole)?\n/.exec(text)
    if (head === null) continue
    if (Number(head[1]) > formatVersion) {
      throw new Error(
        `Cannot read ${directory}/windows-${number} because its format must be ${formatVersion} or older: got ${head[1]}. A newer DataPulse wrote it.`,
      )
    }
    if (head[2] !== undefined) admissions.length = 0
    readLines(text, head[0].length, sinceMs, admissions)
  }
  return admissions.sort((a, b) => a.atMs - b.atMs)
}

export class WindowFile {
  #directory: string
  #onFault: WindowFileFaults
  #bytesMax: number
  #isFull = false
  #number: number
  #file: number | null = null
  #bytes = 0
  #pending = ''
  #scheduled = false

  /** Begins a new file that holds `admissions`; older files are removed once it is whole. */
  constructor(
    directory: string,
    admissions: Admission[],
    onFault: WindowFileFaults,
    bytesMax: number = limits.windowFileBytesMax,
  ) {
    this.#bytesMax = bytesMax
    this.#directory = directory
    this.#onFault = onFault
    const numbers = numbersIn(directory, () => {})
    this.#number = (numbers.at(-1) ?? 0) + 1
    try {
      mkdirSync(directory, { recursive: true })
      this.#beginWhole(admissions)
      for (const number of numbers) rmSync(join(directory, `windows-${number}`), { force: true })
    } catch (fault) {
      this.#fail(fault)
    }
  }

  add(keyId: string, atMs: number, count: number): void {
    if (this.#file === null || this.#bytes > this.#bytesMax) return this.#turnAway()
    this.#pending += `${keyId} ${atMs} ${count}\n`
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#flushScheduled)
  }

  /** Says once a file that it takes no more. */
  #turnAway(): void {
    if (this.#file === null || this.#isFull) return
    this.#isFull = true
    const fault = new Error(`A minute's admissions must take at most ${this.#bytesMax} bytes: got ${this.#bytes}`)
    this.#onFault(fault, unwritten)
  }

  /** Begins the next minute's file; the one before the last is removed. */
  rotate(): void {
    this.flush()
    try {
      const next = openSync(this.#path(this.#number + 1), 'w')
      if (this.#file !== null) closeSync(this.#file)
      this.#file = next
      this.#number++
      this.#bytes = 0
      this.#isFull = false
      this.#write(`datapulse-windows ${formatVersion}\n`)
      rmSync(this.#path(this.#number - 2), { force: true })
    } catch (fault) {
      this.#fail(fault)
    }
  }

  flush(): void {
    const text = this.#pending
    this.#pending = ''
    if (text === '' || this.#file === null) return
    try {
      this.#write(text)
    } catch (fault) {
      this.#fail(fault)
    }
  }

  close(): void {
    this.flush()
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }

  #flushScheduled = (): void => {
    this.#scheduled = false
    this.flush()
  }

  #beginWhole(admissions: Admission[]): void {
    const beside = `${this.#path(this.#number)}.new`
    this.#file = openSync(beside, 'w')
    let text = `datapulse-windows ${formatVersion} whole\n`
    for (const { keyId, atMs, count } of admissions) {
      text += `${keyId} ${atMs} ${count}\n`
      if (text.length < 1_000_000) continue
      this.#write(text)
      text = ''
    }
    this.#write(text)
    renameSync(beside, this.#path(this.#number))
  }

  #write(text: string): void {
    const bytes = Buffer.from(text, 'latin1')
    let written = 0
    while (written < bytes.length) written += writeSync(this.#file as number, bytes, written)
    this.#bytes += bytes.length
  }

  /** No more is written until the next minute's file. */
  #fail(fault: unknown): void {
    this.#onFault(fault, unwritten)
    if (this.#file === null) return
    try {
      closeSync(this.#file)
    } catch {
      // it is given up either way
    }
    this.#file = null
  }

  #path(number: number): string {
    return join(this.#directory, `windows-${number}`)
  }
}

function numbersIn(directory: string, onFault: WindowFileFaults): number[] {
  let names: string[] = []
  try {
    names = readdirSync(directory)
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'ENOENT') onFault(fault, 'admissions cannot be listed')
  }
  const numbers = names.map(name => Number(namePattern.exec(name)?.[1] ?? -1)).filter(number => number >= 0)
  return numbers.sort((a, b) => a - b)
}

function readLines(text: string, from: number, sinceMs: number, into: Admission[]): void {
  let start = from
  for (let end = text.indexOf('\n', start); end >= 0; start = end + 1, end = text.indexOf('\n', start)) {
    const first = text.indexOf(' ', start)
    const second = text.indexOf(' ', first + 1)
    if (first < 0 || second < 0 || second > end) continue
    const atMs = Number(text.slice(first + 1, second))
    const count = Number(text.slice(second + 1, end))
    if (!(atMs > sinceMs) || !Number.isSafeInteger(atMs) || !(Number.isSafeInteger(count) && count > 0)) continue
    into.push({ keyId: text.slice(start, first), atMs, count })
  }
}
