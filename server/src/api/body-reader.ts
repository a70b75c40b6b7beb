// Gathers one body from its chunks, within the budget. A body that comes in one chunk, as small ones do, is not copied.
// Many tiny chunks cost no more memory than few large ones: they are copied into one buffer that grows, and what is
// reserved is never more than twice what has come (or `firstBytes`).

import type { BodyBudget, Holder } from './body-budget.ts'

/** `more`: go on. `large`: over the limit. `full`: no room in the budget. `share`: none left for this holder. */
export type Taken = 'more' | 'large' | 'full' | 'share'

const firstBytes = 64 * 1024
const empty = Buffer.alloc(0)

export class BodyReader {
  #budget: BodyBudget
  #holder: Holder
  #bytesMax: number
  /** Content-Length, or -1. */
  #expected: number
  #buffer: Buffer | null = null
  #length = 0
  #held = 0

  constructor(budget: BodyBudget, holder: Holder, bytesMax: number, expected: number) {
    this.#budget = budget
    this.#holder = holder
    this.#bytesMax = bytesMax
    this.#expected = expected
  }

  take(chunk: Buffer): Taken {
    const length = this.#length + chunk.length
    if (length > this.#bytesMax) return 'large'
    if (this.#buffer === null) {
      const held = this.#hold(chunk.length)
      if (held !== 'more') return held
      this.#buffer = chunk
    } else {
      const grown = length > this.#buffer.length ? this.#grow(length) : 'more'
      if (grown !== 'more') return grown
      chunk.copy(this.#buffer, this.#length)
    }
    this.#length = length
    return 'more'
  }

  /** What has come so far. */
  get bytes(): Buffer {
    if (this.#buffer === null) return empty
    return this.#buffer.length === this.#length ? this.#buffer : this.#buffer.subarray(0, this.#length)
  }

  /** Gives back what it held; its bytes must not be used any more. Calling it again does nothing. */
  release(): void {
    if (this.#held > 0) this.#budget.give(this.#holder, this.#held)
    this.#held = 0
    this.#buffer = null
    this.#length = 0
  }

  #hold(bytes: number): Taken {
    const taken = this.#budget.take(this.#holder, bytes)
    if (taken !== 'taken') return taken
    this.#held += bytes
    return 'more'
  }

  #grow(length: number): Taken {
    const roomy = Math.max(length * 2, firstBytes)
    const capacity = Math.max(length, Math.min(roomy, this.#expected >= 0 ? this.#expected : this.#bytesMax))
    const held = this.#hold(capacity - this.#held)
    if (held !== 'more') return held
    const grown = Buffer.allocUnsafeSlow(capacity)
    ;(this.#buffer as Buffer).copy(grown, 0, 0, this.#length)
    this.#buffer = grown
    return 'more'
  }
}
