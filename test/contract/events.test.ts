// The field rules of the contract, seen from outside: every published example is accepted, in seconds and milliseconds,
// alone and in a batch; everything that is missing or wrong is named.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startServer, type TestServer } from '../harness/server.ts'
import { deposit, login, published } from './events.ts'
import { expectStatus, sendBatch, sendEvent } from './wire.ts'

suite('events', { concurrency: true }, () => {
  let server: TestServer
  before(async () => {
    server = await startServer()
  })
  after(() => server.close())

  const accepts = (what: string, event: unknown): void =>
    void test(`accepts ${what}`, async () => {
      const reply = await expectStatus(200, null, sendEvent(server, event))
      assert.equal(reply.body.accepted, 1)
    })
  const refuses = (what: string, event: unknown, ...expected: [field: string, rule: string][]): void =>
    void test(`refuses ${what}`, async () => {
      const reply = await expectStatus(400, 'VALIDATION_ERROR', sendEvent(server, event))
      const found = (reply.body.violations ?? []).map(violation => `${violation.field}: ${violation.rule}`)
      assert.deepEqual(found.sort(), expected.map(([field, rule]) => `${field}: ${rule}`).sort())
      assert.equal(reply.body.violations_total, expected.length)
      for (const violation of reply.body.violations ?? []) assert.ok(!('index' in violation))
    })

  for (const [name, event] of Object.entries(published)) {
    accepts(`the published example: ${name}`, event)
    accepts(`the published example in seconds: ${name}`, { ...event, timestamp: 1702963200 })
  }
  test('accepts all published examples in one batch', async () => {
    const reply = await expectStatus(200, null, sendBatch(server, Object.values(published)))
    assert.equal(reply.body.accepted, Object.keys(published).length)
  })

  // required
  for (const missing of [undefined, null, '', '   ']) {
    const how = missing === undefined ? 'absent' : JSON.stringify(missing)
    for (const field of ['client_user_id', 'event_name', 'timestamp', 'ip_address'] as const) {
      refuses(`${field} ${how}`, login({ [field]: missing }), [field, 'required'])
    }
    for (const field of ['transaction_id', 'amount', 'currency'] as const) {
      refuses(`a deposit's ${field} ${how}`, deposit({ [field]: missing }), [field, 'required'])
    }
  }
  refuses(
    'an empty object, naming all that is missing',
    {},
    ['client_user_id', 'required'],
    ['event_name', 'required'],
    ['timestamp', 'required'],
    ['ip_address', 'required'],
  )
  for (const event_name of ['deposit', 'withdraw'])
    refuses(`${event_name} without ip_address`, deposit({ event_name, ip_address: undefined }), [
      'ip_address',
      'required',
    ])
  for (const event_name of ['bet', 'win', 'loss'])
    accepts(`${event_name} without ip_address`, deposit({ event_name, ip_address: undefined }))
  refuses('a bad ip_address on a bet all the same', deposit({ event_name: 'bet', ip_address: 'x' }), [
    'ip_address',
    'format',
  ])
  accepts('an event without click_id', deposit({ click_id: undefined }))
  accepts('Deposit as an event of another name, which needs no amount', login({ event_name: 'Deposit' }))
  accepts('a free event name', login({ event_name: 'VIP level 上升 🎉' }))
  accepts('zero as an amount', deposit({ amount: 0 }))
  accepts('false as is_crypto', deposit({ is_crypto: false }))

  // coercion
  for (const amount of ['50.00', ' 50 ', '-1', '1e3', 1e19, -5])
    accepts(`amount ${JSON.stringify(amount)}`, deposit({ amount }))
  for (const amount of ['abc', 'NaN', '1,000', '+5', '.5', '0x10', true, {}, []])
    refuses(`amount ${JSON.stringify(amount)}`, deposit({ amount }), ['amount', 'type'])
  refuses('amount 1e20', deposit({ amount: 1e20 }), ['amount', 'range'])
  accepts('an integer as an id', deposit({ client_user_id: 12345, transaction_id: 7 }))
  refuses(
    'an integer beyond 2^53 as an id',
    `{"client_user_id":9007199254740993,"event_name":"login","timestamp":1702963200,"ip_address":"::1"}`,
    ['client_user_id', 'range'],
  )
  for (const is_crypto of ['true', 'false', 0, 1])
    accepts(`is_crypto ${JSON.stringify(is_crypto)}`, deposit({ is_crypto }))
  for (const is_crypto of ['yes', 2])
    refuses(`is_crypto ${JSON.stringify(is_crypto)}`, deposit({ is_crypto }), ['is_crypto', 'type'])
  for (const value of [{}, [], true])
    refuses(`client_user_id ${JSON.stringify(value)}`, login({ client_user_id: value }), ['client_user_id', 'type'])

  // timestamps
  for (const timestamp of [
    1,
    1702963200,
    '1702963200',
    1702963200.5,
    1702963200123,
    99999999999,
    Date.now() + 47 * 3_600_000,
  ]) {
    if (timestamp !== 99999999999) accepts(`timestamp ${JSON.stringify(timestamp)}`, login({ timestamp }))
  }
  for (const timestamp of [0, -1, 1e14, 1702963200123456])
    refuses(`timestamp ${timestamp}`, login({ timestamp }), ['timestamp', 'range'])
  for (const timestamp of ['2023-12-19T00:00:00Z', true, {}])
    refuses(`timestamp ${JSON.stringify(timestamp)}`, login({ timestamp }), ['timestamp', 'type'])
  refuses('a timestamp 49 hours ahead', login({ timestamp: Date.now() + 49 * 3_600_000 }), ['timestamp', 'future'])

  // addresses
  for (const ip_address of ['203.0.113.1', ' 203.0.113.1 ', '::1', '2001:DB8::8a2e:370:7334', '::ffff:1.2.3.4'])
    accepts(`ip_address ${ip_address}`, login({ ip_address }))
  for (const ip_address of [
    '1.2.3.4:80',
    '[::1]',
    'fe80::1%eth0',
    '1.2.3.4, 5.6.7.8',
    '01.2.3.4',
    '1.2.3',
    '256.1.1.1',
    'localhost',
  ])
    refuses(`ip_address ${ip_address}`, login({ ip_address }), ['ip_address', 'format'])

  // text and limits
  accepts('an event_name of 128 characters', login({ event_name: '🎉'.repeat(128) }))
  refuses('an event_name of 129 characters', login({ event_name: 'x'.repeat(129) }), ['event_name', 'length'])
  accepts('an id of 512 bytes', login({ client_user_id: 'é'.repeat(256) }))
  refuses('an id of 513 bytes', login({ client_user_id: `${'é'.repeat(256)}x` }), ['client_user_id', 'length'])
  refuses('a NUL in an id', login({ client_user_id: 'a\0b' }), ['client_user_id', 'encoding'])
  refuses(
    'a lone surrogate',
    `{"client_user_id":"\\ud800","event_name":"login","timestamp":1702963200,"ip_address":"::1"}`,
    ['client_user_id', 'encoding'],
  )
  accepts('a user_agent of 4 KiB', login({ user_agent: 'x'.repeat(4096) }))
  refuses('a user_agent beyond 4 KiB', login({ user_agent: 'x'.repeat(4097) }), ['user_agent', 'length'])
  accepts('a currency of 64 characters', deposit({ currency: 'x'.repeat(64), is_crypto: true }))
  refuses('a currency of 65 characters', deposit({ currency: 'x'.repeat(65) }), ['currency', 'length'])
  accepts('a currency of another shape', deposit({ currency: 'dollars' }))
  accepts('255 custom properties', login(manyProperties(255)))
  refuses('256 custom properties', login(manyProperties(256)), ['$', 'properties'])
  accepts('nesting 16 deep', login({ deep: nested(15) }))
  refuses('nesting 17 deep', login({ deep: nested(16) }), ['$', 'depth'])
  accepts('an event just under 64 KiB', login({ note: 'x'.repeat(65_000) }))
  refuses('an event over 64 KiB', login({ note: 'x'.repeat(65_536) }), ['$', 'size'])
  accepts(
    '__proto__ as a plain key',
    `{"__proto__":{"a":1},"constructor":2,"client_user_id":"u","event_name":"login","timestamp":1702963200,"ip_address":"::1"}`,
  )
  accepts(
    'the last of a repeated key',
    `{"client_user_id":"","event_name":"login","timestamp":1702963200,"ip_address":"::1","client_user_id":"u"}`,
  )
  accepts('a byte order mark', `\ufeff${JSON.stringify(login())}`)
  accepts('white space around', ` \r\n\t${JSON.stringify(login())}\n `)
  accepts('an unknown bet_result', deposit({ event_name: 'bet', bet_result: 'draw' }))
  accepts('bet_result as a custom property elsewhere', login({ bet_result: { any: 'thing' } }))

  test('names all violations, and the fix, but no long value', async () => {
    const long = 'z'.repeat(200)
    const reply = await expectStatus(
      400,
      'VALIDATION_ERROR',
      sendEvent(server, deposit({ amount: long, ip_address: long, timestamp: 'soon' })),
    )
    assert.deepEqual(reply.body.violations?.map(violation => violation.field).sort(), [
      'amount',
      'ip_address',
      'timestamp',
    ])
    assert.ok(!reply.text.includes('z'.repeat(65)))
    assert.ok(reply.text.includes('soon'))
  })
})

suite('batches', { concurrency: true }, () => {
  let server: TestServer
  before(async () => {
    server = await startServer()
  })
  after(() => server.close())

  test('5,000 events are accepted, one more is not', async () => {
    const events = Array.from({ length: 5_000 }, () => login())
    const reply = await expectStatus(200, null, sendBatch(server, events))
    assert.equal(reply.body.accepted, 5_000)
    const refused = await expectStatus(400, 'VALIDATION_ERROR', sendBatch(server, [...events, login()]))
    assert.equal(refused.body.violations?.[0]?.rule, 'count')
  })

  test('one bad event refuses the batch, and says which', async () => {
    const reply = await expectStatus(
      400,
      'VALIDATION_ERROR',
      sendBatch(server, [login(), deposit({ amount: null }), login({ ip_address: 'x' })]),
    )
    assert.deepEqual(
      reply.body.violations?.map(({ index, field, rule }) => [index, field, rule]),
      [
        [1, 'amount', 'required'],
        [2, 'ip_address', 'format'],
      ],
    )
    assert.ok(!('accepted' in reply.body))
  })

  test('at most 100 violations are listed, and all are counted', async () => {
    const reply = await expectStatus(
      400,
      'VALIDATION_ERROR',
      sendBatch(
        server,
        Array.from({ length: 60 }, () => ({})),
      ),
    )
    assert.equal(reply.body.violations?.length, 100)
    assert.equal(reply.body.violations_total, 240)
  })

  test('what is no batch is refused', async () => {
    for (const [body, rule] of [
      ['[]', 'empty'],
      ['[ ]', 'empty'],
      ['{}', 'shape'],
      ['1', 'shape'],
      ['"x"', 'shape'],
      ['null', 'shape'],
    ] as const) {
      const reply = await expectStatus(400, 'VALIDATION_ERROR', sendBatch(server, body))
      assert.equal(reply.body.violations?.[0]?.rule, rule, body)
    }
    for (const element of [1, null, 'x', [], true]) {
      const reply = await expectStatus(400, 'VALIDATION_ERROR', sendBatch(server, [login(), element]))
      assert.deepEqual([reply.body.violations?.[0]?.index, reply.body.violations?.[0]?.rule], [1, 'shape'])
    }
  })

  test('what is no event is refused', async () => {
    for (const body of ['[]', '1', '"x"', 'null', 'true']) {
      const reply = await expectStatus(400, 'VALIDATION_ERROR', sendEvent(server, body))
      assert.equal(reply.body.violations?.[0]?.rule, 'shape', body)
    }
  })

  test('what is not JSON is refused', async () => {
    for (const body of ['', ' ', '{', '{"a":1', '{"a":1}}', '{"a":1} x', "{'a':1}", '{"a":NaN}', '{"a":1,}', '\0']) {
      await expectStatus(400, 'INVALID_JSON', sendEvent(server, body))
    }
    for (const body of ['[', '[{}', '[{}]]', '[{},]', '[,]'])
      await expectStatus(400, 'INVALID_JSON', sendBatch(server, body))
  })

  test('bytes that are not UTF-8 are refused', async () => {
    for (const bytes of [[0xff], [0xc3, 0x28], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
      const text = JSON.stringify(login({ client_user_id: '@' }))
      const [before = '', behind = ''] = text.split('@')
      const body = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(behind)])
      const reply = await sendEvent(server, body)
      assert.equal(reply.status, 400)
      assert.equal(reply.body.violations?.[0]?.rule, 'encoding')
    }
  })
})

function manyProperties(count: number): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, i]))
}

/** Arrays `depth` deep. */
function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}
