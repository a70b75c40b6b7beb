// Chance from a seed: the same seed gives the same run.

export type Chance = {
  /** In [0, 1). */
  next(): number
  /** True with this probability. */
  happens(probability: number): boolean
  /** A whole number in [from, to). */
  between(from: number, to: number): number
  pick<T>(from: readonly T[]): T
  hex(digits: number): string
  uuid(): string
}

/** sfc32, seeded through splitmix32. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  const word = () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return mixed ^ (mixed >>> 15)
  }
  let [a, b, c, d] = [word(), word(), word(), word()]
  const next = () => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return (sum >>> 0) / 4294967296
  }
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from))
  const hex = (digits: number) => Array.from({ length: digits }, () => between(0, 16).toString(16)).join('')
  return {
    next,
    happens: probability => next() < probability,
    between,
    pick: from => from[between(0, from.length)]!,
    hex,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
  }
}
