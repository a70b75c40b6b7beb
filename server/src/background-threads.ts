// V8 compiles and marks in threads of its own. Where a process has one core, they would take turns with the thread that
// answers requests: a hundred milliseconds of compiling, once, made every request of that time wait (measured: the p99
// of the acknowledgement on one core fell to a third). So they run at a lower priority, where the system lets a thread
// have one of its own (Linux); elsewhere nothing is done, and nothing depends on it.

import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const threadName = 'node-V8Worker'

/** Lets V8's threads of this process run at `niceness`, 0 to 19. Gives how many there were. */
export function lowerBackgroundThreads(niceness: number): number {
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
