// What is derived from an event: place, user agent, game type, a generated transaction id.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openPlaceDatabases } from '../place-database.ts'
import { deriveWith, deriveWithout, nothingDerived, processEvent } from './derive.ts'
import { canonicalGameType, gameTypes } from './game-type.ts'
import { placeOf } from './place.ts'
import { generatedTransactionId, placeOfTransactionId } from './transaction-id.ts'
import { userAgentInfo } from './user-agent.ts'

const find = await openPlaceDatabases({ country: '', city: '' })

describe('place', () => {
  test('the database that comes with the program knows countries of IPv4 and IPv6, mapped addresses too', () => {
    const country = (address: string) => placeOf(address, find).country
    assert.equal(country('8.8.8.8'), 'US')
    assert.equal(country('1.34.0.1'), 'TW')
    assert.equal(country('2001:4860:4860::8888'), 'US')
    assert.equal(country('::ffff:1.34.0.1'), 'TW')
  })

  test('what no database knows, or is no address, is empty', () => {
    for (const address of ['', '127.0.0.1', '::1', '10.0.0.1', 'nonsense', '999.1.1.1'])
      assert.deepEqual(placeOf(address, find), { country: '', city: '' }, address)
  })

  test('both forms of records are read, and a city database goes before the other', () => {
    const of = (country: unknown, city: unknown) => placeOf('203.0.113.1', () => ({ country, city }))
    const maxmind = { country: { iso_code: 'TW' }, city: { names: { en: 'Taipei', de: 'Taipeh' } } }
    assert.deepEqual(of({ country_code: 'US' }, maxmind), { country: 'TW', city: 'Taipei' })
    assert.deepEqual(of({ country_code: 'us' }, { city: ' Boston ' }), { country: 'US', city: 'Boston' })
    assert.deepEqual(of({ country: { iso_code: 'DE' } }, null), { country: 'DE', city: '' })
    for (const odd of [null, 7, 'x', {}, { country: null, city: null }, { country_code: 'USA', city: { names: {} } }])
      assert.deepEqual(of(odd, odd), { country: '', city: '' })
  })

  test('a database that cannot be opened is named', async () => {
    await assert.rejects(openPlaceDatabases({ country: '', city: '/nowhere/city.mmdb' }), /city database.*\/nowhere/)
    await assert.rejects(openPlaceDatabases({ country: import.meta.filename, city: '' }), /country database.*MMDB/)
  })
})

describe('user agent', () => {
  const short = (text: string) => {
    const info = userAgentInfo(text)
    return info && Object.values(info).join(' | ')
  }

  test("the contract's example", () => {
    assert.deepEqual(userAgentInfo('Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36'), {
      device_class: 'Mobile',
      device_name: 'Samsung SM-G991B',
      operating_system_name: 'Android',
      operating_system_version: '13',
      agent_name: 'Android',
      agent_class: 'Browser',
    })
  })

  test('browsers, views in apps, robots and libraries are told apart', () => {
    const told: Record<string, string> = {
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1':
        'Mobile | Apple iPhone | iOS | 17.0 | Mobile Safari | Browser',
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36':
        'Desktop | Desktop | Windows | 10 | Chrome | Browser',
      'Mozilla/5.0 (iPad; CPU OS 16_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.5 Mobile/15E148 Safari/604.1':
        'Tablet | Apple iPad | iOS | 16.5 | Mobile Safari | Browser',
      'Mozilla/5.0 (Linux; Android 11; Pixel 5; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/90.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/300.0]':
        'Mobile | Pixel 5 | Android | 11 | Chrome WebView | Browser Webview',
      'Mozilla/5.0 (compatible; Googlebot/2.1; +about)': 'Robot | Robot | Unknown | Unknown | Googlebot | Robot',
      'curl/8.1.2': 'Unknown | Unknown | Unknown | Unknown | curl | Library',
      'Mozilla/5.0': 'Unknown | Unknown | Unknown | Unknown | Unknown | Unknown',
      x: 'Unknown | Unknown | Unknown | Unknown | Unknown | Unknown',
    }
    for (const [text, expected] of Object.entries(told)) assert.equal(short(text), expected, text)
  })

  test('none is null; a very long one is read up to a point, in bounded time', () => {
    assert.equal(userAgentInfo(''), null)
    assert.equal(
      userAgentInfo(`Mozilla/5.0 (Linux; Android 13; ${'A'.repeat(4_000)})`)?.operating_system_name,
      'Android',
    )
    for (const text of ['('.repeat(4096), 'Mozilla/'.repeat(512), 'bot'.repeat(1300), '; wv)'.repeat(800)])
      assert.ok(userAgentInfo(text) !== null)
  })
})

describe('game type', () => {
  test('words of the contract mean their type, in any case and spelling of separators', () => {
    for (const [type, words] of Object.entries(gameTypes))
      for (const word of [type, ...words]) assert.equal(canonicalGameType(word), type)
    assert.equal(canonicalGameType('Live Casino'), 'live_casino')
    assert.equal(canonicalGameType('TABLE-GAMES'), 'table_games')
  })

  test('any other word has only what was sent', () => {
    for (const word of ['', 'casino', 'slots2', 'constructor', '__proto__']) assert.equal(canonicalGameType(word), '')
  })
})

describe('generated transaction id', () => {
  const requestId = '0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55'

  test('leads back to its event, and nothing else does', () => {
    for (const position of [0, 7, 4_999])
      assert.deepEqual(placeOfTransactionId(generatedTransactionId(requestId, position)), { requestId, position })
    for (const other of ['', 'tx_1', `dp-${requestId}`, `dp-${requestId}-01`, `dp-${requestId}-x`, `DP-${requestId}-0`])
      assert.equal(placeOfTransactionId(other), null, other)
  })
})

test('all steps together', () => {
  const sent = {
    client_user_id: 'u',
    event_name: 'bet',
    timestamp: 1_767_225_600,
    ip_address: '1.34.0.1',
    user_agent: 'curl/8.1',
    game_type: 'Baccarat',
    amount: 1,
    currency: 'TWD',
    transaction_id: 't',
  }
  const text = JSON.stringify(sent)
  const { event, derived } = processEvent(sent, text, 1_767_225_600_000, deriveWith(find))
  assert.equal(event.amount, '1')
  const { agent, ...rest } = derived
  assert.deepEqual(rest, { country: 'TW', city: '', gameType: 'table_games' })
  assert.equal(agent?.agent_name, 'curl')
  const bare = processEvent({ ...sent, user_agent: '', game_type: '' }, text, 1_767_225_600_000, deriveWithout)
  assert.deepEqual(bare.derived, nothingDerived)
})
