// How the client holds itself back: at what times requests go, by what the server says of its limit.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Pace } from './pace.ts'
import { VirtualWorld } from './testing/virtual-world.ts'

const never = new AbortController().signal
const said = (limit: string, policy = '"default";q=60;w=60') =>
  new Headers({ ratelimit: `"default";${limit}`, 'ratelimit-policy': policy })

function open() {
  const world = new VirtualWorld(() => Promise.reject(new Error('no requests here')))
  return { world, pace: new Pace(world) }
}

async function times({ world, pace }: ReturnType<typeof open>, headers: Headers, count: number): Promise<number[]> {
  const sentMs: number[] = []
  for (let n = 0; n < count; n++) {
    await pace.turn(never)
    sentMs.push(world.nowMs())
    pace.heed(headers)
  }
  return sentMs
}

it('goes at once while more than half of the limit is left', async () => {
  assert.deepEqual(await times(open(), said('r=31;t=60'), 4), [0, 0, 0, 0])
})

it('goes as fast as the limit gives requests back once half is used, and makes what is left last until then', async () => {
  assert.deepEqual(await times(open(), said('r=30;t=20'), 4), [0, 0, 1_000, 2_000])
  assert.deepEqual(await times(open(), said('r=4;t=20'), 4), [0, 0, 5_000, 10_000])
})

it('waits as long as it is told when nothing is left', async () => {
  assert.deepEqual(await times(open(), said('r=0;t=7'), 3), [0, 7_000, 14_000])
})

it('stays below a limit of 60 a minute that counts every window of a minute', async () => {
  const { world, pace } = open()
  const sentMs: number[] = []
  for (let n = 0; n < 300; n++) {
    await pace.turn(never)
    const window = sentMs.filter(ms => ms > world.nowMs() - 60_000)
    assert.ok(window.length < 60, `request ${n} would get 429`)
    sentMs.push(world.nowMs())
    const oldest = Math.ceil(((window[0] ?? world.nowMs()) + 60_000 - world.nowMs()) / 1_000)
    pace.heed(said(`r=${59 - window.length};t=${oldest}`))
  }
  const steady = sentMs.slice(100)
  const perMinute = (steady.length - 1) / (((steady.at(-1) ?? 0) - (steady[0] ?? 0)) / 60_000)
  assert.ok(perMinute > 50, `uses what there is: ${perMinute} a minute`)
  const longestMs = Math.max(...sentMs.slice(1).map((ms, i) => ms - (sentMs[i] ?? 0)))
  assert.ok(longestMs < 10_000, `nobody waits long: ${longestMs} ms`)
})

it('lets two at once take turns', async () => {
  const opened = open()
  opened.pace.heed(said('r=30;t=1'))
  const lanes = await Promise.all([times(opened, said('r=30;t=1'), 3), times(opened, said('r=30;t=1'), 3)])
  assert.deepEqual(
    lanes.flat().toSorted((a, b) => a - b),
    [0, 1_000, 2_000, 3_000, 4_000, 5_000],
  )
})

it('is not moved by headers that mean nothing', async () => {
  for (const headers of [
    new Headers(),
    said('r=x;t=9'),
    said('r=-1'),
    said('r=5', 'nonsense'),
    said('r=5', '"d";q=0;w=60'),
  ])
    assert.deepEqual(await times(open(), headers, 3), [0, 0, 0])
})
