// Every sentence that the contract makes about what is wrong has its own in Chinese, with the same fields, values and limits. A
// rule, a field or a sentence that is new fails here until it has its words.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBody } from '@datapulse/contract/check'
import { fields } from '@datapulse/contract/fields'
import { type Rule, rules } from '@datapulse/contract/rules'
import { type Example, ruleExamples } from '../../../tools/error-guide/examples.ts'
import { violationInChinese } from './violations.ts'

const tell = { number: String }
const nowMs = 1_790_000_000_000
const text = (value: unknown) => JSON.stringify(value)

const good = { client_user_id: 'u', event_name: 'bet', timestamp: 1_702_963_200, ip_address: '203.0.113.1' }
const money = { transaction_id: 't', amount: 5, currency: 'USD' }
/** Of each type, of each size, and of what no field takes. */
const values = [
  null,
  '',
  'abc',
  'x'.repeat(65),
  'x'.repeat(5_000),
  'must be a string: got "it"',
  'a\u0000b',
  true,
  1.5,
  -1,
  1e19,
  2 ** 60,
  1e21,
  1e15,
  1_890_000_000_000,
  [],
  {},
]

const bodies: [kind: Example['kind'], body: string | Uint8Array][] = [
  ...Object.values(ruleExamples).map(({ kind, sent }): [Example['kind'], string] => [kind, sent]),
  ...fields.flatMap(({ name }) =>
    [good.event_name, 'deposit', 'login'].flatMap(event =>
      values.map((value): ['event', string] => [
        'event',
        text({ ...good, ...money, event_name: event, [name]: value }),
      ]),
    ),
  ),
  ...['client_user_id', 'ip_address', 'amount'].flatMap(name =>
    ['login', 'deposit'].map((event): ['event', string] => {
      const { [name]: value, ...rest } = { ...good, ...money, event_name: event } as Record<string, unknown>
      return ['event', text({ ...rest, [name.replace('_', '-').toUpperCase()]: value ?? 'sent' })]
    }),
  ),
  ...[
    '',
    '{',
    '{"a":1,}',
    '{"a" 1}',
    '{"a":1 2}',
    '{"a":}',
    '{"a":tru}',
    '[1 2]',
    '{"a":"\n"}',
    String.raw`{"a":"\x"}`,
  ].map((body): ['event', string] => ['event', body]),
  ...['{"a":"', '}', '<xml>', 'client=1', '1', '"text"', 'null', '{"a":[1 2]}', '{"a":1}{', text([good]), '{}{}'].map(
    (body): ['event', string] => ['event', body],
  ),
  ...[
    '',
    '{}',
    `${text(good)}\n${text(good)}`,
    '1',
    '<',
    '[1]',
    '[null]',
    '[[]]',
    '[{"a":1},{"a" 1}]',
    '[',
    '[{"a":]',
  ].map((body): ['batch', string] => ['batch', body]),
  ['event', text({ ...good, amount: 0 }).replace('"amount":0', '"amount":1e400')],
  ['event', text({ ...good, client_user_id: 0 }).replace('"client_user_id":0', '"client_user_id":1.0')],
  ['event', String.raw`{"\ud800":1}`],
  ['event', new Uint8Array([0x1f, 0x8b, 8, 0])],
  ['event', new Uint8Array([0x28, 0xb5, 0x2f, 0xfd])],
  ['event', new Uint8Array([0x7b, 0xff, 0x7d])],
  ['event', ' '.repeat(8 * 1024 * 1024 + 1)],
]

/** What the contract says of all of them: each sentence with its rule, the summary of a request with none. */
const sentences = new Map<string, { rule: Rule | null; message: string }>()
for (const [kind, body] of bodies) {
  const outcome = checkBody(typeof body === 'string' ? new TextEncoder().encode(body) : body, kind, nowMs)
  if (outcome.ok) continue
  const all = [
    { rule: null, message: outcome.violations.length === 1 ? '2 violations' : outcome.message },
    ...outcome.violations,
  ]
  for (const { rule, message } of all) sentences.set(`${rule} ${message}`, { rule, message })
}

test('of every rule there are sentences to tell', () => {
  const told = new Set([...sentences.values()].map(({ rule }) => rule))
  assert.deepEqual(
    Object.keys(rules).filter(rule => !told.has(rule as Rule)),
    [],
  )
  const all = [...sentences.values()].map(({ message }) => message)
  for (const { name } of fields)
    assert.ok(
      all.some(message => message.startsWith(`${name} must be`)),
      name,
    )
})

test('each is told in Chinese, with the fields, values and limits that it has', () => {
  for (const said of sentences.values()) {
    const { text: told, exact } = violationInChinese(said, tell)
    assert.ok(exact, `no words for: ${said.message}`)
    assert.equal(violationInChinese({ ...said, rule: null }, tell).text, told)
    assert.match(told, /[\u4e00-\u9fff].*[。？]$/s, said.message)
    const wanted = said.message.match(/"[^"]*"|\b[a-z]+(?:_[a-z]+)+\b|\b\d{2,}\b/g) ?? []
    for (const one of wanted) assert.ok(told.includes(one), `${one} is lost of: ${said.message}\n${told}`)
    const english = told.replace(/"[^"]*"/gs, '').match(/\b(must|is|be|the|this|got|expected|of|an)\b/gi)
    assert.equal(english, null, told)
  }
})

test('a sentence that is not known is told by its rule, and one without a rule as it is', () => {
  const message = 'what an older version said'
  for (const rule of Object.keys(rules)) {
    const { text: told, exact } = violationInChinese({ rule, message }, tell)
    assert.match(told, /[\u4e00-\u9fff]/)
    assert.equal(exact, false)
  }
  for (const rule of [null, 'constructor'])
    assert.deepEqual(violationInChinese({ rule, message }, tell), { text: message, exact: false })
})
