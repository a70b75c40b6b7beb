// Random numbers from a seed: the same seed gives the same numbers on every machine (xoshiro128**, seeded by splitmix32
// over the seed's text).

export type Random = {
  /** 0 <= x < 1, 32 bits. */
  next(): number
  /** A whole number: 0 <= x < limit. */
  below(limit: number): number
  chance(share: number): boolean
  pick<Item>(items: readonly Item[]): Item
  /** An index, by weights. */
  weighted(weights: readonly number[]): number
  /** Waiting time with this mean. */
  exponential(mean: number): number
  /** Heavy-tailed, at least 1: few are very large; `alpha` near 1 is the wildest. */
  pareto(alpha: number): number
  /** `digits` hexadecimal digits. */
  hex(digits: number): string
}

export function openRandom(seed: string): Random {
  const state = seedState(seed)
  const uint32 = (): number => {
    const [a, b, c, d] = state as [number, number, number, number]
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    state[2] = c ^ a
    state[3] = d ^ b
    state[1] = b ^ state[2]!
    state[0] = a ^ state[3]!
    state[2] = state[2]! ^ shifted
    state[3] = rotate(state[3]!, 11)
    return result
  }
  const next = (): number => uint32() / 0x1_0000_0000
  const random: Random = {
    next,
    below: limit => Math.floor(next() * limit),
    chance: share => next() < share,
    pick: items => items[Math.floor(next() * items.length)]!,
    weighted(weights) {
      let left = next() * weights.reduce((sum, weight) => sum + weight, 0)
      const index = weights.findIndex(weight => (left -= weight) < 0)
      return index === -1 ? weights.length - 1 : index
    },
    exponential: mean => -Math.log(1 - next()) * mean,
    pareto: alpha => (1 - next()) ** (-1 / alpha),
    hex(digits) {
      let text = ''
      while (text.length < digits) text += uint32().toString(16).padStart(8, '0')
      return text.slice(0, digits)
    },
  }
  return random
}

/** Which `count` of `total` things: a flag for each, exactly `count` of them set. */
export function choose(random: Random, count: number, total: number): Uint8Array {
  const chosen = new Uint8Array(total)
  for (let index = 0, left = Math.min(count, total); index < total && left > 0; index++) {
    if (random.next() * (total - index) >= left) continue
    chosen[index] = 1
    left -= 1
  }
  return chosen
}

function seedState(seed: string): number[] {
  let mixed = 0x811c9dc5
  for (const byte of Buffer.from(seed)) mixed = Math.imul(mixed ^ byte, 0x01000193)
  return Array.from({ length: 4 }, () => {
    mixed = (mixed + 0x9e3779b9) | 0
    let word = mixed ^ (mixed >>> 16)
    word = Math.imul(word, 0x21f0aaad)
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
    return (word ^ (word >>> 15)) >>> 0
  })
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
