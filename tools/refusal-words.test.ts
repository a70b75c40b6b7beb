// Whether the console has words in Chinese for whatever the admin API refuses with, and for why the pipeline parks: every code,
// whatever the readings of parameters want, and every sentence that stands in the sources that say no. One that is new fails here
// until it has its words in console/src/words.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parkedInChinese } from '../console/src/words/parked-details.ts'
import { refusalInChinese, refusalInEnglish } from '../console/src/words/refusals.ts'
import { keyChangeProblem, keyProblem, productChangeProblem, productProblem } from '../server/src/accounts/key.ts'
import { itemOfGap, itemsOfRecord, refusedItem, type Item } from '../server/src/pipeline/items.ts'
import { readRatesFile } from '../server/src/steps/rates-file.ts'
import * as readings from '../server/src/web/parameters.ts'
import { type Problem, type Refusal, refusals } from '../server/src/web/problem.ts'

const tell = { number: String }
const nowMs = 1_790_000_000_000
const root = join(import.meta.dirname, '..')

const chinese = (code: string, message: string, problems: Problem[] = []) =>
  refusalInChinese({ code, message, problems }, tell)

function assertTold(told: { text: string | null; exact: boolean }, said: string): void {
  assert.ok(told.exact && told.text !== null, `no words for: ${said}`)
  assert.match(told.text, /[\u4e00-\u9fff].*。$/s, said)
  const quoted = said.replace(/^17 |: got .*$/gs, '')
  for (const number of quoted.match(/(?<![\w-])\d{2,}(?![\w-])/g) ?? [])
    assert.ok(told.text.includes(number), `${number} is lost of: ${said}\n${told.text}`)
}

/** The sentences of a file, as they stand there: what is filled in is a number, or what fits. */
function sentencesIn(path: string, before: RegExp): string[] {
  const text = readFileSync(join(root, path), 'utf8')
  const literal = new RegExp(String.raw`(?:${before.source})\s*(['\`])((?:\\.|(?!\1).)*)\1`, 'gs')
  return [...text.matchAll(literal)].map(([, , said = '']) =>
    said.replaceAll('\\', '').replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, hole => (/verb/.test(hole) ? 'change' : '17')),
  )
}

test('every code has words of its own', () => {
  const texts = Object.keys(refusals).map(code => {
    const { text } = chinese(code, 'what another version says')
    assert.match(text, /[\u4e00-\u9fff].*。$/, code)
    assert.ok(!text.includes('another'), code)
    return text
  })
  assert.equal(new Set(texts).size, texts.length)
})

test('what a reading of a parameter wants is told, and what came instead', () => {
  const sent = [{}, 'x\u0000y', '', 'x'.repeat(3_000), -1]
  const { readFields, required, orNever } = readings
  const { text, label, integer, oneOf, listOf, mappingOf } = readings
  const plain = Object.values(readings).filter(one => typeof one === 'object' && 'read' in one)
  const made = [
    text(100),
    label(100),
    integer(1, 10_000),
    oneOf('live', 'test'),
    listOf('ingest', 'read'),
    mappingOf(128),
  ]
  const tried = new Set<string>()
  for (const reading of [...plain, ...made, required(text(1), 'it is needed'), orNever(readings.future)])
    for (const value of [...sent, null]) {
      try {
        readFields({ name: value, other: 1 }, { name: reading }, nowMs)
      } catch (error) {
        const { code, message, problems } = error as Refusal
        for (const problem of problems) {
          tried.add(problem.message)
          assertTold(chinese(code, message, [problem]), problem.message)
        }
      }
    }
  assert.ok(tried.size > plain.length + made.length, [...tried].join('\n'))
})

test('every other problem that stands in the sources of the admin API is told', () => {
  const sources = readdirSync(join(root, 'server/src/web')).filter(
    name => name.endsWith('.ts') && !/test|fakes/.test(name),
  )
  const said = sources.flatMap(name => {
    const text = readFileSync(join(root, 'server/src/web', name), 'utf8')
    if (!text.includes('badParameters') || name === 'parameters.ts') return []
    return sentencesIn(`server/src/web/${name}`, /message[:=]|message =/)
  })
  assert.ok(said.length > 10, String(said.length))
  for (const message of said.filter(one => / must be |given|later than| is for /.test(one)))
    assertTold(chinese('BAD_PARAMETERS', '1 parameter is wrong', [{ name: 'name', message }]), message)
})

test('every sentence of a refusal is told', () => {
  const inWeb = readdirSync(join(root, 'server/src/web')).filter(
    name => name.endsWith('.ts') && !/test|fakes/.test(name),
  )
  const said = [
    ...inWeb.flatMap(name => sentencesIn(`server/src/web/${name}`, /new Refusal\(\s*'(?:NOT_POSSIBLE|NOT_FOUND)',/)),
    ...['accounts', 'access'].flatMap(name => sentencesIn(`server/src/accounts/${name}.ts`, /refused\(/)),
    ...sentencesIn('server/src/accounts/erasures.ts', /problem:/),
    ...sentencesIn('server/src/roles/backups.ts', /return(?= ['`]Cannot)/),
    ...sentencesIn('server/src/roles/replay.ts', /return(?= ['`][A-Z])/),
    ...[productProblem('A'), productChangeProblem({ retentionDays: 0 })],
    ...[{ name: '' }, { rateLimit: 0 }, { expiresMs: 1 }, { scopes: [] }].flatMap(wish => [
      keyChangeProblem(wish as object, nowMs),
      keyProblem({ product: 'p', ...wish } as never, nowMs),
    ]),
    keyProblem({ product: 'p', mode: 'other' } as never, nowMs),
  ].filter(one => one !== null)
  assert.ok(said.length > 25, String(said.length))
  for (const message of said) {
    if (message.startsWith('There is nothing at this path')) continue
    // Of what cannot be taken apart the door's own sentence follows, which is a violation's.
    const whole = message.replace(
      /(cannot be taken apart\.) 17$/,
      '$1 The body is not JSON: it ends before it is complete',
    )
    const filled = whole.replace(/because 17$/, 'because there is no event in it')
    assertTold(chinese('NOT_POSSIBLE', filled), filled)
  }
})

test('what is wrong with a file of rates is told', () => {
  const bad = { currency: '', rate: 1 }
  const twice = [
    { currency: 'EUR', rate: 1 },
    { currency: 'EUR', rate: 1 },
    { currency: 'USD', rate: 2 },
  ]
  const rates = [bad, ...twice, { currency: 'JPY', rate: -1, more: 1 }, 7]
  for (const file of [{ other: 1 }, { rates }]) {
    const read = readRatesFile(file)
    assert.ok(!read.ok)
    for (const problem of read.problems) assertTold(chinese('BAD_PARAMETERS', '', [problem]), problem.message)
  }
})

test('in English it is what the API answered, problems without their summary', () => {
  const refused = {
    code: 'BAD_PARAMETERS',
    message: '1 parameter is wrong: name',
    problems: [{ name: 'name', message: 'name is bad' }],
  }
  assert.equal(refusalInEnglish(refused), 'name is bad.')
  assert.equal(refusalInEnglish({ ...refused, message: 'There is none.', problems: [] }), 'There is none.')
})

test('what is not known is told by its code, and not as if that were all', () => {
  const { text, exact } = chinese('NOT_POSSIBLE', 'Cannot because of something new')
  assert.match(text, /[\u4e00-\u9fff]/)
  assert.equal(exact, false)
  assert.equal(chinese('constructor', 'new').exact, false)
})

test('what is parked is told by what the pipeline wrote', () => {
  const record = { product: 'p', keyId: 'k', mode: 'live', requestId: 'r', receivedMs: nowMs, offset: 1 }
  const details: string[] = []
  const park = (kind: string, body: string | Uint8Array, events = 1) => {
    const into: Item[] = []
    itemsOfRecord({ ...record, kind, events, body: Buffer.from(body as string) } as never, () => ({}) as never, into)
    for (const item of into) if (item.kind === 'parked') details.push(item.row.detail)
  }
  park('unheard', '{}')
  park('batch', '[{},{}]', 3)
  for (const body of [
    '',
    '[]',
    '{',
    '{"a":1]',
    new Uint8Array([0x7b, 0xff, 0x7d]),
    '{"event_name":""}',
    '{"event_name":"a"}',
    '{"a":tru}',
  ])
    park('event', body)
  const gap = { from: 10, to: 20, events: 3 }
  for (const reason of [
    ...sentencesIn('server/src/log/reading.ts', /this\.#skip\w+\((?:[^'`]*,)?/),
    'messages of lane 3 are not in the stream any more',
    'commits are missing; how many events is not known, because nothing is left before it',
  ]) {
    const item = itemOfGap({ ...gap, reason }, 'log', 'log_damaged', nowMs)
    assert.ok(item.kind === 'parked')
    assert.doesNotMatch(parkedInChinese(item.row.detail, tell) ?? '', /commit|segment|missing/, reason)
    details.push(item.row.detail)
    const bare = refusedItem(item, 'Code: 27', true)
    if (bare.kind === 'parked') details.push(bare.row.detail)
  }
  assert.ok(details.length > 14, details.join('\n'))
  for (const detail of details) {
    const told = parkedInChinese(detail, tell)
    assert.ok(told !== null, `no words for: ${detail}`)
    assert.match(told, /[\u4e00-\u9fff]/)
  }
  assert.equal(parkedInChinese('Code: 27. Cannot parse', tell), null)
})
