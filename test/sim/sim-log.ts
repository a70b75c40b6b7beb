// The log of a simulated installation: in files of a disk, or in a stream of NATS that several processes reach. What is in it
// outlives them.

import { openLogReaderOver, openLogWriterOver } from '../../server/src/log/log.ts'
import { openMemoryStore } from '../../server/src/log/memory-store.ts'
import { openNatsReader } from '../../server/src/log/nats/nats-reader.ts'
import { openNatsWriter } from '../../server/src/log/nats/nats-writer.ts'
import { openMemoryStream } from '../../server/src/log/nats/testing/memory-stream.ts'
import type { LogReader, LogWriter } from '../../server/src/log/record.ts'
import type { Clock } from './clock.ts'
import type { Chaos, Life } from './life.ts'
import type { Chance } from './prng.ts'

export type SimLogKind = 'disk' | 'stream'

export type SimLog = {
  /** Rejects when it cannot be opened. */
  openWriter(life: Life): Promise<Pick<LogWriter, 'append' | 'status'> & { tick(): void; end(): void }>
  openReader(life: Life): LogReader
  /** A byte of what holds one of the requests changes; gives all that cannot be read any more. */
  damage(): Promise<string[]>
  /** Of all that can be read. */
  requests(): Promise<string[]>
}

export type SimLogParts = { clock: Clock; chance: Chance; chaos: Chaos }

const silent = { info() {}, warn() {}, error() {} }
const limits = { commitBytesMax: 1 << 20, commitRecordsMax: 5, pendingBytesMax: 1 << 24, segmentBytesMax: 20_000 }

export function openSimLog(kind: SimLogKind, parts: SimLogParts): SimLog {
  return kind === 'disk' ? onDisk(parts) : inStream(parts)
}

function onDisk({ clock, chance, chaos }: SimLogParts): SimLog {
  /** While the simulation itself reads the log. */
  let isLooking = false
  const storeFaults = chance.pick([0, 0.01])
  const store = openMemoryStore({
    now: clock.now,
    fault: () => (!isLooking && chance.happens(chaos.fault === 0 ? 0 : storeFaults) ? 'IO' : null),
  })
  const looking = async <T>(work: () => Promise<T>): Promise<T> => {
    isLooking = true
    return work().finally(() => (isLooking = false))
  }
  const all = async () => {
    const reader = openLogReaderOver(store, silent)
    return (await reader.read(0, { recordsMax: (await reader.head()).offset, bytesMax: 1 << 30 })).records
  }
  return {
    async openWriter(life) {
      const soon = (call: () => void) => void life.sleep(chance.between(0, 4)).then(call)
      const writer = openLogWriterOver({ store, limits, now: clock.now, logger: silent, newId: chance.uuid, soon })
      return Object.assign(writer, { end: () => store.crash(() => chance.happens(0.5)) })
    },
    openReader: () => openLogReaderOver(store, silent),
    damage: () =>
      looking(async () => {
        const before = await all()
        if (before.length < 3) return []
        const hit = before[chance.between(0, before.length - 1)]
        if (hit === undefined) return []
        store.damage(hit.offset, 'body')
        const left = new Set((await all()).map(({ requestId }) => requestId))
        return before.map(({ requestId }) => requestId).filter(id => !left.has(id))
      }),
    requests: () => looking(async () => (await all()).map(({ requestId }) => requestId)),
  }
}

function inStream({ clock, chance, chaos }: SimLogParts): SimLog {
  const kept = openMemoryStream({ now: clock.now, id: chance.uuid() })
  const streamOf = (life: Life) =>
    kept.through(
      async () => {
        await life.point()
        if (chance.happens(0.2)) await life.sleep(chance.between(0, 20))
        if (chance.happens(chaos.fault)) throw new Error('the servers do not answer')
      },
      { now: clock.now, sleep: life.sleep },
    )
  return {
    async openWriter(life) {
      const soon = (call: () => void) => void life.sleep(chance.between(0, 4)).then(call)
      const parts = { connection: null, stream: streamOf(life), limits, now: clock.now, logger: silent }
      const writer = await openNatsWriter({ ...parts, newId: chance.uuid, soon })
      return Object.assign(writer, { tick() {}, end: () => void writer.close() })
    },
    openReader(life) {
      const retention = { ms: 86_400_000, bytes: 1 << 30 }
      const parts = { stream: streamOf(life), retention, now: clock.now, logger: silent }
      let opening: Promise<LogReader> | null = null
      const reader = () => {
        opening ??= openNatsReader(parts)
        // One that could not be opened is opened when it is asked the next time.
        opening.catch(() => (opening = null))
        return opening
      }
      return {
        id: async () => (await reader()).id(),
        head: async () => (await reader()).head(),
        oldest: async () => (await reader()).oldest(),
        read: async (...of) => (await reader()).read(...of),
        fingerprintBefore: async offset => (await reader()).fingerprintBefore(offset),
        sure: async () => (await reader()).sure!(),
        consumed: async offset => (await reader()).consumed(offset),
        close: async () => (await reader()).close(),
      }
    },
    async damage() {
      const before = kept.requests()
      if (before.length < 3) return []
      kept.damage(chance.pick(before))
      const left = new Set(kept.requests())
      return before.filter(id => !left.has(id))
    },
    requests: async () => kept.requests(),
  }
}
