// The limits of keys over time, over restarts and kills, over clocks that jump and disks that fail.

import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Limiter } from './limiter.ts'

const folder = mkdtempSync(join(tmpdir(), 'limiter-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const startMs = 1_700_000_000_000
const silent = { warn() {} }
let directories = 0

function newDirectory(): string {
  return join(folder, `windows-of-${directories++}`)
}

function admitMany(limiter: Limiter, keyId: string, limit: number, nowMs: number, times: number): number {
  let admitted = 0
  for (let i = 0; i < times; i++)
    if (limiter.admit(limiter.open(keyId, limit), limiter.steady(nowMs), limit)) admitted++
  return admitted
}

test('keys have windows of their own', () => {
  const limiter = new Limiter(newDirectory(), startMs, silent)
  assert.equal(admitMany(limiter, 'key_a', 60, startMs, 100), 60)
  assert.equal(admitMany(limiter, 'key_b', 60, startMs, 100), 60)
  assert.equal(admitMany(limiter, 'key_a', 60, startMs + 59_999, 100), 0)
  assert.equal(admitMany(limiter, 'key_a', 60, startMs + 60_000, 100), 60)
  limiter.close()
})

test('a killed process leaves its windows: the next one does not refill them', async () => {
  for (const limit of [60, 6_000, 60_000]) {
    const directory = newDirectory()
    const killed = new Limiter(directory, startMs, silent)
    assert.equal(admitMany(killed, 'key_a', limit, startMs, limit), limit)
    await turn()
    // It is not closed.
    const next = new Limiter(directory, startMs + 5_000, silent)
    assert.equal(admitMany(next, 'key_a', limit, startMs + 5_000, 10), 0, `${limit}`)
    await turn()
    const third = new Limiter(directory, startMs + 10_000, silent)
    assert.equal(admitMany(third, 'key_a', limit, startMs + 59_999, 10), 0)
    assert.equal(admitMany(third, 'key_a', limit, startMs + 60_400, 10), 10)
    third.close()
  }
})

test('restarts in a row never admit more than the limit in 60 s', async () => {
  const directory = newDirectory()
  let admitted = 0
  for (let i = 0; i < 20; i++) {
    const limiter = new Limiter(directory, startMs + i * 1_000, silent)
    admitted += admitMany(limiter, 'key_a', 60, startMs + i * 1_000, 7)
    await turn()
  }
  assert.equal(admitted, 60)
})

test('a reservation counts whole after a restart, never less than what was used of it', async () => {
  const directory = newDirectory()
  const limit = 600_000
  const killed = new Limiter(directory, startMs, silent)
  assert.equal(admitMany(killed, 'key_a', limit, startMs, 1_001), 1_001)
  await turn()
  const next = new Limiter(directory, startMs + 1, silent)
  const { window } = next.open('key_a', limit)
  const left = limit - window.remaining(startMs + 1, limit)
  assert.ok(left >= 1_001 && left <= 1_001 + limit / 1_000, `${left}`)
  next.close()
})

test('the window file is turned over each minute, and two are kept', async () => {
  const directory = newDirectory()
  const limiter = new Limiter(directory, startMs, silent)
  for (let minute = 0; minute < 10; minute++) {
    for (let second = 0; second < 60; second++) {
      const nowMs = startMs + minute * 60_000 + second * 1_000
      admitMany(limiter, 'key_a', 60, nowMs, 1)
      limiter.tick(limiter.steady(nowMs))
    }
  }
  await turn()
  const names = readdirSync(directory)
  assert.equal(names.length, 2)
  const lines = names.flatMap(name => readFileSync(join(directory, name), 'utf8').trim().split('\n'))
  assert.ok(lines.length <= 2 * 61 + 2, `${lines.length} lines`)
  const nowMs = startMs + 10 * 60_000
  const next = new Limiter(directory, nowMs, silent)
  assert.equal(next.open('key_a', 60).window.remaining(nowMs, 60), 1)
  assert.equal(readdirSync(directory).length, 1)
  limiter.close()
  next.close()
})

test('torn and strange lines are passed over', () => {
  const directory = newDirectory()
  new Limiter(directory, startMs, silent).close()
  const [name = ''] = readdirSync(directory)
  const strange = 'x\n\nkey_a\nkey_a 1\nkey_a x 1\nkey_a 1700000000000 -1\nkey_a 1e999 1\n'
  appendFileSync(join(directory, name), `${strange}key_a ${startMs} 2\nkey_a ${startMs} 5`)
  const next = new Limiter(directory, startMs + 1, silent)
  assert.equal(next.open('key_a', 60).window.remaining(startMs + 1, 60), 58)
  next.close()
})

test('a newer format is refused with a sentence', () => {
  const directory = newDirectory()
  new Limiter(directory, startMs, silent).close()
  writeFileSync(join(directory, 'windows-9'), 'datapulse-windows 2\n')
  assert.throws(() => new Limiter(directory, startMs, silent), /must be 1 or older: got 2/)
})

test('a directory that cannot be written stops nothing, and is told', () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  chmodSync(file, 0o400)
  const told: string[] = []
  const limiter = new Limiter(join(file, 'below'), startMs, { warn: (_fields, message) => void told.push(message) })
  assert.equal(admitMany(limiter, 'key_a', 5, startMs, 10), 5)
  limiter.tick(limiter.steady(startMs + 61_000))
  assert.equal(admitMany(limiter, 'key_a', 5, startMs + 61_000, 10), 5)
  limiter.close()
  assert.ok(told.some(message => message.includes('not written down')))
})

test('a clock that goes back neither refills a window nor closes it for longer', () => {
  const limiter = new Limiter(newDirectory(), startMs, silent)
  assert.equal(admitMany(limiter, 'key_a', 10, startMs, 20), 10)
  const hourMs = 3_600_000
  assert.equal(admitMany(limiter, 'key_a', 10, startMs - hourMs, 20), 0)
  assert.equal(admitMany(limiter, 'key_a', 10, startMs - hourMs + 60_000, 20), 10)
  limiter.close()
  const directory = newDirectory()
  const ahead = new Limiter(directory, startMs, silent)
  admitMany(ahead, 'key_a', 10, startMs, 10)
  ahead.close()
  const back = new Limiter(directory, startMs - hourMs, silent)
  assert.equal(admitMany(back, 'key_a', 10, startMs - hourMs, 10), 0)
  assert.equal(admitMany(back, 'key_a', 10, startMs - hourMs + 60_000, 10), 10)
  back.close()
})

test('a change of a limit takes effect at once, in both directions and across the kinds', () => {
  const limiter = new Limiter(newDirectory(), startMs, silent)
  assert.equal(admitMany(limiter, 'key_a', 10, startMs, 20), 10)
  assert.equal(admitMany(limiter, 'key_a', 15, startMs + 1, 20), 5)
  assert.equal(admitMany(limiter, 'key_a', 10, startMs + 2, 20), 0)
  assert.equal(admitMany(limiter, 'key_a', 10_000, startMs + 3, 20_000), 10_000 - 15)
  assert.equal(admitMany(limiter, 'key_a', 60, startMs + 59_000, 20), 0)
  assert.equal(admitMany(limiter, 'key_a', 60, startMs + 60_300, 100), 60)
  limiter.close()
})
