// The rollups brought up to the last load, for tests: step by step, as the pipeline does, which ends one that was cut off first.

import type { RollingWarehouse, RollupName } from '../load.ts'
import { rollups } from '../rollup-tables.ts'

export const rollupNames = Object.keys(rollups) as RollupName[]

/** `eventsMax` of one step; one load at least. */
export async function rollAll(rolling: RollingWarehouse, build: string, eventsMax: number): Promise<void> {
  for (;;) {
    const stepped = await rolling.stepped(build)
    const from = Math.min(...Object.values(stepped))
    const begun = Math.max(...Object.values(stepped))
    const next = begun > from ? { to: begun } : await rolling.nextStep(from, eventsMax)
    if (next === null) return
    const step = { build, from, to: next.to }
    await rolling.prepare(step)
    for (const name of rollupNames) await rolling.roll(name, step)
  }
}
