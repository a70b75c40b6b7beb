// V8 compiles and marks in threads of its own. Where a process has one core, they would take turns with the thread that
// answers requests: a hundred milliseconds of compiling, once, made every request of that time wait (measured: the p99
// of the acknowledgement on one core fell to a third). So they run at a lower priority, where the system lets a thread
// have one of its own (Linux); elsewhere nothing is done, and nothing depends on it. So does ClickHouse with its merges,
// which are made for later questions and can wait. (ClickHouse's own settings for this are not used: whenever what they
// lower has ended, they set its thread to 0, above the rest of its process, for whatever runs there next.)

import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const v8 = 'node-V8Worker'
/** ClickHouse's threads that merge. */
export const merging = 'MergeMutate'

/** Lets the threads of this name (V8's by default) of this process run at `niceness`, 0 to 19. Gives how many there were. */
export function lowerBackgroundThreads(niceness: number, threadName = v8): number {
  let lowered = 0
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      if (readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() !== threadName) continue
      setPriority(Number(thread), niceness)
      lowered++
    }
  } catch {
    // Not Linux, or not allowed.
  }
  return lowered
}
