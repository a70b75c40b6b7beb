// What is generated is what it is said to be: as many lines, the same for a seed, and judged by the contract itself as
// the generator meant them.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { checkBody, identityOf, normalise, readEvents, type SentEvent } from '@datapulse/contract'
import { run } from '../testing/run.ts'
import { formatDecimal, parseDecimal } from './decimal.ts'
import { type MonthOptions, makeMonth } from './month.ts'
import { writeSent } from './sent.ts'
import { openSummary } from './summary.ts'

const untilMs = Date.parse('2025-07-01T00:00:00Z')
const options: MonthOptions = { events: 4_000, users: 100, days: 30, seed: '1', mistakes: 0.03, retries: 0.05, untilMs }

describe('a generated month', () => {
  it('has exactly as many lines, retries and mistakes as were asked for', () => {
    const counts: Record<string, number> = {}
    for (const { meant } of makeMonth(options)) counts[meant] = (counts[meant] ?? 0) + 1
    const { event = 0, mistake = 0, duplicate = 0, conflict = 0 } = counts
    assert.equal(event + mistake + duplicate + conflict, 4_000)
    assert.equal(duplicate + conflict, 200)
    assert.ok(conflict > 5)
    // Of 120 mistakes a few are taken, with a flag.
    assert.ok(mistake > 80 && mistake <= 120, String(mistake))
  })

  it('is the same for the same seed, and another for another', () => {
    const text = (seed: string) =>
      makeMonth({ ...options, seed })
        .map(writeSent)
        .join('\n')
    assert.equal(text('a'), text('a'))
    assert.notEqual(text('a'), text('b'))
  })

  it('has all kinds of events, in the order of sending, within the month', () => {
    const month = makeMonth(options)
    const names = new Set(month.map(({ fields }) => fields.get('event_name')))
    for (const name of ['register', 'login', 'deposit', 'withdraw', 'bet', 'win', 'loss', 'bonus_claimed']) {
      assert.ok(names.has(JSON.stringify(name)), name)
    }
    assert.ok(month.every(({ sentMs }, index) => index === 0 || month[index - 1]!.sentMs <= sentMs))
    for (const { fields, meant } of month) {
      if (meant === 'mistake') continue
      const stamp = Number(fields.get('timestamp'))
      const ms = stamp < 1e11 ? stamp * 1_000 : stamp
      assert.ok(ms >= untilMs - 30 * 86_400_000 - 1_000 && ms < untilMs)
    }
  })

  it('takes any sizes', () => {
    for (const events of [1, 2, 10, 333]) {
      for (const [mistakes, retries, users] of [
        [0, 0, 1],
        [0.4, 0.5, 7],
        [0, 0.9, 500],
      ] as const) {
        assert.equal(makeMonth({ ...options, events, users, mistakes, retries }).length, events)
      }
    }
  })

  it('is refused, stored and recognised by the contract as the generator meant it', () => {
    const summary = openSummary()
    const total = { rejected: 0, stored: 0, duplicate: 0, conflict: 0 }
    const sums = new Map<string, { events: number; units: bigint | null }>()
    const first = new Map<string, string>()
    for (const sent of makeMonth(options)) {
      const line = writeSent(sent)
      summary.add(line, sent.meant === 'mistake')
      const bytes = new TextEncoder().encode(line)
      const outcome = checkBody(bytes, 'event', untilMs)
      assert.equal(outcome.ok, sent.meant !== 'mistake', line)
      if (!outcome.ok) {
        total.rejected += 1
        continue
      }
      const { event, identity } = readOne(bytes)
      const facts = JSON.stringify([event.userId, event.currency, event.amount])
      const before = identity === null ? undefined : first.get(identity)
      if (before !== undefined) {
        total.duplicate += 1
        if (before !== facts) total.conflict += 1
        continue
      }
      if (identity !== null) first.set(identity, facts)
      total.stored += 1
      const key = JSON.stringify([event.name, event.currency || null])
      const sum = sums.get(key) ?? { events: 0, units: null }
      sum.events += 1
      if (event.amount !== null) sum.units = (sum.units ?? 0n) + parseDecimal(event.amount)
      sums.set(key, sum)
    }
    const { rejected, stored, duplicate, conflict, counts } = summary.end({})
    assert.deepEqual({ rejected, stored, duplicate, conflict }, total)
    assert.equal(counts.length, sums.size)
    for (const { event_name: name, currency, events, amount } of counts) {
      const sum = sums.get(JSON.stringify([name, currency]))
      assert.deepEqual([events, amount], [sum?.events, sum?.units == null ? null : formatDecimal(sum.units)])
    }
  })
})

describe('datapulse generate', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'datapulse-generate-'))
  })
  after(() => rm(folder, { recursive: true }))

  it('writes the file and its summary', async () => {
    const out = join(folder, 'events')
    const summaryPath = join(folder, 'summary')
    const ran = await run([
      'generate',
      '--events',
      '500',
      '--out',
      out,
      '--summary',
      summaryPath,
      '--format',
      'json',
      '--json',
    ])
    assert.equal(ran.code, 0, ran.stderr)
    const text = await readFile(out, 'utf8')
    assert.equal(JSON.parse(text).length, 500)
    const summary = JSON.parse(await readFile(summaryPath, 'utf8'))
    assert.equal(summary.sha256, createHash('sha256').update(text).digest('hex'))
    assert.equal(summary.sent, 500)
    assert.equal(
      summary.stored,
      summary.counts.reduce((sum: number, row: { events: number }) => sum + row.events, 0),
    )
    assert.deepEqual(Object.keys(summary.counts[0]), ['event_name', 'currency', 'events', 'amount'])
  })

  it('refuses shares that leave nothing', async () => {
    assert.equal((await run(['generate', '--mistakes', '0.5', '--retries', '0.5'])).code, 2)
    assert.equal((await run(['generate', '--mistakes', '2'])).code, 2)
  })
})

it('decimals come back as they were', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), units => {
      assert.equal(parseDecimal(formatDecimal(units)), units)
    }),
  )
  for (const [sent, plain] of [
    ['50.00', '50'],
    ['1e3', '1000'],
    ['-0.50', '-0.5'],
    ['12.5E-1', '1.25'],
    ['0', '0'],
  ] as const) {
    assert.equal(formatDecimal(parseDecimal(sent)), plain)
  }
  assert.throws(() => parseDecimal('abc'))
  assert.throws(() => parseDecimal('1e-19'))
})

function readOne(bytes: Uint8Array) {
  const body = readEvents(bytes, 'event')
  assert.ok(body.ok)
  const [{ text, value }] = [...body.events] as [SentEvent]
  const event = normalise(value, text, untilMs)
  const origin = { product: 'demo', mode: 'live' as const, requestId: 'r', position: 0 }
  const { kind, text: identity } = identityOf(event, origin, text, sent =>
    createHash('sha256').update(sent).digest('hex'),
  )
  return { event, identity: kind === 'none' ? null : identity }
}
