// Traffic is what it is said to be: the rate that was asked for, in sessions that make sense, judged by the contract as it was
// meant, the same for a seed; and the command writes it as time goes by.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { checkBody } from '@datapulse/contract'
import { run } from '../testing/run.ts'
import { nameOf, type Sent, writeSent } from './sent.ts'
import { makeTraffic, type TrafficOptions } from './traffic.ts'

const startMs = Date.parse('2026-06-01T12:00:00Z')
const options: TrafficOptions = { rate: 40, seed: '1', mistakes: 0, retries: 0, startMs }

function seconds(count: number, more: Partial<TrafficOptions> = {}): Sent[][] {
  return makeTraffic({ ...options, ...more })
    .take(count)
    .toArray()
}

const userOf = (sent: Sent) => sent.fields.get('client_user_id')!

describe('traffic', () => {
  it('has the rate that was asked for from the first minute on, and not evenly', () => {
    const all = seconds(600)
    const rate = (some: Sent[][]) => some.flat().length / some.length
    for (const part of [all.slice(0, 60), all.slice(-60)])
      assert.ok(rate(part) > 30 && rate(part) < 50, String(rate(part)))
    assert.ok(rate(all) > 37 && rate(all) < 43, String(rate(all)))
    const mean = rate(all)
    const variance = all.reduce((sum, one) => sum + (one.length - mean) ** 2, 0) / all.length
    assert.ok(variance > mean / 2, 'events that come by a clock have none')
  })

  it('is made of sessions: who is new registers first, logs in, and money goes in before it comes out', () => {
    const all = seconds(300)
    for (const [index, second] of all.entries())
      for (const { sentMs } of second) assert.equal(Math.floor((sentMs - startMs) / 1_000), index)
    const before = new Map<string, Set<string>>()
    let registered = 0
    for (const sent of all.flat()) {
      const names = before.get(userOf(sent)) ?? new Set()
      if (nameOf(sent) === 'register') {
        registered += 1
        assert.equal(names.size, 0, 'nothing comes before it')
      }
      if (names.has('register') && nameOf(sent) === 'deposit') assert.ok(names.has('login'))
      before.set(userOf(sent), names.add(nameOf(sent)))
    }
    assert.ok(registered > 50, String(registered))
    assert.ok(before.size > 300, 'many players at once')
    const names = new Set(all.flat().map(nameOf))
    for (const name of ['register', 'login', 'deposit', 'bet', 'win', 'loss', 'withdraw'])
      assert.ok(names.has(name), name)
  })

  it('is taken and refused by the contract as it was meant', () => {
    const all = seconds(120, { mistakes: 0.1, retries: 0.1 }).flat()
    const isGood = (sent: Sent) => checkBody(Buffer.from(writeSent(sent)), 'event', startMs + 3_600_000).ok
    for (const sent of all) assert.equal(isGood(sent), sent.meant !== 'mistake', writeSent(sent))
    const count = (meant: Sent['meant']) => all.filter(sent => sent.meant === meant).length
    for (const meant of ['mistake', 'duplicate', 'conflict'] as const) assert.ok(count(meant) > 0, meant)
  })

  it('is the same for the same seed, and another for another', () => {
    const text = (seed: string) => seconds(20, { seed }).flat().map(writeSent).join('\n')
    assert.equal(text('a'), text('a'))
    assert.notEqual(text('a'), text('b'))
  })

  it('is written as time goes by, until it was long enough', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'datapulse-traffic-'))
    try {
      const out = join(folder, 'traffic.ndjson')
      const beforeMs = Date.now()
      const { code, stdout } = await run(['generate', '--rate', '200', '--for', '1s', '--out', out, '--json'])
      const told = JSON.parse(stdout)
      const lines = (await readFile(out, 'utf8')).trim().split('\n')
      assert.deepEqual([code, told.sent], [0, lines.length])
      assert.ok(lines.length > 20)
      for (const line of lines) {
        const stamp = Number(/"timestamp":(\d+)/.exec(line)?.[1] ?? Number.NaN)
        // A mistake may be in it.
        if (!Number.isNaN(stamp) && stamp < 1e14)
          assert.ok((stamp < 1e11 ? stamp * 1_000 : stamp) > beforeMs - 150_000, line)
      }
      assert.equal((await run(['generate', '--for', '1s'])).code, 2)
      assert.equal((await run(['generate', '--rate', '1', '--for', 'ever'])).code, 2)
      assert.equal((await run(['generate', '--rate', '1', '--summary', out])).code, 2)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
