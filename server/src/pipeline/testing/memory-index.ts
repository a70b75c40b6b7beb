// The index of identities in memory for tests: two durable writes, and adding that a crash forgets.

import {
  type Checkpoint,
  type IdentityEntry,
  type IdentityIndex,
  type IndexEntry,
  IndexFault,
  type IndexPlace,
  type Pending,
  type Staged,
} from '../index/identity-index.ts'

/** What is on the disk. */
export type IndexDisk = {
  entries: Map<string, IndexEntry>
  checkpoint: Checkpoint | null
  pending: Pending | null
  damaged: boolean
}

export function emptyIndexDisk(): IndexDisk {
  return { entries: new Map(), checkpoint: null, pending: null, damaged: false }
}

export function memoryIndexPlace(disk: IndexDisk): IndexPlace {
  return {
    async open() {
      if (disk.damaged) throw new IndexFault('the test damaged it', { damaged: true })
      return openMemoryIndex(disk)
    },
    async wipe() {
      Object.assign(disk, emptyIndexDisk())
    },
  }
}

function openMemoryIndex(disk: IndexDisk): IdentityIndex {
  const unsynced = new Map<string, IndexEntry>()
  return {
    state: async () => structuredClone({ checkpoint: disk.checkpoint, pending: disk.pending }),
    find: async identities => identities.map(identity => unsynced.get(identity) ?? disk.entries.get(identity)),
    async begin(pending) {
      disk.pending = structuredClone(pending)
    },
    stage: entries => ({ entries: [...entries], async discard() {} }) as Staged,
    async commit(staged, checkpoint) {
      for (const { identity, ...entry } of (staged as Staged & { entries: IdentityEntry[] }).entries)
        disk.entries.set(identity, entry)
      disk.checkpoint = structuredClone(checkpoint)
      disk.pending = null
    },
    async replace(identities, entries) {
      for (const identity of identities) disk.entries.delete(identity)
      for (const { identity, ...entry } of entries) disk.entries.set(identity, entry)
    },
    async add(entries) {
      for (const { identity, ...entry } of entries) unsynced.set(identity, entry)
    },
    bytes: async () => disk.entries.size * 45,
    async close() {
      for (const [identity, entry] of unsynced) disk.entries.set(identity, entry)
    },
  }
}
