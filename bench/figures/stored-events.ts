// A data directory with many events in its warehouse, for figures that ask questions: made once, and found again where the run
// keeps it.

import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startNode } from '../rig/child.ts'
import { root } from '../rig/place.ts'
import { type Server, startServer } from '../rig/server.ts'
import { watchDrain } from './watching.ts'

/** A server that finds them may have to make what reports are answered from. */
export const rebuildMsMax = 60 * 60_000
const database = 'datapulse'

/** A data directory with so many events, made unless it is there: the schema by a server, and what reports need by its next one. */
export async function storeEvents(place: string, events: number): Promise<string> {
  const dataDir = join(place, `questions-${events}`)
  const made = `${dataDir}.made`
  if (existsSync(made)) return dataDir
  rmSync(dataDir, { recursive: true, force: true })
  await (await startServer({ dataDir, role: 'all', core: null, readyWithinMs: rebuildMsMax })).stop()
  const args = [join(dataDir, 'warehouse'), database]
  await startNode(join(root, 'bench/rig/store-events.ts'), [...args, String(events)], null).result()
  await startNode(join(root, 'bench/rig/fit-index.ts'), [...args, join(dataDir, 'index')], null).result()
  writeFileSync(made, '')
  return dataDir
}

/** What has no load's note yet is in no receipt, so one load follows what was stored. */
export async function loadOne(server: Server): Promise<void> {
  const event = { client_user_id: 'u', event_name: 'login', timestamp: Date.now(), ip_address: '203.0.113.1' }
  const headers = { 'content-type': 'application/json', 'x-api-key': server.apiKey }
  const url = `http://127.0.0.1:${server.port}/v2/s2s/event`
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify(event) })
  if (reply.status !== 200) throw new Error(`An event was answered ${reply.status}`)
  await watchDrain(server)
  await rolled(server)
}

/** What is kept ready for reports is ready, and as it will be for long: merged. */
async function rolled(server: Server): Promise<void> {
  type Status = {
    stages: { pipeline: { rolledUpTo: number; isMergingRollups: boolean }; warehouse: { lastLoad: number } }
  }
  const endMs = Date.now() + rebuildMsMax
  while (Date.now() < endMs) {
    const { pipeline, warehouse } = (await server.ask<Status>('/api/status')).stages
    const isRolled = warehouse.lastLoad > 0 && pipeline.rolledUpTo === warehouse.lastLoad
    if (isRolled && !pipeline.isMergingRollups) return
    await sleep(2_000)
  }
  throw new Error('The rollups of reports were not made in time')
}
