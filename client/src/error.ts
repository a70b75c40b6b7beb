// The one error of the client. `code` says which kind it is, `retry` whether handing the same event over again can help.
// Its message never holds a key. The event it is about is kept where no logger prints it: it may name a person.

import type { Violation } from '@datapulse/contract'

export type ErrorCode =
  /** An option of the client is missing or wrong. */
  | 'BAD_OPTION'
  /** The event breaks rules of the contract, and was not sent. */
  | 'INVALID_EVENT'
  /** The server refused this event; `violations` says why. */
  | 'REJECTED'
  /** The server refuses what this client sends: a wrong key, a wrong address. */
  | 'REFUSED'
  /** Given up: whether the server has the event is not known. The same event handed over again counts once. */
  | 'UNDELIVERED'
  /** So many calls wait for room that no more may. */
  | 'OVERLOADED'
  /** The client was closed. */
  | 'CLOSED'
  /** `flush` ended before everything had an outcome. */
  | 'TIMEOUT'
  /** The spool cannot keep the event: its disk is full, or another process has its directory. */
  | 'SPOOL'

const passing: ReadonlySet<ErrorCode> = new Set(['UNDELIVERED', 'OVERLOADED', 'TIMEOUT', 'SPOOL'])

export type ErrorDetails = {
  violations?: readonly Violation[]
  /** The HTTP status, where a reply decided. */
  status?: number
  requestId?: string | null
  /** The event's text as it is sent. */
  text?: string
  cause?: unknown
}

export class DataPulseError extends Error {
  override readonly name = 'DataPulseError'
  readonly code: ErrorCode
  readonly violations: readonly Violation[]
  readonly status: number | null
  readonly requestId: string | null
  readonly retry: boolean
  #text: string | null

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.violations = details.violations ?? []
    this.status = details.status ?? null
    this.requestId = details.requestId ?? null
    this.retry = passing.has(code)
    this.#text = details.text ?? null
  }

  /** The event as it is sent, with its `message_id`: handed to `track` again, it counts once. Null where none is meant. */
  get event(): Record<string, unknown> | null {
    return this.#text === null ? null : (JSON.parse(this.#text) as Record<string, unknown>)
  }
}
