// Standard output for lines of a log: written behind the caller's back, in their order, so that a reader that takes nothing
// stops nobody; what does not fit in `bytesMax` of waiting lines is dropped. `end` writes what waits, without a turn of the
// event loop, for as long as it is given.
//
// What is being written has not been written when the system says EAGAIN, and stays in front. A pipe is opened again
// without blocking: then a write never waits, and is made at once. Any other descriptor may block, as others share it and
// set its flags: there a thread writes. When the end comes while it does, nobody hears any more how that went: what was
// refused before is written again, which may show a line twice and loses none.

import { constants, fstatSync, openSync, write, writeSync } from 'node:fs'

type Options = { bytesMax: number; retryMs: number }

export class StandardOutput {
  #options: Options
  #descriptor = 1
  #blocks = true
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #isWriting = false
  #wasRefused = false
  #isScheduled = false

  constructor(options: Options) {
    this.#options = options
    try {
      // A flag on the descriptor itself would be shared with every process that inherited it, and is taken away again when a
      // child is spawned.
      if (!fstatSync(1).isFIFO()) return
      this.#descriptor = openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK)
      this.#blocks = false
    } catch {
      // not allowed, nobody reads, or no such folder on this system
    }
  }

  write(line: string): void {
    const bytes = Buffer.from(line)
    if (this.#waitingBytes + bytes.length > this.#options.bytesMax) return
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (!this.#isWriting) this.#schedule(0)
  }

  end(withinMs: number): void {
    const endMs = Date.now() + withinMs
    if (this.#isWriting) {
      pause(Math.min(withinMs, threadMs))
      if (!this.#wasRefused) this.#took(this.#waiting[0]?.length ?? 0)
    }
    while (this.#waiting.length > 0) {
      if (this.#writeNow()) continue
      if (Date.now() >= endMs) return
      pause(this.#options.retryMs)
    }
  }

  #schedule(afterMs: number): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setTimeout(() => {
      this.#isScheduled = false
      this.#writeNext()
    }, afterMs)
  }

  #writeNext(): void {
    if (this.#blocks) return this.#writeBehind()
    while (this.#waiting.length > 0) if (!this.#writeNow()) return this.#schedule(this.#options.retryMs)
  }

  #writeBehind(): void {
    this.#gather()
    const [first] = this.#waiting
    if (first === undefined) return
    this.#isWriting = true
    write(this.#descriptor, first, (error, written) => {
      this.#isWriting = false
      this.#wasRefused = isRefusal(error)
      if (error === null) this.#took(written)
      else if (!this.#wasRefused) this.#took(this.#waitingBytes)
      if (this.#waiting.length > 0) this.#schedule(this.#wasRefused ? this.#options.retryMs : 0)
    })
  }

  /** Whether there is room for more. Where nobody is left to read, all that waits is let go. */
  #writeNow(): boolean {
    this.#gather()
    const [first] = this.#waiting
    if (first === undefined) return true
    try {
      this.#took(writeSync(this.#descriptor, first))
      return true
    } catch (error) {
      if (isRefusal(error)) return false
      this.#took(this.#waitingBytes)
      return true
    }
  }

  /** As many lines in one piece as are written at once. */
  #gather(): void {
    let count = 1
    let bytes = this.#waiting[0]?.length ?? 0
    for (; count < this.#waiting.length; count++) {
      bytes += this.#waiting[count]?.length ?? 0
      if (bytes > pieceBytesMax) break
    }
    if (count > 1) this.#waiting.unshift(Buffer.concat(this.#waiting.splice(0, count)))
  }

  #took(bytes: number): void {
    this.#waitingBytes -= bytes
    for (let left = bytes; left > 0; ) {
      const first = this.#waiting.shift()
      if (first === undefined) return
      if (first.length > left) this.#waiting.unshift(first.subarray(left))
      left -= first.length
    }
  }
}

const pieceBytesMax = 16 * 1024
/** A thread that can write has done so by then. */
const threadMs = 20

function isRefusal(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code
  return code === 'EAGAIN' || code === 'EBUSY'
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
