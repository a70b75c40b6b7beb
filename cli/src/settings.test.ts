// Where the command line looks for a server: where it was told, else where the server's own variables put it.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { readEnvironment } from './settings.ts'
import { run } from './testing/run.ts'

const addresses = (variables: Record<string, string>) => {
  const { adminUrl, apiUrl, publicUrl } = readEnvironment(variables)
  return [adminUrl, apiUrl, publicUrl]
}

it('without variables it is where a server is by default', () => {
  assert.deepEqual(addresses({}), ['http://127.0.0.1:8081', null, 'http://127.0.0.1:8080'])
  assert.equal(readEnvironment({}).dataDir, './data')
})

it('the variables of the server say where it is', () => {
  const variables = { DATAPULSE_PORT: ' 9000 ', DATAPULSE_ADMIN_PORT: '9001' }
  assert.deepEqual(addresses(variables), ['http://127.0.0.1:9001', null, 'http://127.0.0.1:9000'])
  const hosts = { DATAPULSE_HOST: '0.0.0.0', DATAPULSE_ADMIN_HOST: '::1' }
  assert.deepEqual(addresses(hosts), ['http://[::1]:8081', null, 'http://127.0.0.1:8080'])
  assert.deepEqual(addresses({ DATAPULSE_HOST: '::', DATAPULSE_PORT: '' })[2], 'http://127.0.0.1:8080')
})

it('its own variables win', () => {
  const own = { DATAPULSE_ADMIN_URL: 'http://a.example', DATAPULSE_API_URL: 'http://b.example' }
  const found = addresses({ ...own, DATAPULSE_PORT: '9000', DATAPULSE_ADMIN_PORT: '9001' })
  assert.deepEqual(found, ['http://a.example', 'http://b.example', 'http://127.0.0.1:9000'])
})

it('`send` goes where the public port of the variables is', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'datapulse-settings-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'events'), '{}')
  const environment = { ...readEnvironment({ DATAPULSE_PORT: '4' }), apiKey: 'dp_test_x' }
  const sent = await run(['send', join(folder, 'events'), '--tries', '1'], environment)
  assert.match(sent.stderr, /Cannot reach the public API at http:\/\/127\.0\.0\.1:4 /)
})
