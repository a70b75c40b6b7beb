// In which order many keys are best looked up or written: by their first bits. In LevelDB's tables, on disk and in memory,
// keys lie in order, so what one was found by is at hand for its neighbour. Nearly sorted is enough, and costs one pass.

import { keyBytes } from './entry.ts'

const groups = 4096

/** Places of the keys that lie one after another in `keys`, arranged by their first 12 bits; equal keys stay in their order. */
export function keyOrder(keys: Buffer): Uint32Array {
  const count = keys.length / keyBytes
  const ends = new Uint32Array(groups + 1)
  for (let i = 0; i < count; i++) ends[groupOf(keys, i) + 1]!++
  for (let group = 0; group < groups; group++) ends[group + 1]! += ends[group]!
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[ends[groupOf(keys, i)]!++] = i
  return order
}

function groupOf(keys: Buffer, i: number): number {
  return (keys[i * keyBytes]! << 4) | (keys[i * keyBytes + 1]! >> 4)
}
