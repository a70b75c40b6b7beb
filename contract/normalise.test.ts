// From what was sent to the stored shape: values as read, flags as raised, and nothing accepted that cannot be taken.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Event } from './event.ts'
import type { Flag } from './flags.ts'
import { limits } from './limits.ts'
import { normalise, readEvents } from './normalise.ts'

const receivedMs = 1_790_000_000_000
const deposit = {
  client_user_id: ' user_001 ',
  click_id: 998877,
  event_name: ' deposit ',
  timestamp: '1702963200.1236',
  ip_address: ' 203.0.113.1 ',
  transaction_id: 'tx_554433',
  amount: '50.00',
  currency: ' usd ',
  is_crypto: 0,
}
const bet = { ...deposit, event_name: 'bet', amount: 5 }

describe('normalise', () => {
  test('reads every field, trimmed and coerced', () => {
    const sent = {
      ...deposit,
      user_agent: ' UA ',
      game_type: 'slot',
      game_provider: 'EA',
      parent_transaction_id: 7,
      message_id: 'm',
      vip: { a: 1 },
    }
    assert.deepEqual(normalised(sent), {
      name: 'deposit',
      userId: 'user_001',
      clickId: '998877',
      eventMs: 1_702_963_200_124,
      ipAddress: '203.0.113.1',
      userAgent: 'UA',
      gameType: 'slot',
      gameProvider: 'EA',
      transactionId: 'tx_554433',
      parentTransactionId: '7',
      messageId: 'm',
      amount: '50',
      currency: 'USD',
      currencySent: 'usd',
      isCrypto: false,
      betResult: '',
      betResultAmount: null,
      flags: [],
    })
  })

  test('what is absent, null or blank is empty', () => {
    const event = normalised({
      client_user_id: 'u',
      event_name: 'login',
      timestamp: 1,
      ip_address: '::1',
      click_id: null,
      amount: ' ',
    })
    assert.deepEqual(
      [event.clickId, event.amount, event.currency, event.transactionId, event.betResult],
      ['', null, '', '', ''],
    )
    assert.equal(event.eventMs, 1000)
  })

  test('an id is the same whether sent as text or as an integer', () => {
    for (const id of [12345, '12345', ' 12345 '])
      assert.equal(normalised({ ...deposit, client_user_id: id }).userId, '12345')
    assert.equal(normalised({ ...deposit, client_user_id: -0 }).userId, '0')
  })

  test('seconds and milliseconds', () => {
    const at = (timestamp: unknown) => normalised({ ...deposit, timestamp }).eventMs
    assert.equal(at(1_702_963_200), 1_702_963_200_000)
    assert.equal(at(1_702_963_200_000), 1_702_963_200_000)
    assert.equal(at(1_702_963_200.123), 1_702_963_200_123)
    assert.equal(at('1702963200123.7'), 1_702_963_200_124)
    assert.equal(at(1e11), 1e11)
  })

  test('amounts keep every digit that was sent', () => {
    const text = JSON.stringify(bet).replace(
      '"amount":5',
      '"amount":12345678901234567.123456789012345678,"bet_result_amount":-0.10',
    )
    const event = normalise(JSON.parse(text), text, receivedMs)
    assert.deepEqual([event.amount, event.betResultAmount], ['12345678901234567.123456789012345678', '-0.1'])
  })

  test('the result belongs to a bet alone', () => {
    const result = { bet_result: ' WIN ', bet_result_amount: 2 }
    assert.deepEqual(
      [normalised({ ...bet, ...result }).betResult, normalised({ ...bet, ...result }).betResultAmount],
      ['win', '2'],
    )
    assert.deepEqual(
      [normalised({ ...deposit, ...result }).betResult, normalised({ ...deposit, ...result }).betResultAmount],
      ['', null],
    )
    assert.equal(normalised({ ...deposit, bet_result_amount: { a: 1 } }).betResultAmount, null)
  })

  test('what the door would have refused throws', () => {
    for (const sent of [
      null,
      5,
      [],
      {},
      { ...deposit, client_user_id: '' },
      { ...deposit, event_name: 5 },
      { ...deposit, timestamp: 'no' },
      { ...deposit, amount: 'no' },
      { ...deposit, amount: true },
      { ...deposit, amount: 1e20 },
    ]) {
      assert.throws(() => normalise(sent, JSON.stringify(sent), receivedMs), /^(?:Type|Range)Error: Cannot /)
    }
  })
})

describe('flags', () => {
  const cases: Record<Exclude<Flag, 'idempotency_reused' | 'settled_twice'>, { yes: object[]; no: object[] }> = {
    future_skew: {
      yes: [{ timestamp: receivedMs + limits.futureFlaggedMs + 1 }],
      no: [{ timestamp: receivedMs + limits.futureFlaggedMs }, { timestamp: 1 }],
    },
    near_miss_name: {
      yes: ['Deposit', 'DEPOSIT', ' Login ', 'with_draw', 'log-in', 'Bet', 'b e t'].map(event_name => ({ event_name })),
      no: ['deposit', ' deposit ', 'register', 'withdraw_status', 'withdrawal', 'level_up', 'x'.repeat(128)].map(
        event_name => ({ event_name }),
      ),
    },
    negative_amount: {
      yes: ['deposit', 'withdraw', 'bet'].map(event_name => ({ event_name, amount: -1 })),
      no: [
        ...['win', 'loss', 'bonus', 'Deposit'].map(event_name => ({ event_name, amount: -1 })),
        { amount: 0 },
        { amount: '-0' },
      ],
    },
    sign_mismatch: {
      yes: [
        { event_name: 'loss', amount: 5 },
        { event_name: 'win', amount: -5 },
        { event_name: 'bet', bet_result: 'win', bet_result_amount: -1 },
        { event_name: 'bet', bet_result: 'Loss', bet_result_amount: 1 },
      ],
      no: [
        { event_name: 'loss', amount: -5 },
        { event_name: 'loss', amount: 0 },
        { event_name: 'win', amount: 5 },
        { event_name: 'bet', bet_result: 'loss', amount: 5, bet_result_amount: -5 },
        { event_name: 'bet', bet_result: 'loss' },
        { event_name: 'bet', bet_result: 'draw', bet_result_amount: 1 },
        { event_name: 'deposit', bet_result: 'loss', bet_result_amount: 1 },
      ],
    },
    rounded_amount: {
      yes: [{ amount: '0.1234567890123456789' }, { amount: 1e-19 }, { event_name: 'bet', bet_result_amount: '1e-20' }],
      no: [{ amount: '0.123456789012345678' }, { amount: '1.0000000000000000000' }, { bet_result_amount: '1e-20' }],
    },
    unknown_currency: {
      yes: ['US', 'USDT', 'U$D', '元', 'A1B'].map(currency => ({ currency })),
      no: [
        { currency: 'usd' },
        { currency: 'BTC' },
        { currency: 'USDT', is_crypto: true },
        { event_name: 'login', currency: '' },
      ],
    },
    bet_result_unknown: {
      yes: [
        { event_name: 'bet', bet_result: 'draw' },
        { event_name: 'bet', bet_result: 'win | loss' },
      ],
      no: [
        { event_name: 'bet', bet_result: ' WIN' },
        { event_name: 'bet' },
        { event_name: 'bet', bet_result: '' },
        { bet_result: 'draw' },
      ],
    },
  }
  for (const [flag, { yes, no }] of Object.entries(cases)) {
    test(`${flag} is set where it belongs and nowhere else`, () => {
      for (const change of yes)
        assert.deepEqual(normalised({ ...deposit, ...change }).flags, [flag], JSON.stringify(change))
      for (const change of no) {
        assert.ok(!normalised({ ...deposit, ...change }).flags.some(set => set === flag), JSON.stringify(change))
      }
    })
  }

  test('several at once', () => {
    const event = normalised({
      ...bet,
      amount: -1,
      bet_result: 'loss',
      bet_result_amount: '1.0000000000000000001',
      currency: 'USDT',
    })
    assert.deepEqual([...event.flags].sort(), [
      'negative_amount',
      'rounded_amount',
      'sign_mismatch',
      'unknown_currency',
    ])
  })
})

describe('readEvents', () => {
  test('gives each event as it was sent, without the whitespace around it', () => {
    const body = Buffer.from('\ufeff [ {"a": 1.0} ,\n{"b":"é,}"}\t, 5 ]')
    const sent = readEvents(body, 'batch')
    assert.ok(sent.ok && sent.count === 3)
    assert.deepEqual(
      [...sent.events],
      [
        { text: '{"a": 1.0}', value: { a: 1 }, error: null },
        { text: '{"b":"é,}"}', value: { b: 'é,}' }, error: null },
        { text: '5', value: 5, error: null },
      ],
    )
    assert.equal([...sent.events].length, 3)
    const single = readEvents(Buffer.from(' {"a":1}\n'), 'event')
    assert.deepEqual(single.ok && [...single.events], [{ text: '{"a":1}', value: { a: 1 }, error: null }])
  })

  test('a large body comes in pieces that lose nothing', () => {
    const events = Array.from({ length: 4_000 }, (_, i) => ({ i, pad: '字'.repeat(i % 300) }))
    const sent = readEvents(Buffer.from(JSON.stringify(events)), 'batch')
    assert.ok(sent.ok)
    assert.deepEqual(
      [...sent.events].map(({ value }) => value),
      events,
    )
  })

  test('an event that is not JSON does not take the others with it', () => {
    const sent = readEvents(Buffer.from('[{"a":1},{nope},{"b":2}]'), 'batch')
    assert.ok(sent.ok)
    assert.deepEqual(
      [...sent.events].map(({ value, error }) => value ?? error),
      [{ a: 1 }, 'the event is not JSON', { b: 2 }],
    )
  })

  test('a body that cannot be read says why', () => {
    for (const body of [Buffer.from([0xff]), Buffer.from('['), Buffer.from('{}'), Buffer.from('')]) {
      const sent = readEvents(body, 'batch')
      assert.ok(!sent.ok && sent.reason.length > 10)
    }
  })
})

function normalised(sent: object): Event {
  const text = JSON.stringify(sent)
  return normalise(JSON.parse(text), text, receivedMs)
}
