// Configuration: what is valid is read, what is wrong is refused with every problem named, and the page says the same.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readConfig } from './config.ts'
import { configurationPage } from './config-page.ts'

function config(args: string[], environment: Record<string, string> = {}) {
  const result = readConfig(args, environment)
  assert.ok('config' in result, JSON.stringify(result))
  return result.config
}

function problems(args: string[], environment: Record<string, string> = {}): string[] {
  const result = readConfig(args, environment)
  assert.ok('problems' in result, 'expected problems')
  return result.problems
}

test('nothing given is the defaults', () => {
  const found = config([])
  assert.equal(found.port, 8080)
  assert.equal(found.adminPort, 8081)
  assert.equal(found.host, '127.0.0.1')
  assert.equal(found.logRetention, 7 * 24 * 3600 * 1000)
  assert.equal(found.diskFreeMin, 2 ** 30)
  assert.deepEqual(found.trustedProxies, [])
})

test('a flag wins over a variable, and the last of two flags over the first', () => {
  assert.equal(config(['--port', '9001'], { DATAPULSE_PORT: '9000' }).port, 9001)
  assert.equal(config(['--port=9001', '--port', '9002']).port, 9002)
  assert.equal(config([], { DATAPULSE_PORT: ' 9000 ' }).port, 9000)
})

test('sizes, durations and lists are read in their units', () => {
  const found = config(['--log-budget', '1.5GiB', '--log-retention-bytes', '300MiB', '--stop-timeout', '1500ms'], {
    DATAPULSE_TRUSTED_PROXIES: '10.0.0.0/8, ::1,',
  })
  assert.equal(found.logBudget, 1.5 * 2 ** 30)
  assert.equal(found.stopTimeout, 1500)
  assert.deepEqual(found.trustedProxies, ['10.0.0.0/8', '::1'])
})

test('every problem is named at once, in one sentence each', () => {
  const found = problems(['--port', '70000', '--colour', 'red', 'stray', '--role', 'everything', '--log-level'], {
    DATAPULSE_LOG_BUDGET: 'lots',
    DATAPULSE_ADMIN_TOKEN: 'short',
  })
  for (const part of [
    '--port',
    '--colour',
    'stray',
    '--role',
    '--log-level',
    'DATAPULSE_LOG_BUDGET',
    'DATAPULSE_ADMIN_TOKEN',
  ])
    assert.equal(found.filter(line => line.includes(part)).length, 1, `${part} in ${found.join(' / ')}`)
})

test('a secret is not echoed', () => {
  assert.ok(!problems([], { DATAPULSE_ADMIN_TOKEN: 'tooshort' }).join().includes('tooshort'))
})

test('contradictions are refused', () => {
  assert.match(problems(['--port', '9000', '--admin-port', '9000']).join(), /must differ/)
  assert.match(problems(['--log-budget', '1GiB']).join(), /DATAPULSE_LOG_RETENTION_BYTES must not be more/)
  assert.match(problems([], { DATAPULSE_LOG_RETENTION_BYTES: '60GiB' }).join(), /must not be more/)
})

test('contradictions and files are looked at also where something else is wrong', () => {
  const found = problems(['--log-budget', '1GiB'], {
    DATAPULSE_PORT: 'abc',
    DATAPULSE_COUNTRY_DATABASE: '/nope',
    DATAPULSE_TRUSTED_PROXIES: 'foo',
  })
  for (const part of ['DATAPULSE_PORT', 'DATAPULSE_COUNTRY_DATABASE', 'DATAPULSE_TRUSTED_PROXIES', 'RETENTION_BYTES'])
    assert.equal(found.filter(line => line.includes(part)).length, 1, `${part} in ${found.join(' / ')}`)
})

test('what would fail later is refused at the start: addresses, networks, names, databases', () => {
  const found = problems([], {
    DATAPULSE_TRUSTED_PROXIES: '10.0.0.0/8, foo, 10.0.0.0/33',
    DATAPULSE_HOST: 'my host',
    DATAPULSE_ADMIN_HOST: '[::1]',
    DATAPULSE_CITY_DATABASE: import.meta.filename,
    DATAPULSE_COUNTRY_DATABASE: import.meta.dirname,
    DATAPULSE_ADMIN_NAMES: 'admin.example, http://x y, admin.example:8081',
    DATAPULSE_WAREHOUSE: 'http://[',
    DATAPULSE_LOG_BUDGET: '1MiB',
    DATAPULSE_LOG_RETENTION_BYTES: '1MiB',
    DATAPULSE_STOP_TIMEOUT: '10ms',
  })
  const wanted: [string, RegExp][] = [
    ['DATAPULSE_TRUSTED_PROXIES', /got "foo", "10.0.0.0\/33"\.$/],
    ['DATAPULSE_HOST', /got "my host"/],
    ['DATAPULSE_ADMIN_HOST', /got "\[::1\]"/],
    ['DATAPULSE_CITY_DATABASE', /MMDB.*which is no MMDB file/],
    ['DATAPULSE_COUNTRY_DATABASE', /MMDB.*which is no file/],
    ['DATAPULSE_ADMIN_NAMES', /got "http:\/\/x y", "admin.example:8081"\.$/],
    ['DATAPULSE_WAREHOUSE', /got "http:\/\/\["/],
    ['DATAPULSE_LOG_BUDGET', /at least 256MiB/],
    ['DATAPULSE_STOP_TIMEOUT', /at least 1s/],
  ]
  assert.equal(found.length, wanted.length, found.join(' / '))
  for (const [name, says] of wanted) assert.match(found.find(line => line.startsWith(`${name} `)) ?? '', says, name)
})

test('addresses, networks, names and databases that are right are taken', () => {
  const packaged = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'
  for (const host of ['0.0.0.0', '::', '::1', 'localhost', 'a-b.example', 'host_1'])
    assert.equal(config(['--host', host]).host, host)
  const found = config([], {
    DATAPULSE_TRUSTED_PROXIES: '10.0.0.0/8,::1,192.0.2.7',
    DATAPULSE_ADMIN_NAMES: 'admin.example,192.0.2.1,::1,[::1]',
    DATAPULSE_CITY_DATABASE: fileURLToPath(import.meta.resolve(packaged)),
  })
  assert.deepEqual(found.adminNames, ['admin.example', '192.0.2.1', '::1', '[::1]'])
})

test('a data directory that cannot be is refused, and none is made', () => {
  const found = problems(['--data-dir', import.meta.filename])
  assert.match(found.join(), /--data-dir must be a directory .*config\.test\.ts", which is a file\.$/)
})

test('why an option has no flag is said truly', () => {
  const row = configurationPage()
    .split('\n')
    .find(line => line.includes('DATAPULSE_TEST_CRASH_AT'))
  assert.match(row ?? '', /\| none: for tests only \|/)
})

test('a misspelt variable is warned about', () => {
  const result = readConfig([], { DATAPULSE_PROT: '1', DATAPULSE_TEST_X: '1', DATAPULSE_API_KEY: 'x', OTHER: '1' })
  assert.ok('warnings' in result)
  assert.equal(result.warnings.length, 1)
  assert.match(result.warnings[0] as string, /DATAPULSE_PROT/)
})

test('help names every flag', () => {
  const result = readConfig(['--help'], {})
  assert.ok('help' in result)
  for (const flag of ['--port PORT', '--data-dir PATH', '--role all|api|pipeline|web|engine'])
    assert.ok(result.help.includes(flag), flag)
})

test('the page of options is what the table makes', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reference/configuration.md'), 'utf8')
  assert.equal(page, configurationPage())
})

test('a switch is a flag alone, or a variable that says yes or no', () => {
  const accepts = (args: string[], environment = {}) => {
    const read = readConfig(args, environment)
    return 'config' in read ? read.config.acceptWeakerDurability : read
  }
  assert.equal(accepts([]), false)
  assert.equal(accepts(['--accept-weaker-durability']), true)
  assert.equal(accepts([], { DATAPULSE_ACCEPT_WEAKER_DURABILITY: 'yes' }), true)
  assert.deepEqual(accepts(['--accept-weaker-durability=no']), {
    problems: ['--accept-weaker-durability takes no value.'],
  })
  assert.deepEqual(accepts([], { DATAPULSE_ACCEPT_WEAKER_DURABILITY: 'maybe' }), {
    problems: ['DATAPULSE_ACCEPT_WEAKER_DURABILITY must be yes or no: got "maybe".'],
  })
})

test('addresses of servers are taken without user and password, each for itself', () => {
  for (const log of ['nats://n1:4222', 'nats://n1:4222,tls://n2:4222', 'embedded'])
    assert.ok('config' in readConfig(['--log', log], {}), log)
  for (const log of ['nats://user:word@n1:4222', 'http://127.0.0.1', 'nats://n1:4222,', 'nats', 'nats://n1 nats://n2'])
    assert.ok('problems' in readConfig(['--log', log], {}), log)
})
