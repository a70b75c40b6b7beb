// The reference documents and the lists of the contract say the same, both ways.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { checkBody } from './check.ts'
import { codes } from './codes.ts'
import { fields } from './fields.ts'
import { flags } from './flags.ts'
import { limits } from './limits.ts'
import { rules } from './rules.ts'

const nowMs = 1_790_000_000_000

test('errors.md lists the codes', () => {
  const expected = Object.entries(codes).map(([code, entry]) => [
    code,
    String(entry.status),
    entry.error,
    entry.meaning,
    entry.fix,
  ])
  assert.deepEqual(tableUnder('errors.md', '## Codes'), expected)
})

test('errors.md lists the rules, and flags.md the flags, each with a fix', () => {
  for (const [document, heading, list] of [
    ['errors.md', '## Rules', rules],
    ['flags.md', '# Flags', flags],
  ] as const) {
    const rows = tableUnder(document, heading)
    assert.deepEqual(
      rows.map(([name, meaning]) => [name, meaning]),
      Object.entries(list),
    )
    for (const [name, , fix] of rows) assert.ok((fix?.length ?? 0) > 10, String(name))
  }
})

test('events.md lists the fields', () => {
  const expected = fields.map(({ name, type, required, only, limit, meaning }) => [
    name,
    type,
    only === undefined ? required : `${required}; on \`${only}\` alone`,
    limit === undefined ? '' : `${limit.max.toLocaleString('en')} ${limit.unit}`,
    meaning,
  ])
  assert.deepEqual(tableUnder('events.md', '## Fields'), expected)
})

test('limits.md lists the limits, in their order', () => {
  const rows = tableUnder('limits.md', '# Limits')
  assert.deepEqual(
    rows.map(row => row[1]),
    Object.entries(limits).map(([name, value]) => shownLimit(name, value)),
  )
  const words = new Set<string>([...Object.keys(rules), ...Object.keys(flags)])
  for (const row of rows) {
    for (const [, word] of row[2]!.matchAll(/`([a-z_]+)`/g))
      assert.ok(words.has(word!) || word === 'violations_total', String(word))
  }
})

test("rules' and flags' sentences name the limits as they are", () => {
  assert.ok(rules.depth.includes(String(limits.depthMax)))
  assert.ok(rules.properties.includes(String(limits.customPropertiesMax)))
  assert.ok(rules.size.includes(`${limits.eventBytesMax / 1024} KiB`))
  assert.ok(rules.values.includes(limits.bodyValuesMax.toLocaleString('en')))
  assert.ok(rules.count.includes(limits.batchEventsMax.toLocaleString('en')))
  assert.ok(rules.future.includes(`${limits.futureRefusedMs / 3_600_000} hours`))
  assert.ok(flags.future_skew.includes(`${limits.futureFlaggedMs / 60_000} minutes`))
  assert.ok(flags.rounded_amount.includes(String(limits.amountFractionDigitsMax)))
  assert.ok(codes.PAYLOAD_TOO_LARGE.meaning.includes(`${limits.bodyBytesMax / 1024 / 1024} MiB`))
})

test("events.md's example is accepted", () => {
  assert.deepEqual(checkBody(Buffer.from(exampleOf('events.md')), 'event', nowMs), { ok: true, events: 1 })
})

test("errors.md's example is what the check says", () => {
  const good = JSON.parse(exampleOf('events.md')) as object
  const batch = Array.from({ length: 8 }, (_, i) => ({
    ...good,
    ...(i === 3 ? { ip_address: '' } : i === 7 ? { amount: 'abc' } : {}),
  }))
  const outcome = checkBody(Buffer.from(JSON.stringify(batch)), 'batch', nowMs)
  assert.ok(!outcome.ok)
  const { code, message, violations, violationsTotal } = outcome
  const { status, error, request_id, ...rest } = JSON.parse(exampleOf('errors.md')) as Record<string, unknown>
  assert.deepEqual(rest, { code, message, violations, violations_total: violationsTotal })
  assert.deepEqual([status, error], ['error', codes[code].error])
  assert.match(String(request_id), /^[0-9a-f-]{36}$/)
})

/** The cells of the first table under a heading; code marks around a whole cell are taken off. */
function tableUnder(document: string, heading: string): string[][] {
  const lines = read(document).split('\n')
  const rows = lines.slice(lines.indexOf(heading) + 1)
  const start = rows.findIndex(line => line.startsWith('|---'))
  const table = rows.slice(
    start + 1,
    rows.findIndex((line, i) => i > start && !line.startsWith('|')),
  )
  return table.map(line =>
    line
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim().replace(/^`([^`]*)`$/, '$1')),
  )
}

function exampleOf(document: string): string {
  return /```json\n(.*?)```/s.exec(read(document))![1]!
}

function shownLimit(name: string, value: number): string {
  if (name.endsWith('Below')) return `1e${Math.log10(value)}`
  if (name === 'futureFlaggedMs') return `${value / 60_000} minutes`
  if (name === 'futureRefusedMs') return `${value / 3_600_000} hours`
  if (name.endsWith('Ms')) return `${value / 1000} seconds`
  const unit = name.endsWith('BytesMax') ? ' bytes' : name.endsWith('CharactersMax') ? ' characters' : ''
  return `${value.toLocaleString('en')}${unit}`
}

function read(document: string): string {
  return readFileSync(new URL(`../docs/reference/${document}`, import.meta.url), 'utf8')
}
