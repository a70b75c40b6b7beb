// One at a time: loads, and what must not meet one. Whoever asks first goes first; a failure is its own asker's.

export type Turns = { run<T>(work: () => Promise<T>): Promise<T> }

export function openTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return {
    run(work) {
      const turn = last.then(work)
      last = turn.catch(() => {})
      return turn
    },
  }
}
