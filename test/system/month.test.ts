// The main job on real input: a month of an operator's life, generated, sent through the public API by the command line,
// retries and mistakes included. At the end the warehouse holds every acknowledged event once: counts and exact sums per
// event name and currency equal an independent computation over what was sent.
// DATAPULSE_TEST_EVENTS says how many events (12,000 by default).

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bareEnvironment } from '../harness/bare-environment.ts'
import { Installation } from '../harness/installation.ts'

type Count = { event_name: string; currency: string | null; events: number; amount: string | null }
type Summary = {
  accepted: number
  rejected: number
  stored: number
  duplicate: number
  conflict: number
  counts: Count[]
}

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
const events = process.env['DATAPULSE_TEST_EVENTS'] ?? '12000'
const place = mkdtempSync(join(tmpdir(), 'datapulse-month-'))
let installation: Installation | null = null
after(async () => {
  await installation?.close()
  rmSync(place, { recursive: true, force: true })
})

test(`a month of ${events} events is stored once each, to the last digit`, async () => {
  installation = await Installation.open()
  const server = installation
  const ran = (code: number, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
      encoding: 'utf8',
      env: { ...bareEnvironment, DATAPULSE_DATA_DIR: server.dataDir, DATAPULSE_API_KEY: key },
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    })
    assert.equal(status, code, stderr)
    return stdout
  }
  const run = (...args: string[]) => ran(0, ...args)
  const key = await server.key('month')
  const file = join(place, 'month.ndjson')
  const summaryFile = join(place, 'summary.json')
  run('generate', '--events', events, '--seed', '7', '--out', file, '--summary', summaryFile)
  const summary = JSON.parse(readFileSync(summaryFile, 'utf8')) as Summary
  // 3: some events were rejected, as they must be.
  const report = JSON.parse(ran(3, 'send', file, '--api-url', server.url, '--json')) as Record<string, unknown>
  assert.equal(report['accepted'], summary.accepted)
  assert.equal(report['rejected'], summary.rejected)
  await server.drained()

  const told = JSON.parse(run('counts', '--product', 'month', '--url', server.adminUrl, '--json')) as Count[]
  const bare = ({ event_name, currency, events: count, amount }: Count) =>
    `${event_name} ${currency ?? ''}: ${count} events, ${amount ?? 'no amount'}`
  assert.deepEqual(told.map(bare).sort(), summary.counts.map(bare).sort())
  const { accounting } = (await server.status()) as { accounting: Record<string, unknown> }
  const { holds, accepted, stored, duplicate, conflict, parked } = accounting
  const { accepted: sentAccepted, stored: sentStored, duplicate: sentDuplicate, conflict: sentConflict } = summary
  assert.deepEqual(
    { holds, accepted, stored, duplicate, conflict, parked },
    {
      holds: true,
      accepted: sentAccepted,
      stored: sentStored,
      duplicate: sentDuplicate,
      conflict: sentConflict,
      parked: 0,
    },
  )
})
