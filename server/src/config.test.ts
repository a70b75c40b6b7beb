// Configuration: what is valid is read, what is wrong is refused with every problem named, and the page says the same.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
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
