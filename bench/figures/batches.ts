// Events acknowledged per second in batches of 600 (220 KB), durable, the API on one core, beside bare node:http with
// JSON.parse of the same bodies.

import { compare, type Figure } from './figure.ts'
import { batchEvents, measureHighestRate } from './highest-rate.ts'
import { failureNotes, generatorNotes } from './notes.ts'

export const batches: Figure = {
  name: 'batches',
  sizes: ['smoke', 'canonical', 'full'],
  title: `Events acknowledged per second in batches of ${batchEvents}, durable, API on one core`,
  diskBytes: sizes => (sizes.rounds + 1) * (sizes.seconds + sizes.warmSeconds) * 400e6 + 1e9,
  async measure(run) {
    const rates = await measureHighestRate(run, batchEvents)
    const line = compare({
      what: `events in batches of ${batchEvents} acknowledged`,
      unit: 'events/s',
      ours: rates.ours,
      baseline: rates.bare,
      baselineWhat: 'bare node:http and JSON.parse of the same bodies',
      target: { kind: 'at least', value: 0.4, unit: '×' },
    })
    return { lines: [line], notes: [...generatorNotes(rates.busyShareMax), ...failureNotes(rates.failures)] }
  },
}
