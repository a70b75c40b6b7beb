// The checker, written for speed, finds in any body just what the plain reading of the rules finds, and never throws;
// what it accepts, the pipeline's reading takes.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { decodeBody } from './body.ts'
import { checkBody, checkEvents } from './check.ts'
import { plainViolations } from './check.plain.ts'
import { fields } from './fields.ts'
import { limits } from './limits.ts'
import { normalise, readEvents } from './normalise.ts'
import { type BodyKind, scanBody } from './scan.ts'
import { newFindings, visible } from './violation.ts'

const nowMs = 1_790_000_000_000
const known = fields.map(field => field.name)

/** JSON text, so that what no object can hold (repeated keys, long numbers, escapes) can be sent too. */
const hostileText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\t\n',
    '\u00a0',
    '\ufeff',
    'true',
    'false',
    ' true ',
    'TRUE',
    '0',
    '1',
    '50.00',
    ' 50 ',
    '+5',
    '.5',
    '5.',
    '0x10',
  ),
  fc.constantFrom(
    '1e5',
    '1E400',
    '-0',
    '1,000',
    'NaN',
    'Infinity',
    'abc',
    '1702963200',
    '2024-01-01T00:00:00Z',
    '9007199254740993',
  ),
  fc.constantFrom(
    '203.0.113.1',
    ' 203.0.113.1 ',
    '203.0.113.01',
    '203.0.113.1:80',
    '[::1]',
    '::1',
    'fe80::1%eth0',
    '::ffff:1.2.3.4',
    '1::2::3',
    '256.1.1.1',
  ),
  fc.constantFrom(
    'a\u0000b',
    '\ud800',
    'x\udc00',
    '😀',
    '\ud83d\ude00',
    '__proto__',
    'USD',
    'usd',
    'USDT-TRC20',
    'win',
    ' LOSS ',
    'draw',
  ),
  fc.constantFrom(
    'é'.repeat(256),
    `${'é'.repeat(256)}a`,
    'a'.repeat(512),
    ` ${'a'.repeat(513)}`,
    '😀'.repeat(128),
    '😀'.repeat(129),
    'c'.repeat(64),
    'c'.repeat(65),
  ),
  fc.constantFrom('字'.repeat(170), '字'.repeat(171), 'u'.repeat(4096), 'u'.repeat(4097), '字'.repeat(1366)),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
const hostileNumber = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '1',
    '50.00',
    '-12.5',
    '1e400',
    '-1e400',
    '1e-400',
    '1e20',
    '99999999999999999999',
    '99999999999999983616',
    '-1e20',
  ),
  fc.constantFrom(
    '9007199254740991',
    '9007199254740992',
    '9007199254740990.9',
    '12345.00000000000000000001',
    '0.99999999999999999999',
    '100.0',
    '1e2',
    '120e-1',
    '125e-1',
    '1e-400',
    '-0.0e5',
    '-9007199254740993',
    '1.5',
    '12345',
    '0.1234567890123456789012345',
  ),
  fc.constantFrom(
    '1702963200',
    '1702963200123',
    '1702963200.5',
    '99999999999',
    '100000000000',
    '1e14',
    '1e11',
    '1790000300',
    '1790172800',
    '1790172801',
    '1790172800000.6',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
)
const nested = fc.oneof(
  fc.constantFrom(
    '{}',
    '[]',
    '[{}]',
    '{"a":{"b":[1,{"c":"\\ud800"}]}}',
    '{"\\udc00":1}',
    '{"__proto__":{"x":1}}',
    '[[],[[]]]',
  ),
  fc.integer({ min: 1, max: 20 }).map(depth => '['.repeat(depth) + ']'.repeat(depth)),
  fc.integer({ min: 1, max: 20 }).map(depth => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)),
)
const anyValue = fc.oneof(
  hostileText.map(escaped),
  hostileText.map(text => JSON.stringify(text)),
  hostileNumber,
  nested,
  fc.constantFrom('true', 'false', 'null'),
  fc.json(),
)
const anyKey = fc
  .oneof(fc.constantFrom(...known), fc.constantFrom('__proto__', 'constructor', 'Amount', 'a', ''), hostileText)
  .map(key => JSON.stringify(key))
const member = fc.tuple(anyKey, anyValue).map(([key, value]) => `${key}:${value}`)

/** A good event of each name, with some members replaced, added, repeated or dropped. */
const nearlyGood = fc
  .record({
    name: fc.constantFrom('deposit', 'withdraw', 'bet', 'win', 'loss', 'login', ' bet ', 'Deposit', 'level_up'),
    dropped: fc.subarray(known, { maxLength: 2 }),
    added: fc.array(member, { maxLength: 3 }),
    first: fc.boolean(),
    space: fc.constantFrom('', ' ', '\n\t '),
  })
  .map(({ name, dropped, added, first, space }) => {
    const good = Object.entries(goodEvent(name)).filter(([key]) => !dropped.includes(key))
    const members = good.map(([key, value]) => `${JSON.stringify(key)}:${space}${JSON.stringify(value)}`)
    const all = first ? [...added, ...members] : [...members, ...added]
    return `{${space}${all.join(`,${space}`)}${space}}`
  })
const crowded = fc.integer({ min: 250, max: 262 }).map(count => {
  const custom = Array.from({ length: count }, (_, i) => `"p${i}":1`)
  return `{${custom.join(',')},${JSON.stringify(goodEvent('login')).slice(1)}`
})
const large = fc.integer({ min: -3, max: 3 }).map(over => {
  const event = JSON.stringify({ ...goodEvent('login'), pad: '' })
  return `${event.slice(0, -2)}${'x'.repeat(65_536 + over - event.length)}"}`
})
const anyElement = fc.oneof(
  { weight: 12, arbitrary: nearlyGood },
  { weight: 4, arbitrary: fc.array(member, { maxLength: 6 }).map(members => `{${members.join(',')}}`) },
  { weight: 2, arbitrary: anyValue },
  { weight: 1, arbitrary: crowded },
  { weight: 1, arbitrary: large },
)
const gap = fc.constantFrom('', ' ', '\r\n', '\t')
const batch = fc
  .tuple(
    fc.array(
      fc.tuple(gap, anyElement, gap).map(parts => parts.join('')),
      { maxLength: 8 },
    ),
    gap,
    gap,
  )
  .map(([elements, before, after]) => `${before}[${elements.join(',')}]${after}`)
const anyBody = fc
  .oneof({ weight: 3, arbitrary: batch }, { weight: 2, arbitrary: anyElement })
  .map(text => Buffer.from(text))

/** A body with a few bytes changed, cut out, or put in: almost JSON. */
const damagedBody = fc
  .tuple(
    anyBody,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(...Buffer.from('{}[],:"\\u01 \n\u0000'), 0xff, 0xc3, 0xed)), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.nat(2),
  )
  .map(([body, changes, way]) => {
    let bytes = [...body]
    for (const [place, byte] of changes) {
      const at = place % (bytes.length + 1)
      bytes = [...bytes.slice(0, at), ...(way === 0 ? [] : [byte]), ...bytes.slice(way === 1 ? at : at + 1)]
    }
    return Buffer.from(bytes)
  })
const mark = Buffer.from([0xef, 0xbb, 0xbf])
const markedBody = anyBody.map(body => Buffer.concat([mark, body]))
const kinds = fc.constantFrom<BodyKind>('event', 'batch')

describe('checkBody', () => {
  test('finds what the plain reading finds, in bodies good, nearly good and hostile', () => {
    fc.assert(fc.property(anyBody, kinds, sameFindings), { numRuns: 2_000 })
  })

  test('finds what the plain reading finds, in damaged bodies', () => {
    fc.assert(fc.property(damagedBody, kinds, sameFindings), { numRuns: 1_000 })
  })

  test('finds what the plain reading finds after a byte order mark, and in any bytes', () => {
    fc.assert(fc.property(markedBody, kinds, sameFindings), { numRuns: 200 })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), kinds, sameFindings), { numRuns: 1_000 })
  })

  test('finds what the plain reading finds at the limit of values, in nested events and in flat ones', () => {
    for (const over of [0, 1]) {
      sameFindings(valuesAtLimit(over, 8_000, nestedOf), 'batch')
      sameFindings(valuesAtLimit(over, 200, flatOf), 'batch')
    }
  })

  test('says nothing raw and nothing long', () => {
    fc.assert(
      fc.property(anyBody, kinds, (body, kind) => {
        const outcome = checkBody(body, kind, nowMs)
        if (outcome.ok) return
        for (const { message, field } of [outcome.violations, { message: outcome.message, field: '$' }].flat()) {
          assert.ok(message.length < 300, message)
          assert.ok(message.isWellFormed() && !/[\p{Cc}\p{Cf}]/u.test(message), message)
          assert.ok(field.length <= 64 * 6 && !/\p{Cc}/u.test(field), field)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('accepts nothing that cannot be normalised', () => {
    fc.assert(
      fc.property(anyBody, kinds, (body, kind) => {
        const outcome = checkBody(body, kind, nowMs)
        if (!outcome.ok) return
        const sent = readEvents(body, kind)
        assert.ok(sent.ok && sent.count === outcome.events)
        let count = 0
        for (const { text, value, error } of sent.events) {
          assert.equal(error, null)
          assert.deepEqual(JSON.parse(text), value)
          const event = normalise(value, text, nowMs)
          assert.ok(event.userId !== '' && event.name !== '' && Number.isSafeInteger(event.eventMs))
          for (const amount of [event.amount, event.betResultAmount]) {
            if (amount !== null) assert.match(amount, /^(?:0|-?(?:[1-9]\d{0,19}|0(?=\.))(?:\.\d{0,17}[1-9])?)$/)
          }
          count++
        }
        assert.equal(count, outcome.events)
      }),
      { numRuns: 1_000 },
    )
  })
})

/** A batch of events of `each` values, as many as are allowed in all and `over` more. */
function valuesAtLimit(over: number, each: number, event: (values: number) => string): Buffer {
  const texts = Array.from({ length: limits.bodyValuesMax / each }, (_, i) => event(each + (i === 0 ? over : 0)))
  return Buffer.from(`[${texts.join(',')}]`)
}

/** Values in empty containers of every shape, beside texts that look like more. */
function nestedOf(values: number): string {
  const shapes = ['{}', '[ ]', '1', '{ \n}', '[]', '"[,{"']
  return `{"x":[${Array.from({ length: values - 3 }, (_, i) => shapes[i % shapes.length]).join(',')}],"y,,,[{":0}`
}

function flatOf(values: number): string {
  return `{${Array.from({ length: values - 1 }, (_, i) => `"p${i}":0`).join(',')}}`
}

function sameFindings(body: Uint8Array, kind: BodyKind): void {
  const plain = plainViolations(body, kind, nowMs).map(
    ({ index, field, rule }) => `${index ?? '-'} ${visible(field)} ${rule}`,
  )
  const outcome = checkBody(body, kind, nowMs)
  if (outcome.ok) return assert.deepEqual([], plain)
  assert.equal(outcome.violationsTotal, plain.length)
  assert.deepEqual(allFindings(body, kind, outcome.violations).sort(), plain.sort())
}

/** Every finding, beyond the hundred that a reply lists too. */
function allFindings(
  body: Uint8Array,
  kind: BodyKind,
  listed: { index?: number; field: string; rule: string }[],
): string[] {
  const text = decodeBody(body) ?? ''
  const scan = scanBody(text, body, kind)
  const found = newFindings(Infinity)
  const counted = scan.fault === null && scan.events > 0 && scan.values <= limits.bodyValuesMax
  const checked = counted && checkEvents(text, scan, kind, nowMs, found) === null
  return (checked ? found.violations : listed).map(({ index, field, rule }) => `${index ?? '-'} ${field} ${rule}`)
}

function goodEvent(name: string): Record<string, unknown> {
  return {
    client_user_id: 'user_001',
    click_id: 'clk_998877',
    event_name: name,
    timestamp: 1_702_963_200,
    ip_address: '203.0.113.1',
    transaction_id: 'tx_554433',
    amount: 50.5,
    currency: 'USD',
    ...(name.trim() === 'bet' ? { bet_result: 'win', bet_result_amount: 1 } : {}),
  }
}

/** A JSON string with every character escaped. */
function escaped(text: string): string {
  return `"${Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`
}
