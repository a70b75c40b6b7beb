// Tells when the engine's only loading connection is held for good: a statement runs on beyond the time that the library
// was given for it, with a minute's grace. Counted in looks and not by the clock, which may jump.

import { limits } from '../limits.ts'
import type { EngineStatus } from '../warehouse/engine/engine.ts'

const graceMs = 60_000
const looksMax = Math.ceil((limits.loadSecondsMax * 1_000 + graceMs) / limits.roleAskMs)

/** The function is to be called every `limits.roleAskMs`. */
export function watchLoads(load: () => Pick<EngineStatus['load'], 'running' | 'done' | 'failed'>): () => boolean {
  let looks = 0
  let endedBefore = -1
  return () => {
    const { running, done, failed } = load()
    looks = running > 0 && done + failed === endedBefore ? looks + 1 : 0
    endedBefore = done + failed
    return looks >= looksMax
  }
}
