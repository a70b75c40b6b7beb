// The client against a real server, with a hostile proxy between them: what it was told is accepted is in the warehouse, once,
// and so is everything that was handed to a spool whose process was killed, and killed again. The seed is printed;
// DATAPULSE_TEST_SEED repeats it.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { DataPulseClient, type Outcome } from '../../client/src/index.ts'
import { clientEvent } from '../harness/client-events.ts'
import { faults, type HostileProxy, openHostileProxy } from '../harness/hostile-proxy.ts'
import { Installation } from '../harness/installation.ts'
import { seeded } from '../harness/traffic.ts'

const seed = Number(process.env['DATAPULSE_TEST_SEED'] ?? Date.now() % 1_000_000)
const random = seeded(seed)
const kills = 6

describe(`the client behind a hostile proxy (seed ${seed})`, () => {
  let installation: Installation
  let proxy: HostileProxy
  const scratch = mkdtempSync(join(tmpdir(), 'datapulse-client-'))
  const children: ChildProcess[] = []
  before(async () => {
    installation = await Installation.open()
    proxy = await openHostileProxy(installation.url, random)
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await proxy?.close()
    await installation?.close()
    rmSync(scratch, { recursive: true, force: true })
  })

  /** How often each user's event is stored. */
  const stored = async (product: string): Promise<Map<string, number>> => {
    await installation.drained()
    const counts = new Map<string, number>()
    for (const event of await installation.events(`&product=${product}`)) {
      const user = String(event['client_user_id'])
      counts.set(user, (counts.get(user) ?? 0) + 1)
    }
    return counts
  }

  const duplicates = async (): Promise<number> => {
    const { accounting } = (await installation.status()) as { accounting: { duplicate: number } }
    return accounting.duplicate
  }

  it('from memory: every event is accepted, and is in the warehouse once', async () => {
    const client = new DataPulseClient({
      ...{ url: proxy.url, key: await installation.key('memory'), timeoutMs: 500 },
      ...{ backoff: { baseMs: 5, maxMs: 50 }, batch: { events: 20, ms: 2 }, concurrency: 4 },
    })
    const names = Array.from({ length: 1_200 }, (_, n) => `memory-${n}`)
    const outcomes: Outcome[] = []
    const { taken, failed } = await client.trackAll(names.map(clientEvent))
    assert.deepEqual([taken, failed], [1_200, 0])
    outcomes.push(await (await client.track(clientEvent('memory-1200'))).outcome)
    await client.close()
    assert.equal(outcomes[0]?.status, 'accepted')
    assert.deepEqual(await stored('memory'), new Map([...names, 'memory-1200'].map(name => [name, 1] as const)))
    for (const fault of faults)
      assert.ok(proxy.did.has(fault), `${fault} did not happen: ${[...proxy.did.keys()].join()}`)
    assert.ok((await duplicates()) > 0, 'nothing was sent twice: the test tells nothing')
  })

  it(`from a spool: killed ${kills} times, every event that was handed over is in the warehouse once`, async () => {
    const key = await installation.key('spool')
    const directory = join(scratch, 'spool')
    const environment = { SENDER_URL: proxy.url, SENDER_KEY: key, SENDER_DIRECTORY: directory }
    const handed: string[] = []
    for (let life = 0; life < kills; life++) {
      const sender = start({ ...environment, SENDER_NAME: `life${life}` }, children)
      const wanted = 1 + Math.floor(random() * 200)
      await sender.until(() => sender.lines.length >= wanted)
      sender.child.kill('SIGKILL')
      await sender.ended
      assert.equal(sender.child.signalCode, 'SIGKILL', sender.errors.join(''))
      handed.push(...sender.lines)
    }
    assert.ok(handed.length >= kills)
    const last = start({ ...environment, SENDER_NAME: 'last', SENDER_EVENTS: '40' }, children)
    await last.ended
    assert.equal(last.child.exitCode, 0, last.errors.join(''))
    assert.equal(last.lines.pop(), 'kept 0')
    handed.push(...last.lines)

    const counts = await stored('spool')
    const lost = handed.filter(name => !counts.has(name))
    const doubled = [...counts].filter(([, count]) => count !== 1)
    assert.deepEqual([lost, doubled], [[], []])
    assert.deepEqual(
      readdirSync(directory).filter(name => name.endsWith('.spool') || name === 'rejected.ndjson'),
      [],
      'nothing is left in the spool',
    )
  })
})

function start(environment: Record<string, string>, children: ChildProcess[]) {
  const program = join(import.meta.dirname, '../harness/spool-sender.ts')
  const env = { PATH: process.env['PATH'] ?? '', ...environment }
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  const lines: string[] = []
  const errors: string[] = []
  let rest = ''
  let wake = () => {}
  child.stdout.on('data', chunk => {
    const parts = `${rest}${String(chunk)}`.split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    wake()
  })
  child.stderr.on('data', chunk => errors.push(String(chunk)))
  // Not `exit`: what it said before it ended is still to be read.
  const ended = new Promise<void>(resolve =>
    child.once('close', () => {
      wake()
      resolve()
    }),
  )
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo() && child.exitCode === null && child.signalCode === null)
      await new Promise<void>(resolve => (wake = resolve))
  }
  return { child, lines, errors, ended, until }
}
