// The messages of a stream from one place on, in order and without a gap, fetched ahead up to a bound of bytes. Whatever
// fails is tried again from the last message that came.

import { DeliverPolicy, type JetStreamClient, type JsMsg } from '@nats-io/jetstream'
import type { LogLogger } from '../log.ts'

export type MessageSource = {
  /** Takes the next message, when one is there. */
  shift(): JsMsg | undefined
  /** Resolves when there is a message, or after `ms`. */
  wait(ms: number): Promise<void>
  close(): void
}

export type SourceParts = {
  jetstream: JetStreamClient
  stream: string
  /** The first message wanted. */
  seq: number
  /** Bytes fetched ahead, more than the largest message; null where the heads alone are wanted. */
  bytesMax: number | null
  logger: LogLogger
}

/** Heads are small, and what is fetched of them is told by number: the server would count their bodies. */
const headsMax = 5_000
const fetchMs = 2_000
/** A fetch ends by itself: of one that is silent for longer, the server that had the consumer is gone, and the library may ask for it for ever. */
const silentMs = 5_000
const retryMs = 250
const messagesMax = 2 * headsMax
const idleMs = 300_000

export function openMessageSource(parts: SourceParts): MessageSource {
  const { jetstream, stream, bytesMax, logger } = parts
  const wanted = bytesMax === null ? { max_messages: headsMax } : { max_bytes: bytesMax }
  const messages: JsMsg[] = []
  let bytes = 0
  let next = parts.seq
  let closed = false
  let stop = () => {}
  let arrived = Promise.withResolvers<void>()
  let taken = Promise.withResolvers<void>()

  const isFarAhead = () => messages.length >= messagesMax || (bytesMax !== null && bytes >= bytesMax)
  const fetchOn = async () => {
    const consumer = await jetstream.consumers.get(stream, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: next,
      headers_only: bytesMax === null,
      inactive_threshold: idleMs,
    })
    while (!closed) {
      const fetched = await consumer.fetch({ ...wanted, expires: fetchMs })
      stop = () => void fetched.close()
      const silence = setTimeout(() => {
        if (isFarAhead()) silence.refresh()
        else fetched.stop(new Error(`nothing came for ${silentMs / 1_000} s, not even an end`))
      }, silentMs)
      const before = next
      try {
        await takeAll(fetched, silence)
      } catch (cause) {
        if (!isFull(cause) || next === before) throw cause
      } finally {
        clearTimeout(silence)
      }
    }
  }
  const takeAll = async (fetched: AsyncIterable<JsMsg>, silence: NodeJS.Timeout) => {
    for await (const message of fetched) {
      silence.refresh()
      if (message.seq < next) continue
      next = message.seq + 1
      messages.push(message)
      bytes += message.data.length
      arrived.resolve()
      while (isFarAhead() && !closed) {
        taken = Promise.withResolvers()
        await taken.promise
      }
      if (closed) return
    }
  }
  const run = async () => {
    while (!closed) {
      try {
        await fetchOn()
      } catch (cause) {
        if (closed) return
        logger.warn({ stream, cause: String(cause) }, 'the stream of the log cannot be read: it is tried again')
        await new Promise(resolve => setTimeout(resolve, retryMs))
      }
    }
  }
  void run()

  return {
    shift() {
      const message = messages.shift()
      if (message !== undefined) {
        bytes -= message.data.length
        taken.resolve()
      }
      return message
    },
    async wait(ms) {
      if (messages.length > 0 || closed) return
      arrived = Promise.withResolvers()
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>(resolve => {
        timer = setTimeout(resolve, ms)
      })
      await Promise.race([arrived.promise, late])
      clearTimeout(timer)
    },
    close() {
      closed = true
      stop()
      arrived.resolve()
      taken.resolve()
    },
  }
}

/** The server's words for a fetch that had no room for the next message; the library takes them for a fault. */
function isFull(cause: unknown): boolean {
  return cause instanceof Error && /batch completed|message size exceeds maxbytes/i.test(cause.message)
}
