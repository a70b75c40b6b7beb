// One keep-alive connection of the load generator: writes a ready request, reads the reply's status and length, nothing
// more. One request at a time. Replies need a content-length. A connection that is lost is opened again by whoever owns
// it; this file only says that it was lost.

import { connect, type Socket } from 'node:net'

/** `status` of an answered request, or 0 when the connection was lost or the reply could not be read. */
export type OnReply = (connection: Connection, status: number) => void

export type Address = { host: string; port: number }

/** Reads go here, one at a time: the callback is done with the bytes before the next read starts. */
const readBuffer = Buffer.alloc(256 * 1024)
const headerBytesMax = 16 * 1024
/** content-length, not content-type. */
const letterL = 76
const letterLSmall = 108

export class Connection {
  /** For the owner: the number and the start (µs) of the request under way. */
  number = 0
  startedUs = 0
  /** When there is a request under way. */
  busy = false
  readonly #onReply: OnReply
  readonly #address: Address
  #socket: Socket | null = null
  #header: Buffer | null = null
  #status = 0
  #bodyLeft = -1
  /** Bytes of the last whole 200 that came in one read: another of the same size is taken as the same without reading it. */
  #usualBytes = -1

  constructor(address: Address, onReply: OnReply) {
    this.#address = address
    this.#onReply = onReply
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const onread = { buffer: readBuffer, callback: (count: number) => this.#received(count) }
      const socket = connect({ ...this.#address, noDelay: true, onread }, resolve)
      socket.on('error', reject)
      socket.on('close', () => this.#lost(socket))
      this.#socket = socket
    })
  }

  get isOpen(): boolean {
    return this.#socket !== null
  }

  send(request: Buffer): void {
    this.busy = true
    this.#socket?.write(request)
  }

  close(): void {
    const socket = this.#socket
    this.#socket = null
    socket?.destroy()
  }

  #received(count: number): boolean {
    if (this.#bodyLeft >= 0) this.#bodyBytes(count)
    else this.#headerBytes(count)
    return true
  }

  #headerBytes(count: number): void {
    if (count === this.#usualBytes && this.#header === null && statusOf(readBuffer) === 200) {
      this.#status = 200
      this.#bodyLeft = 0
      return this.#bodyBytes(0)
    }
    const fresh = readBuffer.subarray(0, count)
    const bytes = this.#header === null ? fresh : Buffer.concat([this.#header, fresh])
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) {
      if (bytes.length > headerBytesMax) return this.close()
      this.#header = Buffer.from(bytes)
      return
    }
    const length = contentLength(bytes, end)
    if (this.#header === null && length >= 0 && end + 4 + length === count) this.#usualBytes = count
    this.#header = null
    this.#status = length < 0 ? 0 : statusOf(bytes)
    this.#bodyLeft = Math.max(0, length)
    this.#bodyBytes(bytes.length - end - 4)
  }

  #bodyBytes(count: number): void {
    this.#bodyLeft -= count
    if (this.#bodyLeft > 0) return
    this.#bodyLeft = -1
    if (!this.busy) return
    this.busy = false
    this.#onReply(this, this.#status)
  }

  #lost(socket: Socket): void {
    if (this.#socket === socket) this.#socket = null
    this.#header = null
    this.#bodyLeft = -1
    if (!this.busy) return
    this.busy = false
    this.#onReply(this, 0)
  }
}

function statusOf(bytes: Buffer): number {
  return digit(bytes, 9) * 100 + digit(bytes, 10) * 10 + digit(bytes, 11)
}

function digit(bytes: Buffer, at: number): number {
  return (bytes[at] as number) - 48
}

/** The reply's content-length, or -1 when the header has none. */
function contentLength(bytes: Buffer, end: number): number {
  let at = bytes.indexOf('ontent-', 12, 'latin1')
  while (at >= 0 && at < end) {
    const next = bytes[at + 7]
    if (next === letterL || next === letterLSmall) {
      let length = 0
      for (let i = at + 14; i < end && bytes[i] !== 13; i++) {
        const value = digit(bytes, i)
        if (value >= 0 && value <= 9) length = length * 10 + value
      }
      return length
    }
    at = bytes.indexOf('ontent-', at + 7, 'latin1')
  }
  return -1
}
