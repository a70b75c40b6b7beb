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
  headersOnly: boolean
  /** Bytes fetched ahead; more than the largest message. */
  bytesMax: number
  logger: LogLogger
}

const fetchMs = 5_000
const retryMs = 250
const idleMs = 300_000

export function openMessageSource(parts: SourceParts): MessageSource {
  const { jetstream, stream, headersOnly, bytesMax, logger } = parts
  const messages: JsMsg[] = []
  let bytes = 0
  let next = parts.seq
  let closed = false
  let stop = () => {}
  let arrived = Promise.withResolvers<void>()
  let taken = Promise.withResolvers<void>()

  const fetchOn = async () => {
    const consumer = await jetstream.consumers.get(stream, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: next,
      headers_only: headersOnly,
      inactive_threshold: idleMs,
    })
    while (!closed) {
      const fetched = await consumer.fetch({ max_bytes: bytesMax, expires: fetchMs })
      stop = () => void fetched.close()
      for await (const message of fetched) {
        if (message.seq < next) continue
        next = message.seq + 1
        messages.push(message)
        bytes += message.data.length
        arrived.resolve()
        while (bytes >= bytesMax && !closed) {
          taken = Promise.withResolvers()
          await taken.promise
        }
        if (closed) return
      }
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
