// Looking at a running server again and again: where the pipeline is, and how much memory each process holds.

import { setTimeout as sleep } from 'node:timers/promises'
import { memoryOf } from '../rig/proc.ts'
import type { Server } from '../rig/server.ts'

export type Progress = { seconds: number; events: number }

const drainSecondsMax = 3_600
const stalledSecondsMax = 120

/** Each look costs the warehouse a question, so it is seldom. */
export const lookEveryMs = 200

/**
 * Looks until nothing is in flight, or until the checkpoint has passed `events`; gives the
 * start and each checkpoint with the time at which it was first seen.
 */
export async function watchDrain(server: Server, events = Number.POSITIVE_INFINITY): Promise<Progress[]> {
  const startMs = performance.now()
  const seen: Progress[] = [{ seconds: 0, events: 0 }]
  for (;;) {
    const standing = await server.standing().catch(() => null)
    const seconds = (performance.now() - startMs) / 1000
    const done = standing?.checkpoint?.events ?? 0
    const last = seen.at(-1)
    if (done > (last?.events ?? 0)) seen.push({ seconds, events: done })
    if (standing?.log != null && done >= Math.min(events, standing.log.events)) return seen
    const stalled = seconds - (last?.seconds ?? 0) > stalledSecondsMax
    if (seconds > drainSecondsMax || stalled)
      throw new Error(
        `The pipeline stands at ${done} of ${standing?.log?.events} events after ${seconds.toFixed(0)} s.`,
      )
    await sleep(lookEveryMs)
  }
}

/**
 * Events per second of a backlog of so many, from the first checkpoint within it to the last: opening the stages is not
 * in it. Where only one was seen, from the look before it.
 */
export function drainRate(seen: Progress[], backlogEvents: number): number {
  const last = seen.at(-1) as Progress
  const begin = last.events - backlogEvents
  const within = seen.find(each => each.events > begin && each !== last)
  const first = within ?? seen.findLast(each => each.events <= begin)
  if (first === undefined || last === first) throw new Error('Cannot tell a drain rate because there was no backlog.')
  return (last.events - first.events) / (last.seconds - first.seconds)
}

/** Own memory (no file backs it) of the API, of the rest together and by role; `residentBytes`: file pages of all of them too. */
export type MemorySample = {
  seconds: number
  apiBytes: number
  restBytes: number
  residentBytes: number
  roles: Record<string, number>
}

export type MemoryWatch = { samples: MemorySample[]; stop(): void }

/** Memory of each process, twice a second. */
export function watchMemory(server: Server): MemoryWatch {
  const pids = server.pids()
  const samples: MemorySample[] = []
  const startMs = performance.now()
  const look = () => {
    const roles: Record<string, number> = {}
    let residentBytes = 0
    for (const [role, pid] of Object.entries(pids)) {
      const { own, resident } = memoryOf(pid) ?? { own: 0, resident: 0 }
      roles[role] = own
      residentBytes += resident
    }
    const all = Object.values(roles).reduce((sum, bytes) => sum + bytes, 0)
    const apiBytes = roles['api'] ?? 0
    const seconds = (performance.now() - startMs) / 1000
    samples.push({ seconds, apiBytes, restBytes: all - apiBytes, residentBytes, roles })
  }
  const timer = setInterval(look, 500)
  look()
  return { samples, stop: () => clearInterval(timer) }
}
