// Follows the heads of a stream's messages, so that it is known where each of them lies in the log: where the log ends, and
// where to begin reading for a given offset. One place in 256 messages is kept, until it is forgotten.

import type { LogLogger } from '../log.ts'
import type { LogHead } from '../record.ts'
import { commitHeader, laneOf, readNote } from './commit-message.ts'
import { LaneBook, type Mark } from './lane-book.ts'
import { type MessageSource, openMessageSource } from './message-source.ts'
import type { LogStream } from './stream.ts'

/** A message and what lies before it. */
export type Place = LogHead & { seq: number }

export type Follower = {
  /** The end of what was followed so far. */
  head(): Place
  /** Where the last known mark at or before `offset` is; null when that is before where this began. */
  before(offset: number): Mark | null
  /** Nobody will ask for less than that. */
  forget(offset: number): void
  /** Whether what was followed is not in the stream any more: it is followed no further then. */
  wentBack(): boolean
  /** Waits until all up to the message `seq` was followed; false when that took longer than `ms`. */
  reach(seq: number, ms: number): Promise<boolean>
  close(): void
}

/** Without `keepsMarks` only the end is known. */
export type FollowerParts = {
  stream: LogStream
  from: Mark
  keepsMarks: boolean
  logger: LogLogger
}

const stride = 256
const idleWaitMs = 1_000
/** Messages taken in one go: then others have their turn. */
const turnMax = 500

export function openFollower(parts: FollowerParts): Follower {
  const { from, logger, stream, keepsMarks } = parts
  const book = new LaneBook(from)
  const marks: Mark[] = [from]
  const source = openMessageSource({ stream, from, bytesMax: null, logger })
  let followed = 0
  let closed = false
  let reached: (() => void)[] = []

  const follow = async () => {
    while (!closed && !source.wentBack()) {
      await source.wait(idleWaitMs)
      if (!takeSome()) continue
      const calls = reached
      reached = []
      for (const call of calls) call()
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const takeSome = (): boolean => {
    for (let i = 0; i < turnMax; i++) {
      const message = source.shift()
      if (message === undefined) return i > 0
      if (keepsMarks && followed++ % stride === 0 && followed > 1) marks.push({ ...book.mark(0), seq: message.seq })
      takeInto(book, message, logger, stream.name)
    }
    return true
  }
  void follow()

  return {
    head: () => ({ ...book.next }),
    before(offset) {
      let [low, high] = [0, marks.length]
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((marks[middle] as Mark).offset <= offset) low = middle + 1
        else high = middle
      }
      return marks[low - 1] ?? null
    },
    forget(offset) {
      let count = 0
      while ((marks[count + 1]?.offset ?? Number.POSITIVE_INFINITY) <= offset) count++
      marks.splice(0, count)
    },
    wentBack: () => source.wentBack(),
    async reach(seq, ms) {
      const { clock } = stream
      const end = clock.now() + ms
      while (book.next.seq <= seq && !closed) {
        const left = end - clock.now()
        if (left <= 0 || source.wentBack()) return false
        const over = new AbortController()
        const come = new Promise<void>(resolve => reached.push(resolve))
        await Promise.race([come, clock.sleep(Math.min(left, 50), over.signal)])
        over.abort()
      }
      return !closed
    },
    close() {
      closed = true
      source.close()
    },
  }
}

type Message = NonNullable<ReturnType<MessageSource['shift']>>

/** One message into the book; what it adds, and its note. */
export function takeInto(book: LaneBook, message: Message, logger: LogLogger, stream: string) {
  const lane = laneOf(message.subject)
  const note = readNote(lane, message.headers?.get(commitHeader) ?? '')
  if (note === 'newer') throw new Error(`the log's stream ${stream} was written by a newer version of this program`)
  if (note === null) logger.error({ stream, seq: message.seq }, 'a message of the log cannot be read')
  return { note, placed: book.take(message.seq, lane, note, message.time.getTime()) }
}
