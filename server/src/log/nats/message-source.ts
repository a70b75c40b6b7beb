// The messages of a stream from one place on, in order and without a gap, fetched ahead up to a bound of bytes. Whatever
// fails is tried again from the last message that came.
//
// Servers that lost what they had acknowledged give its numbers out again, and a reader that is further would pass over
// what is new. So now and then the stream is asked for the message that came last: when another one is in its place, or for
// a while none, the stream went back, and this source ends.

import type { LogLogger } from '../log.ts'
import type { Mark } from './lane-book.ts'
import { absencesMax, absentMs, type LogStream, type Standing, standingOf, type StreamEntry } from './stream.ts'

export type MessageSource = {
  /** Takes the next message, when one is there. */
  shift(): StreamEntry | undefined
  /** Resolves when there is a message, or after `ms`. */
  wait(ms: number): Promise<void>
  /** Whether what came is not in the stream any more: nothing comes then. */
  wentBack(): boolean
  close(): void
}

export type SourceParts = {
  stream: LogStream
  /** What is before it was read. */
  from: Mark
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
/** Between two looks at what came last. */
const lookMs = 5_000
const messagesMax = 2 * headsMax

export function openMessageSource(parts: SourceParts): MessageSource {
  const { stream, bytesMax, logger, from } = parts
  const { clock } = stream
  const wanted = bytesMax === null ? { max_messages: headsMax } : { max_bytes: bytesMax }
  const messages: StreamEntry[] = []
  let bytes = 0
  let next = from.seq
  /** The id of the last that came. */
  let lastId: string | null = null
  let lookedMs = 0
  let closed = false
  let wentBack = false
  let stop = () => {}
  let arrived = Promise.withResolvers<void>()
  let taken = Promise.withResolvers<void>()

  const isFarAhead = () => messages.length >= messagesMax || (bytesMax !== null && bytes >= bytesMax)
  const fetchOn = async () => {
    await look()
    if (wentBack) return
    const consumer = await stream.openConsumer(next, bytesMax === null)
    while (!closed && !wentBack) {
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
      if (clock.now() - lookedMs >= lookMs) await look()
    }
  }
  /** Looks whether the stream still has what came last, until that is known. */
  const look = async () => {
    for (let absences = 0; !closed && !wentBack; ) {
      lookedMs = clock.now()
      const [seq, id] = [next - 1, lastId]
      const found = await stream.at(seq)
      const standing = id === null ? standingOf(from, found) : standingOfId(id, found)
      if (standing === 'same') return
      if (standing === 'other' || ++absences >= absencesMax) wentBack = true
      else await clock.sleep(absentMs)
    }
  }
  const takeAll = async (fetched: AsyncIterable<StreamEntry>, silence: NodeJS.Timeout) => {
    for await (const message of fetched) {
      silence.refresh()
      if (message.seq < next) continue
      if (message.seq > next && typeof (await stream.at(next)) !== 'string')
        throw new Error(`message ${next} was passed over: ${message.seq} came`)
      next = message.seq + 1
      lastId = message.headers?.get('Nats-Msg-Id') ?? ''
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
    while (!closed && !wentBack) {
      try {
        await fetchOn()
      } catch (cause) {
        if (closed) return
        logger.warn(
          { stream: stream.name, cause: String(cause) },
          'the stream of the log cannot be read: it is tried again',
        )
        await clock.sleep(retryMs)
      }
    }
    arrived.resolve()
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
      if (messages.length > 0 || closed || wentBack) return
      arrived = Promise.withResolvers()
      const over = new AbortController()
      await Promise.race([arrived.promise, clock.sleep(ms, over.signal)])
      over.abort()
    },
    wentBack: () => wentBack && messages.length === 0,
    close() {
      closed = true
      stop()
      arrived.resolve()
      taken.resolve()
    },
  }
}

function standingOfId(id: string, found: Awaited<ReturnType<LogStream['at']>>): Standing {
  if (typeof found !== 'string') return found.id === id ? 'same' : 'other'
  return found === 'absent' ? 'absent' : 'same'
}

/** The server's words for a fetch that had no room for the next message; the library takes them for a fault. */
function isFull(cause: unknown): boolean {
  return cause instanceof Error && /batch completed|message size exceeds maxbytes/i.test(cause.message)
}
