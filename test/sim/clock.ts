// Simulated time: nothing waits, the next thing due simply comes next. Whatever a call sets off without waiting has
// happened before the next thing that was waiting comes, so a run depends on its seed alone.

export type Clock = {
  now(): number
  sleep(ms: number): Promise<void>
  after(ms: number, call: () => void): void
  /** Lets time pass until `isOver` says so or `untilMs` is reached; false then. */
  run(untilMs: number, isOver: () => boolean): Promise<boolean>
}

type Due = { at: number; order: number; call: () => void }

export function openClock(startMs: number): Clock {
  let nowMs = startMs
  let order = 0
  const queue: Due[] = []
  const after = (ms: number, call: () => void) => {
    const due = { at: nowMs + ms, order: order++, call }
    let at = queue.length
    while (at > 0 && isBefore(due, queue[at - 1]!)) at--
    queue.splice(at, 0, due)
  }
  return {
    now: () => nowMs,
    sleep: ms => new Promise(resolve => after(ms, resolve)),
    after,
    async run(untilMs, isOver) {
      for (;;) {
        await new Promise(resolve => setImmediate(resolve))
        if (isOver()) return true
        const due = queue[0]
        if (due === undefined || due.at > untilMs) return false
        queue.shift()
        nowMs = Math.max(nowMs, due.at)
        due.call()
      }
    },
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
