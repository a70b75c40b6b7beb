// The connections of the door: what is not HTTP is answered in JSON all the same, whoever is slow is waited for only so
// long, and a reply is not swallowed by the reset that closing on unread bytes would send.

import { randomUUIDv7 } from 'node:crypto'
import type { Code } from '@datapulse/contract'
import { limits } from '../limits.ts'
import type { Connection, Exchange } from './exchange.ts'
import { transferEncodingMessage } from './head.ts'
import { bareReply, type Refusal } from './reply.ts'

export type ConnectionsNeeds = {
  /** A request whose rest will not come. */
  giveUp(exchange: Exchange, refusal: Refusal): void
  abandon(exchange: Exchange): void
  countCode(code: Code): void
}

export class Connections {
  #needs: ConnectionsNeeds
  #open = new Set<Connection>()
  /** Exchanges whose reply is out and whose body is still coming, and until when it may. */
  #lingering = new Map<Exchange, number>()
  /** Connections that got a bare reply, and until when they may stay. */
  #ending = new Map<Connection, number>()

  constructor(needs: ConnectionsNeeds) {
    this.#needs = needs
  }

  track(connection: Connection): void {
    this.#open.add(connection)
    // The server listens too, but stops when it hands a connection out (CONNECT); nobody listening would be a crash.
    connection.on('error', () => {})
    connection.on('close', () => {
      this.#open.delete(connection)
      this.#ending.delete(connection)
      const { exchange } = connection
      if (exchange === undefined) return
      this.#lingering.delete(exchange)
      this.#needs.abandon(exchange)
      connection.exchange = undefined
    })
  }

  /** The parser's word on a connection: bytes that are no HTTP, headers too large, a request too slow. */
  fail(fault: NodeJS.ErrnoException, connection: Connection): void {
    if (fault.code === 'ECONNRESET' || !connection.writable || connection.destroyed) {
      connection.destroy()
      return
    }
    connection.faults = (connection.faults ?? 0) + 1
    if (connection.faults > 1) {
      if (connection.faults > limits.faultsMax) connection.destroy()
      return
    }
    const refusal = refusalOf(fault)
    const { exchange } = connection
    if (exchange !== undefined && isUnfinished(exchange)) {
      this.#needs.giveUp(exchange, refusal)
    } else if ((connection.unreplied ?? 0) > 0) {
      // What came whole before is still to be answered; the last of these replies closes the connection.
      connection.closing = true
    } else {
      this.#needs.countCode(refusal.code)
      connection.end(bareReply(refusal, randomUUIDv7()))
      this.#ending.set(connection, performance.now() + limits.lingerBrokenMs)
    }
  }

  /** Its reply is out; the rest of its body is thrown away, for a while. */
  linger(exchange: Exchange): void {
    const ms = exchange.connection.faults === undefined ? limits.lingerMs : limits.lingerBrokenMs
    this.#lingering.set(exchange, performance.now() + ms)
  }

  lingered(exchange: Exchange): void {
    this.#lingering.delete(exchange)
  }

  /** Every second: ends what has lingered long enough, and cuts off who does not read replies. */
  tick(): void {
    const nowMs = performance.now()
    for (const [exchange, untilMs] of this.#lingering) {
      if (untilMs > nowMs) continue
      this.#lingering.delete(exchange)
      exchange.connection.destroySoon()
    }
    for (const [connection, untilMs] of this.#ending) {
      if (untilMs > nowMs) break
      this.#ending.delete(connection)
      connection.destroy()
    }
    for (const connection of this.#open) if (connection.writableLength > 0) cutIfStalled(connection, nowMs)
  }

  /** Closes connections on which nothing is going on. */
  closeIdle(): void {
    for (const connection of this.#open) {
      const lingers = connection.exchange?.phase === 'lingering'
      if ((connection.unreplied ?? 0) === 0 && !lingers) connection.destroySoon()
    }
  }

  /** Cuts off whoever is still there. */
  destroyAll(): void {
    for (const connection of this.#open) connection.destroy()
  }

  get count(): number {
    return this.#open.size
  }
}

/** Whether something of the request is still to come, or to be thrown away. */
function isUnfinished({ phase, req }: Exchange): boolean {
  return phase === 'lingering' || ((phase === 'reading' || phase === 'discarding') && !req.complete)
}

function cutIfStalled(connection: Connection, nowMs: number): void {
  if (connection.writtenSeen !== connection.bytesWritten - connection.writableLength) {
    connection.writtenSeen = connection.bytesWritten - connection.writableLength
    connection.stalledSinceMs = nowMs
  } else if (nowMs - (connection.stalledSinceMs ?? nowMs) > limits.stalledMs) {
    connection.destroy()
  }
}

function refusalOf(fault: NodeJS.ErrnoException): Refusal {
  switch (fault.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { code: 'REQUEST_TIMEOUT', message: 'The request did not arrive whole in time: send it again', events: 1 }
    case 'HPE_HEADER_OVERFLOW':
      return {
        code: 'HEADERS_TOO_LARGE',
        message: 'The headers are larger than the server reads: send fewer or shorter ones',
        events: 1,
      }
    case 'HPE_INVALID_TRANSFER_ENCODING':
      return { code: 'BAD_REQUEST', message: transferEncodingMessage, events: 1 }
    case 'HPE_INVALID_EOF_STATE':
      return {
        code: 'BAD_REQUEST',
        message: `The connection was ended before the request was whole: ${lengthHint}`,
        events: 1,
      }
    default:
      return { code: 'BAD_REQUEST', message: `This is not a valid HTTP request: ${lengthHint}`, events: 1 }
  }
}

const lengthHint = 'is Content-Length the length of the body in bytes?'
