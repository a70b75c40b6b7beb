// A stream of NATS in memory, for simulations: messages, the expectations they are put with, their repetitions, and noted
// places, in a time that is given. What is there outlives whoever uses it; `through` is the same stream as one process sees
// it, which may be away, lose replies, and die.

import { crc32 } from 'node:zlib'
import type { MsgHdrs } from '@nats-io/transport-node'
import { commitHeader, laneOf, readNote } from '../commit-message.ts'
import type { Mark } from '../lane-book.ts'
import { unpackRecords } from '../../packed.ts'
import {
  type Fetched,
  type LogStream,
  type Marks,
  placesOf,
  type PutReply,
  type StreamClock,
  type StreamEntry,
} from '../stream.ts'

type Gate = () => Promise<void>
type Stored = StreamEntry & { headers: MsgHdrs; messageId: string }

export type MemoryStream = {
  /** Every call asks `gate` before and after it: what that throws is what is seen, and what it never answers is never seen. */
  through(gate: Gate, clock: StreamClock): LogStream
  /** Changes a byte of the message in which the record of that request lies. */
  damage(requestId: string): void
  /** Of all requests that are there and can be read. */
  requests(): string[]
}

export function openMemoryStream({ now, id }: { now: () => number; id: string }): MemoryStream {
  const stored: Stored[] = []
  const noted = new Map<string, string>()
  let arrived = Promise.withResolvers<void>()
  let [firstSeq, lastSeq] = [1, 0]

  const config = { name: 'datapulse-log-0', description: `DataPulse log ${id}` }
  const lastWith = (subject: string) => stored.findLast(one => one.subject === subject) ?? null

  const put = (subject: string, body: Uint8Array, headers: MsgHdrs): PutReply => {
    const messageId = headers.get('Nats-Msg-Id')
    const again = stored.find(one => one.messageId === messageId)
    if (again !== undefined) return { seq: again.seq, code: 0, text: '' }
    const expected = Number(headers.get('Nats-Expected-Last-Subject-Sequence'))
    const last = lastWith(subject)?.seq ?? 0
    if (expected !== last) return { seq: null, code: 10_071, text: `wrong last sequence: ${last}` }
    const [seq, time] = [++lastSeq, new Date(now())]
    stored.push({ seq, subject, data: Buffer.from(body), time, messageId, headers })
    arrived.resolve()
    arrived = Promise.withResolvers()
    return { seq, code: 0, text: '' }
  }

  const marksThrough = (gate: Gate): Marks => {
    const read = async (key: string) => {
      await gate()
      return JSON.parse(noted.get(key) ?? 'null') as Mark | null
    }
    const write = async (key: string, mark: Mark) => {
      await gate()
      noted.set(key, JSON.stringify(mark))
      await gate()
    }
    return {
      consumed: () => read('consumed'),
      writeConsumed: mark => write('consumed', mark),
      async list() {
        const keys = [...noted.keys()].filter(key => key !== 'consumed')
        return (await Promise.all(keys.map(read))).filter(mark => mark !== null).toSorted((a, b) => a.offset - b.offset)
      },
      add: mark => write(String(mark.offset), mark),
      async remove(offsets) {
        await gate()
        for (const offset of offsets) noted.delete(String(offset))
      },
    }
  }

  return {
    through(gate, clock) {
      const marks = marksThrough(gate)
      const info = async () => {
        await gate()
        const bytes = stored.reduce((sum, { data }) => sum + data.length, 0)
        const state = { messages: stored.length, bytes, first_seq: firstSeq, last_seq: lastSeq }
        return { config, state } as unknown as Awaited<ReturnType<LogStream['info']>>
      }
      const at: LogStream['at'] = async seq => {
        await gate()
        const found = stored.find(one => one.seq === seq)
        if (found === undefined) return seq <= lastSeq ? 'dropped' : 'absent'
        const lane = laneOf(found.subject)
        return { id: found.messageId, lane, note: readNote(lane, found.headers.get(commitHeader)) }
      }
      const stream: LogStream = {
        name: config.name,
        share: 0,
        replicas: 3,
        clock,
        info,
        async put(subject, body, headers) {
          await gate()
          const reply = put(subject, body, headers)
          await gate()
          return reply
        },
        doubt() {},
        isClosed: () => false,
        openConsumer: async seq => {
          await gate()
          return consumerFrom(seq, gate, clock)
        },
        async dropBefore(seq) {
          await gate()
          firstSeq = Math.max(firstSeq, seq)
          stored.splice(0, stored.filter(one => one.seq < firstSeq).length)
        },
        async lastOf(subject) {
          await gate()
          const last = lastWith(subject)
          return last === null ? null : { id: last.messageId, seq: last.seq }
        },
        at,
        lastRequest: async () => null,
        marks,
        places: () => placesOf({ at, marks, info, clock }),
        get bucket(): never {
          throw new Error('owners are not noted here')
        },
      }
      return stream
    },
    damage(requestId) {
      const hit = stored.find(one => requestsOf(one).includes(requestId))
      if (hit !== undefined) hit.data[hit.data.length - 1] = (hit.data.at(-1) as number) ^ 1
    },
    requests: () => stored.flatMap(requestsOf),
  }

  function consumerFrom(from: number, gate: Gate, clock: StreamClock) {
    let next = from
    return {
      async fetch({
        expires,
        ...wanted
      }: {
        expires: number
        max_messages?: number
        max_bytes?: number
      }): Promise<Fetched> {
        await gate()
        const endMs = clock.now() + expires
        let ended = false
        const end = () => {
          ended = true
        }
        const give = async function* (): AsyncGenerator<StreamEntry> {
          for (let left = wanted.max_messages ?? 50; left > 0 && !ended; ) {
            const message = stored.find(one => one.seq >= next)
            if (message !== undefined) {
              await gate()
              next = message.seq + 1
              left--
              yield message
              continue
            }
            if (clock.now() >= endMs) return
            await Promise.race([arrived.promise, clock.sleep(endMs - clock.now())])
          }
        }
        return Object.assign(give(), { close: end, stop: end })
      },
    }
  }
}

function requestsOf({ data, subject, headers }: Stored): string[] {
  const note = readNote(laneOf(subject), headers.get(commitHeader))
  if (note === null || note === 'newer' || crc32(data) !== note.bodySum) return []
  return (unpackRecords(data, 0, note.records) ?? []).map(({ requestId }) => requestId)
}
