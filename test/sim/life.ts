// The life of a simulated process. All that it asks of the world goes through seams: a call takes a little time, may
// fail before or after it was done, and may be the one at which the process dies, before or after. A dead process gets
// no answer any more, ever, so whatever its code would have done next is not done.

import type { Chance } from './prng.ts'
import type { Clock } from './clock.ts'

export type Chaos = {
  /** Probability of dying at a call. */
  death: number
  /** Probability that a call fails. */
  fault: number
}

export type Life = {
  readonly dead: boolean
  die(): void
  sleep(ms: number): Promise<void>
  /** The same functions, through the seam. */
  seam<T extends object>(target: T, names: readonly (keyof T & string)[], failure: (name: string) => Error): T
  /** One point at which this life may end; never resolves then. */
  point(): Promise<void> | undefined
}

export function beginLife(clock: Clock, chance: Chance, chaos: Chaos, onDeath: () => void): Life {
  let dead = false
  const die = () => {
    if (dead) return
    dead = true
    onDeath()
  }
  const never = <T>() => new Promise<T>(() => {})
  const isEnd = () => {
    if (!dead && chance.happens(chaos.death)) die()
    return dead
  }
  return {
    get dead() {
      return dead
    },
    die,
    sleep: ms => (dead ? never() : clock.sleep(ms).then(() => (dead ? never() : undefined))),
    point: () => (isEnd() ? never() : undefined),
    seam(target, names, failure) {
      const through = Object.create(target) as Record<string, unknown>
      for (const name of names) {
        const call = (target[name] as (...args: unknown[]) => Promise<unknown>).bind(target)
        through[name] = async (...args: unknown[]) => {
          if (isEnd()) return never()
          if (chance.happens(0.3)) await clock.sleep(chance.between(0, 20))
          if (isEnd()) return never()
          if (chance.happens(chaos.fault)) throw failure(name)
          const result = await call(...args)
          if (isEnd()) return never()
          if (chance.happens(chaos.fault / 2)) throw failure(name)
          return result
        }
      }
      return through as typeof target
    },
  }
}
