// Single events acknowledged per second, durable, the API on one core, beside bare node:http that reads the body and
// replies.

import { compare, type Figure } from './figure.ts'
import { measureHighestRate } from './highest-rate.ts'
import { failureNotes, generatorNotes } from './notes.ts'

export const singles: Figure = {
  name: 'singles',
  sizes: ['smoke', 'canonical', 'full'],
  title: 'Single events acknowledged per second, durable, API on one core',
  diskBytes: sizes => (sizes.rounds + 1) * (sizes.seconds + sizes.warmSeconds) * 40e6 + 1e9,
  async measure(run) {
    const rates = await measureHighestRate(run, 1)
    const line = compare({
      what: 'single events acknowledged',
      unit: 'events/s',
      ours: rates.ours,
      baseline: rates.bare,
      baselineWhat: 'bare node:http, reads the body and replies',
      target: { kind: 'at least', value: 0.4, unit: '×' },
    })
    return { lines: [line], notes: [...generatorNotes(rates.busyShareMax), ...failureNotes(rates.failures)] }
  },
}
