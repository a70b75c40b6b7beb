// A log's store in memory, for tests and simulations: the promises of store.ts, and what a real disk adds to them:
// faults at any call, crashes after which a commit that failed to sync is there or not, damage, lost files.
//
//   const disk = openMemoryStore({ fault: call => (call === 'append' && unlucky() ? 'IO' : null) })
//   openLogWriterOver({ store: disk, … })        openLogReaderOver(disk, logger)
//   disk.crash(() => Math.random() < 0.5)        then open both again: what was open before the crash throws

import { type Commit, type CommitHead, holds } from './commit.ts'
import {
  type Consumed,
  type LogStore,
  type SegmentName,
  type SegmentReader,
  type SegmentWriter,
  StoreError,
  type StoreErrorCode,
} from './store.ts'

/** `created` is the sync of the folder: the segment is there, and the call fails all the same. */
export type StoreCall =
  | 'list'
  | 'create'
  | 'created'
  | 'open'
  | 'append'
  | 'read'
  | 'seal'
  | 'drop'
  | 'stat'
  | 'free'
  | 'consumed'

export type MemoryStore = LogStore & {
  /** Ends all that is open. `appears` says of each commit that failed to sync whether the disk has it after all. */
  crash(appears: () => boolean): void
  /** Breaks the commit that holds `offset`: its body, its numbers, or the page it lies in. */
  damage(offset: number, what: 'body' | 'head' | 'page'): void
  /** A segment's file is gone. */
  lose(number: number): void
}

export type MemoryStoreOptions = {
  /** Asked before each call; a code makes it fail. An `append` that fails with IO may appear after a crash. */
  fault?: (call: StoreCall) => StoreErrorCode | null
  now?: () => number
  /** Bytes that fit in all. */
  capacityBytes?: number
}

type Slot = { commit: Commit; unreadable: boolean }
type Segment = {
  name: SegmentName
  logId: string
  slots: Slot[]
  unsynced: Commit | null
  sealed: boolean
  born: number
  at: number
}

const rowBytes = 64
const segmentBytes = 4096

export function openMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const now = options.now ?? (() => 0)
  const segments = new Map<number, Segment>()
  let consumed: Consumed | null = null
  let life = 0

  const call = (what: StoreCall, born = life) => {
    if (born !== life) throw new StoreError('IO', 'the process that opened it has ended')
    const code = options.fault?.(what) ?? null
    if (code !== null) throw new StoreError(code, `a ${code} was ordered for ${what}`)
  }
  const find = (name: SegmentName): Segment => {
    const segment = segments.get(name.number)
    if (segment === undefined) throw new StoreError('MISSING', `segment ${name.number} is missing`)
    return segment
  }
  const freeBytes = () => {
    let used = 0
    for (const segment of segments.values()) used += bytesOf(segment)
    return (options.capacityBytes ?? Number.MAX_SAFE_INTEGER) - used
  }
  const writerOf = (segment: Segment): SegmentWriter => {
    const born = life
    return {
      logId: segment.logId,
      last: segment.slots.at(-1)?.commit ?? null,
      damage: [],
      closedForAppend: false,
      append: commit => {
        const copy = { ...commit, body: Uint8Array.from(commit.body) }
        try {
          call('append', born)
        } catch (error) {
          if (error instanceof StoreError && error.code === 'IO' && born === life) segment.unsynced = copy
          throw error
        }
        if (freeBytes() < copy.body.length + rowBytes) throw new StoreError('FULL', 'no space left')
        segment.slots.push({ commit: copy, unreadable: false })
        segment.at = now()
      },
      bytes: () => bytesOf(segment),
      close: () => {},
    }
  }

  return {
    list: () => {
      call('list')
      return [...segments.values()].map(segment => segment.name).toSorted((a, b) => a.number - b.number)
    },
    create: (name, logId) => {
      call('create')
      if (freeBytes() < segmentBytes) throw new StoreError('FULL', 'no space left')
      if (segments.has(name.number)) throw new StoreError('IO', `segment ${name.number} is there already`)
      const segment = { name, logId, slots: [], unsynced: null, sealed: false, born: now(), at: now() }
      segments.set(name.number, segment)
      call('created')
      return writerOf(segment)
    },
    openWriter: name => {
      call('open')
      return writerOf(find(name))
    },
    openReader: name => {
      call('open')
      return readerOf(find(name), born => call('read', born), life)
    },
    seal: name => {
      call('seal')
      find(name).sealed = true
    },
    stat: name => {
      call('stat')
      const segment = find(name)
      return { bytes: bytesOf(segment), bornMs: segment.born, changedMs: segment.at, sealed: segment.sealed }
    },
    drop: name => {
      call('drop')
      segments.delete(name.number)
    },
    freeBytes: () => {
      call('free')
      return freeBytes()
    },
    readConsumed: () => {
      call('consumed')
      return consumed
    },
    writeConsumed: next => {
      call('consumed')
      consumed = { ...next }
    },
    crash: appears => {
      life++
      for (const segment of segments.values()) {
        if (segment.unsynced !== null && appears()) {
          segment.slots.push({ commit: segment.unsynced, unreadable: false })
        }
        segment.unsynced = null
      }
    },
    damage: (offset, what) => {
      for (const { slots } of segments.values()) {
        for (const slot of slots) if (holds(slot.commit, offset)) breakSlot(slot, what)
      }
    },
    lose: number => {
      segments.delete(number)
    },
  }
}

function readerOf(segment: Segment, call: (born: number) => void, born: number): SegmentReader {
  const readable = (slot: Slot | undefined): Commit | null => {
    call(born)
    if (slot?.unreadable === true) throw new StoreError('CORRUPT', 'the page is damaged')
    return slot?.commit ?? null
  }
  const next = (offset: number) => readable(segment.slots.find(({ commit }) => commit.offset >= offset))
  return {
    logId: segment.logId,
    next,
    nextHead: next,
    holding: (offset): CommitHead | null => readable(segment.slots.findLast(({ commit }) => commit.offset <= offset)),
    close: () => {},
  }
}

function breakSlot(slot: Slot, what: 'body' | 'head' | 'page'): void {
  const { commit } = slot
  if (what === 'page') slot.unreadable = true
  else if (what === 'head') slot.commit = { ...commit, events: commit.events + 1 }
  else slot.commit = { ...commit, body: commit.body.map((byte, index) => (index === 0 ? byte ^ 1 : byte)) }
}

function bytesOf(segment: Segment): number {
  return segment.slots.reduce((sum, { commit }) => sum + commit.body.length + rowBytes, segmentBytes)
}
