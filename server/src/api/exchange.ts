// One request and its reply, from the first byte of its body to the last of the reply.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { BodyReader } from './body-reader.ts'
import type { Encoding } from './decompress.ts'
import type { KeyInUse } from './keys-in-use.ts'
import type { Refusal } from './reply.ts'

/**
 * `reading`: the body is coming. `discarding`: it is refused, and the little there is of the body is read first.
 * `working`: all is here, the reply is not. `lingering`: the reply is sent, the rest of the body is thrown away.
 */
type Phase = 'reading' | 'discarding' | 'working' | 'lingering' | 'done'

export type Exchange = {
  req: IncomingMessage
  res: ServerResponse
  connection: Connection
  requestId: string
  kind: 'event' | 'batch'
  /** Of a batch, the good events are wanted even where others are bad. */
  partial: boolean
  /** `write`: its events are to be stored, and are counted. */
  purpose: 'write' | 'dry run' | 'read' | 'page'
  /** null until the key is known. */
  key: KeyInUse | null
  phase: Phase
  encoding: Encoding | 'none'
  /** The body as it came; after decompression, the decompressed one. */
  body: BodyReader | null
  refusal: Refusal | null
  /** Whether it is being asked if the limit allows it; and why its rest will not come, when that is known before the answer. */
  admitting: boolean
  givenUp: Refusal | null
  discardedBytes: number
  /** Close the connection after the reply. */
  last: boolean
  /** Unix milliseconds. */
  receivedMs: number
  /** On the monotonic clock, milliseconds. */
  startedMs: number
}

/** A socket and what the door remembers of it. */
export type Connection = Socket & {
  /** The request that is coming, or came last. */
  exchange?: Exchange | undefined
  /** Requests that have no reply yet. */
  unreplied?: number
  /** Replies must close it. */
  closing?: boolean
  faults?: number
  /** Bytes written at the last look, and since when it has been the same. */
  writtenSeen?: number
  stalledSinceMs?: number
}
