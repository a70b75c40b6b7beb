// The servers of the log lost what they had acknowledged: what was read of it before is kept, what comes after is not missed,
// and what is lost is told.

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { skipWithoutNats, startNats } from '../../server/src/log/nats/testing/nats-servers.ts'
import { Installation, until } from '../harness/installation.ts'
import { natsEnvironment } from '../harness/nats-environment.ts'
import { audit, deposit, type Sent } from '../harness/traffic.ts'

const ends: (() => unknown)[] = []
after(async () => {
  for (const end of ends.toReversed()) await end()
})

type Accounting = { holds: boolean | null; accepted: number; stored: number; parked: number; in_flight: number }

test('a log that went back', { skip: skipWithoutNats, timeout: 240_000 }, async () => {
  const place = mkdtempSync(join(tmpdir(), 'went-back-'))
  ends.push(() => rmSync(place, { recursive: true, force: true }))
  const nats = await startNats({ folders: [join(place, 'nats')] })
  ends.push(() => nats.remove())
  const stream = join(place, 'nats', 'jetstream', '$G', 'streams', 'datapulse-log-0')
  const copy = join(place, 'copy')
  const whileAway = async (work: () => void) => {
    await nats.signal(0, 'SIGKILL')
    work()
    await nats.start(0)
  }
  const server = await Installation.open({ environment: natsEnvironment(nats.url, 1) })
  ends.push(() => server.close())
  const key = await server.key('casino')
  const sent: Sent[] = []
  const post = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const id = `tx-${sent.length}`
      await until('it is taken', async () => {
        const reply = await server.post('/v2/s2s/event', key, JSON.stringify(deposit(id))).catch(() => null)
        return reply?.status === 200
      })
      sent.push({ ids: [id], acknowledged: true })
    }
  }
  const accounting = async () => (await server.status())['accounting'] as Accounting
  const isThere = (count: number) =>
    until(`${count} are there`, async () => (await server.events('&product=casino')).length === count)

  await post(20)
  await isThere(20)
  await whileAway(() => cpSync(stream, copy, { recursive: true }))
  await post(15)
  await isThere(35)
  // The place that is processed, which is in another stream, is noted twice a second.
  await post(1)
  await isThere(36)
  await whileAway(() => {
    rmSync(stream, { recursive: true })
    cpSync(copy, stream, { recursive: true })
  })
  // Fewer than were lost, so that they are where those were.
  await post(10)
  await isThere(46)
  assert.deepEqual(audit(sent, await server.events('&product=casino')), [])
  // The pipeline and the API notice it by themselves, one some seconds before the other: so long the checkpoint may be ahead of
  // what the API knows of the log, and the books say so.
  const holds = () =>
    until('the equation holds', async () => {
      const { holds, in_flight } = await accounting()
      return holds === true && in_flight === 0
    })
  await holds()
  const { stored, parked, accepted } = await accounting()
  // What the servers lost is told, though all of it had been read.
  assert.deepEqual({ stored, parked, accepted }, { stored: 46, parked: 16, accepted: 62 })
  await server.stop()
  await server.start()
  await post(5)
  await isThere(51)
  assert.deepEqual(audit(sent, await server.events('&product=casino')), [])
  await holds()
  const after = await accounting()
  assert.deepEqual([after.stored, after.parked, after.accepted], [51, 16, 67])
})
