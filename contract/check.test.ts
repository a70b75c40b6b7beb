// The wire contract, line by line, as the door keeps it. Long because the contract has so many lines.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BodyOutcome, checkBody } from './check.ts'
import { fields } from './fields.ts'
import { limits } from './limits.ts'
import { moneyEventNames } from './names.ts'
import { rules } from './rules.ts'

const nowMs = 1_790_000_000_000
const second = 1_702_963_200
type Sent = Record<string, unknown>
const game = { game_type: 'slot', game_provider: 'EA' }

/** The published page's examples, placeholders filled in, the missing comma repaired. */
const published: Record<string, Sent> = {
  curl: {
    client_user_id: 'user_001',
    click_id: 'clk_998877',
    ip_address: '203.0.113.1',
    event_name: 'deposit',
    transaction_id: 'tx_554433',
    timestamp: second,
    amount: 50.0,
    currency: 'USD',
  },
  register: visit('register'),
  login: visit('login'),
  deposit: { ...money('deposit'), click_id: 'clk_998877', ip_address: '203.0.113.1' },
  bet: { ...money('bet'), ...game, bet_result: 'win', bet_result_amount: 1.0 },
  'bet, result as printed': { ...money('bet'), ...game, bet_result: 'win | loss', bet_result_amount: 1.0 },
  win: { ...money('win'), ...game, parent_transaction_id: 'tx_1' },
  loss: { ...money('loss'), ...game, parent_transaction_id: 'tx_1' },
  withdraw: { ...money('withdraw'), ip_address: '203.0.113.1' },
}

describe('the published page', () => {
  for (const [name, event] of Object.entries(published)) {
    test(`its example ${name} is accepted, in seconds and in milliseconds, alone and in a batch`, () => {
      for (const timestamp of [second, second * 1000]) {
        for (const is_crypto of [true, false]) {
          const sent = { ...event, timestamp, is_crypto }
          assert.deepEqual(checkEvent(sent), { ok: true, events: 1 })
          assert.deepEqual(checkBatch([sent, sent]), { ok: true, events: 2 })
        }
      }
    })
  }

  test('every required field that is missing is refused by its name', () => {
    for (const event of Object.values(published)) {
      const name = String(event.event_name)
      for (const { name: field, required } of fields) {
        const must =
          required === 'always' ||
          (required === 'money' && moneyEventNames.some(money => money === name)) ||
          (required === 'unless bet, win, loss' && !['bet', 'win', 'loss'].includes(name))
        for (const missing of [undefined, null, '', ' \t\u00a0']) {
          const expected = must ? [`${field} required`] : []
          // Without a name it is not known to be one of the three that may leave the address out.
          if (field === 'event_name' && event.ip_address === undefined) expected.push('ip_address required')
          assert.deepEqual(found({ ...event, [field]: missing }), expected, `${name} without ${field}`)
        }
      }
    }
  })

  test('0 and false are values', () => {
    assert.deepEqual(found({ ...published.deposit, amount: 0, is_crypto: false, client_user_id: 0 }), [])
  })
})

describe('coercion is narrow and lossless', () => {
  const accepts = (field: string, values: unknown[]) => {
    for (const value of values) assert.deepEqual(found({ ...published.bet, [field]: value }), [], JSON.stringify(value))
  }
  const refuses = (field: string, rule: string, values: unknown[]) => {
    for (const value of values) {
      assert.deepEqual(found({ ...published.bet, [field]: value }), [`${field} ${rule}`], JSON.stringify(value))
    }
  }

  test('ids', () => {
    for (const field of ['client_user_id', 'click_id', 'transaction_id', 'parent_transaction_id', 'message_id']) {
      accepts(field, ['a', 12345, 0, -1, Number.MAX_SAFE_INTEGER, ' a ', 'é'.repeat(256), ` ${'a'.repeat(512)} `])
      refuses(field, 'type', [1.5, true, false, {}, [], ['a']])
      refuses(field, 'range', [2 ** 53, -(2 ** 53), 1e20])
      refuses(field, 'length', ['a'.repeat(513), 'é'.repeat(257), '字'.repeat(171)])
      refuses(field, 'encoding', ['a\0', '\0', '\ud800'])
    }
  })

  test('event_name', () => {
    assert.deepEqual(found({ ...published.login, event_name: ' login ' }), [])
    assert.deepEqual(found({ ...published.login, event_name: '😀'.repeat(128) }), [])
    assert.deepEqual(found({ ...published.login, event_name: '😀'.repeat(129) }), ['event_name length'])
    assert.deepEqual(found({ ...published.login, event_name: 5 }), ['event_name type'])
    assert.deepEqual(found({ ...published.bet, event_name: ' bet ' }), [])
    assert.deepEqual(found({ ...published.bet, event_name: 'Bet', ip_address: undefined }), ['ip_address required'])
  })

  test('amounts', () => {
    for (const field of ['amount', 'bet_result_amount']) {
      accepts(field, [50, -50, 0, '50.00', ' 5e1 ', '-0', '1e-400', 99999999999999983616])
      refuses(field, 'type', [
        'abc',
        'NaN',
        '1,000',
        '+5',
        '.5',
        '5.',
        '0x10',
        '01',
        'Infinity',
        '1e',
        true,
        false,
        {},
        [5],
      ])
      refuses(field, 'range', [1e20, -1e20, 1e300, '1e20', '1e400', '99999999999999999999'])
    }
    const text = JSON.stringify(published.deposit).replace('"amount":5', '"amount":1e400')
    assert.deepEqual(rulesOf(checkBody(Buffer.from(text), 'event', nowMs)), ['amount range'])
  })

  test('timestamp', () => {
    accepts('timestamp', [
      1,
      0.5,
      1e9,
      second,
      `${second}`,
      ' 1.7e9 ',
      second + 0.123,
      second * 1000,
      1e11,
      nowMs + 48 * 3_600_000,
    ])
    refuses('timestamp', 'range', [0, -1, 1e14, second * 1e6, second * 1e9, '0', '1e400'])
    refuses('timestamp', 'type', ['2023-12-19T05:20:00Z', 'now', true, {}, '1702963200s'])
    refuses('timestamp', 'future', [
      nowMs + 48 * 3_600_000 + 1,
      nowMs / 1000 + 48 * 3600 + 1,
      99_999_999_999,
      99_999_999_999_999,
    ])
  })

  test('ip_address', () => {
    accepts('ip_address', ['203.0.113.1', ' 203.0.113.1 ', '::1', '::ffff:1.2.3.4', undefined, null, ''])
    refuses('ip_address', 'format', ['203.0.113.1:80', '[::1]', 'fe80::1%1', '1.2.3.4, 5.6.7.8', '01.2.3.4', 'unknown'])
    refuses('ip_address', 'type', [1, true, [], ['203.0.113.1']])
  })

  test('booleans', () => {
    accepts('is_crypto', [true, false, 'true', 'false', 0, 1])
    refuses('is_crypto', 'type', ['TRUE', 'yes', '1', '0', 2, -1, 0.5, {}, []])
  })

  test('currency, user agent and other texts', () => {
    accepts('currency', ['USD', ' usd ', 'USDT-TRC20', '元', 'c'.repeat(64)])
    refuses('currency', 'length', ['c'.repeat(65)])
    refuses('currency', 'type', [840, true, {}])
    accepts('user_agent', ['u'.repeat(4096), 'é'.repeat(2048)])
    refuses('user_agent', 'length', ['u'.repeat(4097), '字'.repeat(1366)])
    for (const field of ['user_agent', 'game_type', 'game_provider']) refuses(field, 'type', [1, true, {}, []])
  })

  test('a bet has a result; elsewhere it is a custom property', () => {
    accepts('bet_result', ['win', ' LOSS ', 'draw', '', null])
    refuses('bet_result', 'type', [1, true, {}, []])
    assert.deepEqual(found({ ...published.win, bet_result: 5, bet_result_amount: 'abc' }), [])
  })

  test('fields that are not required are still read by their type', () => {
    assert.deepEqual(found({ ...published.login, amount: 'abc', currency: 5 }), ['amount type', 'currency type'])
  })
})

describe('ids that are numbers', () => {
  const ids = ['client_user_id', 'click_id', 'transaction_id', 'parent_transaction_id', 'message_id']
  const sent = (field: string, number: string) =>
    JSON.stringify({ ...published.deposit, [field]: 'HERE' }).replace('"HERE"', number)

  test('what was sent must be an integer, however it is spelled; what it is rounded to does not count', () => {
    for (const field of ids) {
      for (const number of ['12345', '100.0', '1e2', '120e-1', '-0', '9007199254740991', '9007199254740991.000']) {
        assert.deepEqual(raw(sent(field, number)), [], number)
      }
      for (const number of ['9007199254740990.9', '12345.00000000000000000001', '1e-400', '125e-1', '1.5']) {
        assert.deepEqual(raw(sent(field, number)), [`${field} type`], number)
        assert.match(messageOf(sent(field, number)), /this number has a fraction/)
      }
    }
    assert.deepEqual(raw(sent('x', '12345.00000000000000000001')), [])
    assert.deepEqual(raw(`{"message_id":1.00000000000000000001,${sent('message_id', '7').slice(1)}`), [])
    assert.deepEqual(raw(`{"message\\u005fid":1.00000000000000000001,${sent('x', '7').slice(1)}`), ['message_id type'])
  })

  test('one beyond 2^53 is refused without repeating what it is rounded to', () => {
    for (const number of ['9007199254740993', '1e400', '123456789012345678901234567890']) {
      assert.deepEqual(raw(sent('message_id', number)), ['message_id range'])
      assert.doesNotMatch(messageOf(sent('message_id', number)), /9007199254740992|got|\d{5}/)
    }
  })
})

describe('text', () => {
  test('invalid UTF-8 is refused, a leading byte order mark is not', () => {
    const body = Buffer.from(JSON.stringify({ ...published.login, city: 'é' }))
    assert.ok(checkBody(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]), 'event', nowMs).ok)
    assert.deepEqual(rulesOf(checkBody(Buffer.from(body.toString(), 'latin1'), 'event', nowMs)), ['$ encoding'])
    assert.deepEqual(rulesOf(checkBody(Buffer.from([0xff, 0xfe, 0x7b, 0x00]), 'event', nowMs)), ['$ encoding'])
    assert.deepEqual(rulesOf(checkBody(Buffer.from('{"a":"\xed\xa0\x80"}', 'latin1'), 'event', nowMs)), ['$ encoding'])
  })

  test('a lone surrogate is refused wherever it is', () => {
    for (const value of ['\ud800', 'a\udc00', ['\ud800'], { a: [{ b: '\ud800' }] }, { '\udfff': 1 }]) {
      assert.deepEqual(found({ ...published.login, x: value }), ['x encoding'])
    }
    assert.deepEqual(found({ ...published.login, user_agent: '\ud800' }), ['user_agent encoding'])
    assert.equal(found({ ...published.login, '\ud800': 1 }).length, 1)
    assert.deepEqual(
      raw(
        '{"x":"\\ud83d\\ude00 \\\\ud800","client_user_id":"u","event_name":"login","timestamp":1,"ip_address":"::1"}',
      ),
      [],
    )
  })

  test('of a repeated key the last counts', () => {
    const rest = '"client_user_id":"u","event_name":"login","ip_address":"::1"'
    assert.deepEqual(raw(`{${rest},"timestamp":"no","timestamp":1}`), [])
    assert.deepEqual(raw(`{${rest},"timestamp":1,"timestamp":"no"}`), ['timestamp type'])
  })

  test('keys like __proto__ are plain keys', () => {
    const proto = '"__proto__":{"client_user_id":"u","event_name":"login","timestamp":1,"ip_address":"::1"}'
    assert.deepEqual(raw(`{${proto}}`).length, 4)
    assert.deepEqual(raw(`{"constructor":1,"hasOwnProperty":2,"toString":null,${proto}}`).length, 4)
    assert.equal(({} as Sent).event_name, undefined)
  })
})

describe('limits', () => {
  test('255 custom properties', () => {
    const custom = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, i]))
    assert.deepEqual(found({ ...published.login, ...custom(255) }), [])
    assert.deepEqual(found({ ...published.login, ...custom(256) }), ['$ properties'])
    assert.deepEqual(found({ ...published.bet, ...custom(255) }), [])
    assert.deepEqual(found({ ...published.win, ...custom(254), bet_result: null }), [])
    assert.deepEqual(found({ ...published.win, ...custom(255), bet_result: null }), ['$ properties'])
  })

  test('nesting 16 deep, the event being 1', () => {
    const nested = (depth: number): unknown =>
      depth === 0 ? 1 : depth % 2 === 0 ? [nested(depth - 1)] : { a: nested(depth - 1) }
    assert.deepEqual(found({ ...published.login, x: nested(15) }), [])
    assert.deepEqual(found({ ...published.login, x: nested(16) }), ['$ depth'])
    assert.deepEqual(found({ ...published.login, x: '['.repeat(40) }), [])
  })

  test('one event of 64 KiB, counted in bytes and without whitespace around it', () => {
    const sized = (bytes: number, filler: string) => {
      const empty = Buffer.byteLength(JSON.stringify({ ...published.login, pad: '' }))
      const pad = filler.repeat((bytes - empty) / Buffer.byteLength(filler))
      return JSON.stringify({ ...published.login, pad: pad + 'x'.repeat(bytes - empty - Buffer.byteLength(pad)) })
    }
    for (const filler of ['x', '字', '😀', 'é']) {
      assert.deepEqual(raw(`\n ${sized(65_536, filler)} \n`), [], filler)
      assert.deepEqual(raw(sized(65_537, filler)), ['$ size'], filler)
    }
  })

  test('a batch of 5,000 events, and what is beyond is not read', () => {
    const batch = (count: number) => Array.from({ length: count }, () => published.login!)
    assert.deepEqual(checkBatch(batch(5_000)), { ok: true, events: 5_000 })
    const outcome = checkBatch(batch(5_001))
    assert.deepEqual([rulesOf(outcome), outcome.events], [['$ count'], 5_001])
    const hostile = checkBody(Buffer.from(`[${'{},'.repeat(2_700_000)}{}]`), 'batch', nowMs)
    assert.deepEqual(rulesOf(hostile), ['$ count'])
  })

  test('200,000 values, at any depth, keys not counted', () => {
    const flat = (values: number) => `{${Array.from({ length: values - 1 }, (_, i) => `"k${i}":"a,b"`).join(',')}}`
    const deep = (values: number) =>
      `{"a":[${Array.from({ length: values - 2 }, (_, i) => (i % 2 ? '{ }' : '[]')).join(',')}]}`
    for (const event of [flat, deep]) {
      const most = Array.from({ length: 200 }, () => event(1_000))
      const rules = (events: string[]) => new Set(rulesOf(checkBody(Buffer.from(`[${events.join()}]`), 'batch', nowMs)))
      assert.ok(!rules(most).has('$ values'))
      assert.deepEqual(rules([...most, '{}']), new Set(['$ values']))
    }
    const ordinary = { ...published.deposit, ...Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`p${i}`, i])) }
    assert.ok(checkBatch(Array.from({ length: 5_000 }, () => ordinary)).ok)
  })

  test('a large body that is flat but for its end has each finding once, at its place', () => {
    const events = Array.from({ length: 4_000 }, (_, i) =>
      JSON.stringify({ ...published.deposit, n: i, pad: 'x'.repeat(200) }),
    )
    events[10] = events[2_000] = '{}'
    const outcomeWith = (last: string) => checkBody(Buffer.from(`[${[...events, last].join(',')}]`), 'batch', nowMs)
    for (const last of ['{"a":[]}', '{"a":{}}', '5']) {
      const outcome = outcomeWith(last)
      assert.ok(!outcome.ok)
      assert.deepEqual(
        [outcome.violationsTotal, outcome.eventsBad, outcome.violations.map(({ index }) => index)],
        last === '5'
          ? [9, 3, [10, 10, 10, 10, 2_000, 2_000, 2_000, 2_000, 4_000]]
          : [12, 3, [10, 10, 10, 10, 2_000, 2_000, 2_000, 2_000, 4_000, 4_000, 4_000, 4_000]],
      )
    }
    const broken = outcomeWith('{"a":,}')
    assert.match(broken.ok ? '' : broken.message, /at character 5 of event 4000/)
  })

  test('millions of brackets are not parsed', () => {
    for (const text of [
      '['.repeat(4_000_000) + ']'.repeat(4_000_000),
      `[${'['.repeat(30_000)}${']'.repeat(30_000)}]`,
    ]) {
      assert.ok(['$ size', '$ depth'].includes(rulesOf(checkBody(Buffer.from(text), 'batch', nowMs))[0]!))
    }
    assert.deepEqual(rulesOf(checkBody(Buffer.from('['.repeat(8_000_000)), 'batch', nowMs)), ['$ syntax'])
    assert.deepEqual(rulesOf(checkBody(Buffer.from('{"a":'.repeat(1_600_000)), 'event', nowMs)), ['$ syntax'])
  })

  test('a body of 8 MiB', () => {
    const outcome = checkBody(new Uint8Array(limits.bodyBytesMax + 1), 'event', nowMs)
    assert.ok(!outcome.ok && outcome.code === 'PAYLOAD_TOO_LARGE' && outcome.events === 1)
  })

  test('all violations are counted, the first hundred listed', () => {
    const outcome = checkBatch(Array.from({ length: 1_000 }, () => ({})))
    assert.ok(!outcome.ok)
    assert.deepEqual([outcome.violations.length, outcome.violationsTotal, outcome.eventsBad], [100, 4_000, 1_000])
    assert.equal(outcome.message, '4000 fields are missing or wrong')
  })
})

describe('bodies', () => {
  test('what is not JSON is refused, with the place', () => {
    for (const text of [
      '',
      ' ',
      '\ufeff',
      '{',
      '[',
      '{"a":1',
      '{"a":1}}',
      '{"a":1},',
      'hello',
      "{'a':1}",
      '{"a":01}',
      '{"a":"\n"}',
      '{a:1}',
      '{"a":1,}',
      '{}"',
      `{"a":"${'x'.repeat(70_000)}"}"`,
    ]) {
      const outcome = checkBody(Buffer.from(text), 'event', nowMs)
      if (text === '[') continue
      assert.ok(!outcome.ok && outcome.code === 'INVALID_JSON' && outcome.events === 1, text)
      assert.deepEqual(rulesOf(outcome), ['$ syntax'])
    }
    for (const text of [
      '[',
      '[{}',
      '[{},]',
      '[,{}]',
      '[{},,{}]',
      '[{}]]',
      '[{}}',
      '[{} {}]',
      '[{]',
      '[1}',
      '[{}],',
      '[{"a":1]}',
      '[nope]',
    ]) {
      assert.deepEqual(rulesOf(checkBody(Buffer.from(text), 'batch', nowMs)), ['$ syntax'], text)
    }
    assert.equal(
      messageOf("{'a':1}"),
      'The body is not JSON: expected a key in double quotes, got "\'", at character 1',
    )
    assert.equal(
      messageOf('{"a":1,}'),
      'The body is not JSON: expected a key in double quotes, got "}", at character 7',
    )
    assert.equal(messageOf('{"a":"b'), 'The body is not JSON: it ends before it is complete')
  })

  test('a body for the other endpoint is told where to go', () => {
    const batch = checkBody(Buffer.from('[]'), 'event', nowMs)
    assert.ok(!batch.ok && batch.message.includes('/v2/s2s/batch'))
    const event = checkBody(Buffer.from('{}'), 'batch', nowMs)
    assert.ok(!event.ok && event.message.includes('/v2/s2s/event'))
    for (const text of ['null', '1', '"a"', 'true']) {
      for (const kind of ['event', 'batch'] as const) {
        assert.deepEqual(rulesOf(checkBody(Buffer.from(text), kind, nowMs)), ['$ shape'])
      }
    }
  })

  test('an empty batch, and elements that are no objects', () => {
    assert.deepEqual(rulesOf(checkBatch([])), ['$ empty'])
    const outcome = checkBatch([published.login, 5, null, [published.login], 'a', published.deposit])
    assert.ok(!outcome.ok)
    assert.deepEqual(
      outcome.violations.map(({ index, rule }) => `${index} ${rule}`),
      ['1 shape', '2 shape', '3 shape', '4 shape'],
    )
    assert.deepEqual([outcome.events, outcome.eventsBad], [6, 4])
  })

  test('one bad event of a batch is named by its index', () => {
    const outcome = checkBatch([published.login, { ...published.deposit, ip_address: '' }])
    assert.deepEqual(outcome, {
      ok: false,
      code: 'VALIDATION_ERROR',
      message: 'ip_address is required for a deposit',
      events: 2,
      violations: [
        { index: 1, field: 'ip_address', rule: 'required', message: 'ip_address is required for a deposit' },
      ],
      violationsTotal: 1,
      eventsBad: 1,
    })
  })

  test('an event that is refused unparsed does not hide what is wrong with the others', () => {
    const deep = '['.repeat(20) + ']'.repeat(20)
    const outcome = checkBody(Buffer.from(`[${JSON.stringify(published.login)},{"x":${deep}},{}]`), 'batch', nowMs)
    assert.ok(!outcome.ok)
    assert.deepEqual(
      outcome.violations.map(({ index, rule }) => `${index} ${rule}`),
      ['1 depth', '2 required', '2 required', '2 required', '2 required'],
    )
  })
})

test('a message repeats no value longer than 64 characters, and nothing raw', () => {
  const messages = (value: unknown) => {
    const outcome = checkEvent({ ...published.deposit, amount: value })
    return outcome.ok ? [] : outcome.violations.map(({ message }) => message)
  }
  assert.ok(messages('x'.repeat(64))[0]!.includes('x'.repeat(64)))
  assert.ok(!messages('x'.repeat(65))[0]!.includes('xxx'))
  assert.match(messages('a\u0007\u001b[31m\u202e')[0]!, /a\\u0007\\u001b\[31m\\u202e/)
})

test('messages say what was probably meant', () => {
  const { client_user_id: user, ...rest } = published.login!
  assert.match(
    messageOf(JSON.stringify({ ...rest, clientUserId: user })),
    /client_user_id is required: was "clientUserId" meant/,
  )
  assert.match(messageOf(JSON.stringify(rest)), /client_user_id is required$/)
  const batch = (text: string | Buffer) => {
    const outcome = checkBody(Buffer.from(text), 'batch', nowMs)
    return outcome.ok ? '' : outcome.message
  }
  const one = JSON.stringify(published.login)
  assert.match(batch(`{"events":[${one}]}`), /send the array itself/)
  assert.match(batch(`${one}\n${one}\n`), /send the array itself.*one event to a line/)
  assert.match(batch(one), /to \/v2\/s2s\/event/)
  for (const [bytes, name] of [
    [[0x1f, 0x8b, 8, 0], 'gzip'],
    [[0x28, 0xb5, 0x2f, 0xfd], 'zstd'],
  ] as const) {
    assert.match(batch(Buffer.from(bytes)), new RegExp(`${name}; is Content-Encoding missing`))
  }
  for (const amount of [1e20, -1e20, '-1e20', '99999999999999999999']) {
    const outcome = checkEvent({ ...published.deposit, amount })
    assert.match(outcome.ok ? '' : outcome.message, /between -1e20 and 1e20/)
  }
})

test('every rule can be broken', () => {
  const broken = new Set<string>()
  const note = (outcome: BodyOutcome) => {
    for (const pair of rulesOf(outcome)) broken.add(pair.split(' ').at(-1)!)
  }
  note(
    checkEvent({
      ...published.deposit,
      client_user_id: '',
      amount: 'a',
      ip_address: 'x',
      timestamp: 0,
      currency: 'c'.repeat(65),
      x: '\ud800',
    }),
  )
  note(
    checkEvent({
      ...published.login,
      timestamp: nowMs * 2,
      ...Object.fromEntries(Array.from({ length: 256 }, (_, i) => [i, i])),
    }),
  )
  for (const text of [
    '[]',
    '{}',
    '[',
    '[{"a":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}]',
    `[{"a":"${'x'.repeat(70_000)}"}]`,
    `[${'1,'.repeat(5_000)}1]`,
    `[${Array.from({ length: 40 }, () => `{"a":[${'0,'.repeat(5_000)}0]}`).join(',')}]`,
  ]) {
    note(checkBody(Buffer.from(text), 'batch', nowMs))
  }
  assert.deepEqual([...broken].sort(), Object.keys(rules).sort())
})

function checkEvent(event: Sent): BodyOutcome {
  return checkBody(Buffer.from(JSON.stringify(event)), 'event', nowMs)
}

function checkBatch(events: unknown[]): BodyOutcome {
  return checkBody(Buffer.from(JSON.stringify(events)), 'batch', nowMs)
}

function found(event: Sent): string[] {
  return rulesOf(checkEvent(event))
}

function raw(text: string): string[] {
  return rulesOf(checkBody(Buffer.from(text), 'event', nowMs))
}

function messageOf(text: string): string {
  const outcome = checkBody(Buffer.from(text), 'event', nowMs)
  return outcome.ok ? '' : outcome.message
}

function rulesOf(outcome: BodyOutcome): string[] {
  return outcome.ok ? [] : outcome.violations.map(({ field, rule }) => `${field} ${rule}`)
}

function visit(name: string): Sent {
  return {
    client_user_id: 'user_001',
    click_id: 'clk_998877',
    event_name: name,
    timestamp: second,
    ip_address: '2001:db8::1',
    user_agent: 'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36',
  }
}

function money(name: string): Sent {
  return {
    client_user_id: 'user_001',
    event_name: name,
    currency: 'USD',
    amount: 5.0,
    transaction_id: 'tx_1',
    timestamp: second,
  }
}
