// How fast the pipeline works off a backlog, on both cores, with the whole server up and nobody posting; beside chDB
// that inserts the very rows that came of it, by JSONEachRow, in a process of its own, and does nothing else.

import { join } from 'node:path'
import { startNode } from '../rig/child.ts'
import { makePlace, removePlace, root } from '../rig/place.ts'
import { startServer } from '../rig/server.ts'
import { fillBacklog } from './backlog.ts'
import { compare, type Figure } from './figure.ts'
import { drainRate, watchDrain } from './watching.ts'

/** What the pipeline loads at once at most: the baseline inserts in blocks of this size. */
const rowsPerInsert = 20_000
/** The baseline holds its rows in memory, about 1 KB each. */
const baselineRowsMax = 300_000
const database = 'datapulse'

export const drain: Figure = {
  name: 'drain',
  sizes: ['smoke', 'canonical', 'full'],
  title: "The pipeline's drain rate with a backlog",
  diskBytes: sizes => sizes.drainEvents * 2_000 + 1e9,
  async measure(run) {
    const ours: number[] = []
    const bare: number[] = []
    for (let round = 0; round < run.sizes.rounds; round++) {
      const place = makePlace()
      try {
        const dataDir = join(place, 'data')
        ours.push(await drainOnce(dataDir, run.sizes.drainEvents))
        bare.push(await insertAlone(join(dataDir, 'warehouse'), Math.min(run.sizes.drainEvents, baselineRowsMax)))
        run.say(`chDB alone ${Math.round(bare.at(-1) ?? 0)} rows/s, ours ${Math.round(ours.at(-1) ?? 0)} events/s`)
      } finally {
        removePlace(place)
      }
    }
    const line = compare({
      what: 'events of a backlog stored',
      unit: 'events/s',
      ours,
      baseline: bare,
      baselineWhat: 'chDB inserting the same rows by JSONEachRow, nothing else',
      target: { kind: 'at least', value: 0.5, unit: '×' },
    })
    return { lines: [line], notes: [] }
  },
}

/** Fills a backlog in a fresh folder, starts the whole server, and gives its rate. Leaves the folder to the baseline. */
async function drainOnce(dataDir: string, events: number): Promise<number> {
  const backlog = await fillBacklog(dataDir, events)
  const server = await startServer({ dataDir, role: 'all', core: null })
  try {
    return drainRate(await watchDrain(server), backlog)
  } finally {
    await server.stop()
  }
}

async function insertAlone(warehouse: string, rows: number): Promise<number> {
  const args = [warehouse, database, String(rows), String(rowsPerInsert), '1']
  const text = await startNode(join(root, 'bench/baselines/chdb-insert.ts'), args, null).result()
  const { rates } = JSON.parse(text) as { rates: number[] }
  return rates[0] ?? Number.NaN
}
