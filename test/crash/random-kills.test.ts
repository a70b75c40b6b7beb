// Sixty and more rounds of kill -9 under load, at random times, of the api, the pipeline, the engine, pairs of them, and
// everything at once with a start from nothing but the disk. The seed is printed; DATAPULSE_TEST_SEED repeats it,
// DATAPULSE_TEST_ROUNDS changes how many. After each stretch of rounds the books must be right: every acknowledged event
// is in the warehouse once, no unacknowledged batch is there by halves, and the accounting equations hold.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Installation, type Role } from '../harness/installation.ts'
import { audit, seeded, Traffic } from '../harness/traffic.ts'

const seed = Number(process.env['DATAPULSE_TEST_SEED'] ?? Date.now() % 1_000_000)
const rounds = Number(process.env['DATAPULSE_TEST_ROUNDS'] ?? 64)
const roundsPerAudit = 16
const random = seeded(seed)
const victims: (Role | 'everything')[][] = [
  ['api'],
  ['pipeline'],
  ['api', 'pipeline'],
  ['engine'],
  ['pipeline', 'engine'],
  ['everything'],
]

let installation: Installation | null = null
after(() => installation?.close())

test(`${rounds} rounds of kill -9 under load lose nothing and double nothing (seed ${seed})`, async () => {
  installation = await Installation.open()
  const key = await installation.key('crash')
  const books: Traffic['requests'] = []
  for (let done = 0; done < rounds; done += roundsPerAudit) {
    const traffic = new Traffic(installation, key, `s${seed}-${done}`, random)
    traffic.start(6, 60_000)
    for (let i = 0; i < Math.min(roundsPerAudit, rounds - done); i++)
      await killOnce(installation, victims[(done + i) % victims.length] ?? ['api'])
    await traffic.stop()
    books.push(...traffic.requests)
    assert.ok(traffic.acknowledged > 0, 'nothing was acknowledged: the test tells nothing')
    await installation.ready()
    await installation.drained()
    const wrong = audit(books, await installation.events('&product=crash'))
    assert.deepEqual(
      wrong.slice(0, 10),
      [],
      `seed ${seed}, after ${done + roundsPerAudit} rounds: ${wrong.length} wrong`,
    )
    await equationsHold(installation)
  }
})

async function killOnce(server: Installation, doomed: (Role | 'everything')[]): Promise<void> {
  await sleep(50 + random() * 350)
  for (const what of doomed) server.kill(what)
  if (doomed.includes('everything')) {
    await server.gone()
    await server.start()
  } else await sleep(100 + random() * 200)
}

async function equationsHold(server: Installation): Promise<void> {
  const accounting = (await server.status())['accounting'] as Record<string, number>
  const told = JSON.stringify(accounting)
  const { accepted = -1, stored = -1, duplicate = -1, parked = -1, in_flight = -1 } = accounting
  assert.equal(accepted, stored + duplicate + parked + in_flight, told)
  const counted = (await server.admin('/api/counts')).body['counts'] as { events: number }[]
  assert.equal(
    counted.reduce((sum, row) => sum + row.events, 0),
    stored,
    `the warehouse's own count against the books of the pipeline: ${told}`,
  )
}
