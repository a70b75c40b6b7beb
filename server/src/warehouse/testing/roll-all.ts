// The rollups brought up to the last load, for tests: step by step, as the pipeline does.

import type { RollingWarehouse, RollupName } from '../load.ts'
import { rollups } from '../rollup-tables.ts'

export const rollupNames = Object.keys(rollups) as RollupName[]

/** `eventsMax` of one step; one load at least. */
export async function rollAll(rolling: RollingWarehouse, build: string, eventsMax: number): Promise<void> {
  let from = Math.min(...Object.values(await rolling.stepped(build)))
  for (;;) {
    const next = await rolling.nextStep(from, eventsMax)
    if (next === null) return
    const step = { build, from, to: next.to }
    await rolling.prepare(step)
    for (const name of rollupNames) await rolling.roll(name, step)
    from = next.to
  }
}
