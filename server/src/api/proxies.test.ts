// Whose address a request has.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openProxies } from './proxies.ts'

test('X-Forwarded-For is read only from a trusted proxy, from its right end', () => {
  const proxies = openProxies(['10.0.0.0/8', '::1', '192.0.2.7'])
  const cases: [string, string | undefined, string][] = [
    ['203.0.113.9', '1.2.3.4', '203.0.113.9'],
    ['10.1.2.3', '1.2.3.4', '1.2.3.4'],
    ['::ffff:10.1.2.3', '1.2.3.4', '1.2.3.4'],
    ['::1', '1.2.3.4, 2001:db8::1', '2001:db8::1'],
    ['10.1.2.3', '6.6.6.6, 1.2.3.4, 10.9.9.9, 192.0.2.7', '1.2.3.4'],
    ['10.1.2.3', '10.9.9.9', '10.9.9.9'],
    ['10.1.2.3', 'unknown', '10.1.2.3'],
    ['10.1.2.3', '1.2.3.4, nonsense', '10.1.2.3'],
    ['10.1.2.3', '', '10.1.2.3'],
    ['10.1.2.3', undefined, '10.1.2.3'],
    ['', '1.2.3.4', ''],
  ]
  for (const [connection, forwarded, address] of cases) {
    assert.equal(proxies.addressOf(connection, forwarded), address, `${connection} ${forwarded}`)
  }
  assert.equal(openProxies([]).addressOf('10.1.2.3', '1.2.3.4'), '10.1.2.3')
})

test('what is neither an address nor a network is refused with a sentence', () => {
  for (const entry of [
    '',
    'localhost',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::1/129',
    '10.0.0/8',
    '1.2.3.4/-1',
  ]) {
    assert.throws(() => openProxies([entry]), /Cannot trust this proxy/, entry)
  }
})
