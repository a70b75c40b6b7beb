// Limits that several processes share: who is asked, how often, and what holds while nobody answers.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { openLocalAdmission, type Admission, type Verdict } from './admission.ts'
import { Limiter } from './limiter.ts'
import { openSharedAdmission, type SharedWindows } from './shared-admission.ts'
import { openWindow, type Window } from './window.ts'

const folder = mkdtempSync(join(tmpdir(), 'shared-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let directories = 0

/** The one place, with windows of this program's own. */
function openPlace(clock: { nowMs: number }) {
  const windows = new Map<string, Window>()
  const place = { isThere: true, answers: true, asked: [] as number[], forget: () => windows.clear() }
  const shared: SharedWindows = {
    isThere: () => place.isThere,
    async admit(keyId, limit, wanted) {
      place.asked.push(wanted)
      if (!place.answers) throw new Error('no answer')
      const window = windows.get(keyId) ?? openWindow(limit)
      windows.set(keyId, window)
      let admitted = 0
      while (admitted < wanted && window.admit(clock.nowMs, limit)) admitted++
      return {
        admitted,
        remaining: window.remaining(clock.nowMs, limit),
        resetMs: window.resetMs(clock.nowMs),
        waitMs: window.waitMs(clock.nowMs, limit),
      }
    },
    close() {},
  }
  return { place, shared }
}

function openProcess(
  shared: SharedWindows,
  clock: { nowMs: number },
  directory = join(folder, `${directories++}`),
): Admission {
  const now = () => clock.nowMs
  const limiter = new Limiter(directory, clock.nowMs, { warn() {} })
  const admission = openSharedAdmission(shared, openLocalAdmission(limiter, now), limiter, now)
  after(() => admission.close())
  return admission
}

async function admitMany(admission: Admission, limit: number, times: number): Promise<Verdict[]> {
  const key = admission.open('key_a', limit)
  const verdicts: Verdict[] = []
  for (let i = 0; i < times; i++) admission.admit(key, limit, verdict => verdicts.push(verdict))
  while (verdicts.length < times) await turn()
  return verdicts
}

const admittedOf = (verdicts: Verdict[]) => verdicts.filter(verdict => verdict.admitted).length

test('two processes admit no more than the limit together, and tell who waits how long', async () => {
  const clock = { nowMs: 1_750_000_000_000 }
  const { shared } = openPlace(clock)
  const [one, other] = [openProcess(shared, clock), openProcess(shared, clock)]
  assert.equal(admittedOf(await admitMany(one, 60, 40)), 40)
  clock.nowMs += 10_000
  const second = await admitMany(other, 60, 40)
  assert.equal(admittedOf(second), 20)
  assert.deepEqual(second.at(-1), { admitted: false, waitMs: 50_000 })
  const key = other.open('key_a', 60)
  assert.deepEqual(other.standing(key, 60), { remaining: 0, resetMs: 50_000 })
  clock.nowMs += 50_000
  assert.equal(admittedOf(await admitMany(one, 60, 60)), 40)
})

test('requests of one turn are asked about together', async () => {
  const clock = { nowMs: 1_750_000_000_000 }
  const { shared, place } = openPlace(clock)
  const one = openProcess(shared, clock)
  await Promise.all([admitMany(one, 60, 7), admitMany(one, 60, 5)])
  assert.deepEqual(place.asked, [12])
})

test('while the place is away a process applies the whole limit by itself, from what it has admitted already', async () => {
  const clock = { nowMs: 1_750_000_000_000 }
  const { shared, place } = openPlace(clock)
  const one = openProcess(shared, clock)
  assert.equal(admittedOf(await admitMany(one, 60, 25)), 25)
  place.isThere = false
  assert.deepEqual(one.status(), { keysInWindow: 1, limitsHold: false, limitedAlone: 0 })
  const alone = await admitMany(one, 60, 60)
  assert.equal(admittedOf(alone), 35)
  assert.deepEqual(place.asked, [25])
  assert.equal(one.status().limitedAlone, 60)
  assert.deepEqual(one.standing(one.open('key_a', 60), 60), { remaining: 0, resetMs: 60_000 })
})

test('without an answer nobody is refused for it', async () => {
  const clock = { nowMs: 1_750_000_000_000 }
  const { shared, place } = openPlace(clock)
  const one = openProcess(shared, clock)
  place.answers = false
  assert.equal(admittedOf(await admitMany(one, 60, 61)), 60)
  assert.equal(one.status().limitedAlone, 61)
})

test('a place that came back with nothing in it gives out nothing that a process has admitted already', async () => {
  const clock = { nowMs: 1_750_000_000_000 }
  const { shared, place } = openPlace(clock)
  const [one, other] = [openProcess(shared, clock), openProcess(shared, clock)]
  assert.equal(admittedOf(await admitMany(one, 60, 50)), 50)
  place.forget()
  clock.nowMs += 10_000
  const verdicts = await admitMany(one, 60, 20)
  assert.equal(admittedOf(verdicts), 10)
  assert.deepEqual(verdicts.at(-1), { admitted: false, waitMs: 50_000 })
  assert.deepEqual(one.standing(one.open('key_a', 60), 60).remaining, 0)
  // The other one has admitted nothing: what the place has forgotten is all that it may have too much.
  assert.equal(admittedOf(await admitMany(other, 60, 60)), 40)
})

for (const { limit, reserved } of [
  { limit: 60, reserved: 0 },
  { limit: 12_000, reserved: 10 },
]) {
  test(`a process that was killed remembers what it was told to admit of ${limit}, when the place is away`, async () => {
    const clock = { nowMs: 1_750_000_000_000 }
    const { shared, place } = openPlace(clock)
    const directory = join(folder, `killed-${limit}`)
    const used = (limit / 60) * 40
    const killed = openProcess(shared, clock, directory)
    for (let i = 0; i < 8; i++) assert.equal(admittedOf(await admitMany(killed, limit, used / 8)), used / 8)
    await turn()
    place.isThere = false
    const next = openProcess(shared, clock, directory)
    const admitted = admittedOf(await admitMany(next, limit, limit))
    assert.ok(admitted <= limit - used && admitted >= limit - used - reserved, `${admitted}`)
  })
}
