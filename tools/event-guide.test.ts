// The guide to the events tells the contract's truth: its table says which fields are required, and its examples, of every
// event that has a meaning, are accepted without a flag.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBody, fields, knownEventNames, normalise } from '../contract/contract.ts'
import { blocksOf, readGuide } from '../test/harness/guide.ts'

const nowMs = 1_790_000_000_000
const required = { 'docs/guides/events.md': 'required', 'docs/zh-Hant/guides/events.md': '必填' }
const examples = blocksOf(readGuide('docs/guides/events.md')).filter(({ fence }) => fence === 'json')

for (const [page, word] of Object.entries(required)) {
  test(`the table of ${page} says what each event must have`, () => {
    const [head = [], , ...rows] = tableOf(readGuide(page))
    const columns = head.slice(1).map(names => names.split(', '))
    assert.deepEqual(columns.flat().toSorted(), knownEventNames.toSorted())
    assert.deepEqual(
      [...rows.flatMap(([first = '']) => first.split(', ')), 'event_name'].toSorted(),
      fields.map(({ name }) => name).toSorted(),
    )
    for (const [i, names] of columns.entries()) {
      const said = rows.filter(row => row[i + 1] === word).flatMap(([first = '']) => first.split(', '))
      for (const name of names) assert.deepEqual(said.toSorted(), missingOf(name), name)
    }
  })
}

test('every event has an example, and each is taken without a flag', () => {
  const told = examples.map(({ text }) => JSON.parse(text) as { event_name: string })
  for (const name of knownEventNames)
    assert.ok(
      told.some(event => event.event_name === name),
      name,
    )
  for (const [i, { text, line }] of examples.entries()) {
    assert.deepEqual(checkBody(Buffer.from(text), 'event', nowMs), { ok: true, events: 1 }, `line ${line}`)
    assert.deepEqual(normalise(told[i], text, nowMs).flags, [], `line ${line}`)
  }
})

/** What the check misses in an event that has nothing but its name. */
function missingOf(name: string): string[] {
  const outcome = checkBody(Buffer.from(JSON.stringify({ event_name: name })), 'event', nowMs)
  return outcome.ok ? [] : outcome.violations.map(({ field }) => field).toSorted()
}

/** The cells of the first table, without code marks. */
function tableOf(markdown: string): string[][] {
  const lines = markdown.split('\n')
  const start = lines.findIndex(line => line.startsWith('|'))
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'))
  return lines.slice(start, end).map(line =>
    line
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim().replaceAll('`', '')),
  )
}
