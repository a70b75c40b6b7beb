// Events processed again by the whole server, with another database; killed before and after the swap; loads meanwhile.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Installation, until } from '../harness/installation.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
/** A database that knows no IPv4 address. */
const ipv6Only = join(
  import.meta.dirname,
  '../../node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country-ipv6.mmdb',
)
let installation: Installation | null = null
after(() => installation?.close())

const login = (n: number) => ({
  client_user_id: `u${n}`,
  event_name: 'login',
  timestamp: 1_767_225_600,
  ip_address: '8.8.8.8',
  message_id: `m${n}`,
})

test('what is derived is made anew from what was sent, whatever is killed', async () => {
  const server = await Installation.open({ environment: { DATAPULSE_COUNTRY_DATABASE: ipv6Only } })
  installation = server
  const key = await server.key('again')
  const events = Array.from({ length: 300 }, (_, n) => login(n))
  assert.equal((await server.post('/v2/s2s/batch', key, JSON.stringify(events))).status, 200)
  await server.drained()
  const countries = async () => {
    const rows = await server.events('&product=again')
    return `${rows.length} ${[...new Set(rows.map(row => String(row['country'])))].join()}`
  }
  assert.equal(await countries(), '300 null')
  const args = ['reprocess', '--from', '1d', '--to', '2100-01-01T00:00:00Z', '--json']
  const place = ['--data-dir', server.dataDir, '--url', server.adminUrl]

  await server.stop()
  const own = { DATAPULSE_COUNTRY_DATABASE: '', DATAPULSE_TEST_CRASH_AT: 'rebuild.swapRebuilt.before' }
  await server.start(own)
  const cut = spawnSync(process.execPath, [cli, ...args, ...place], { encoding: 'utf8' })
  assert.notEqual(cut.status, 0)
  assert.match(cut.stderr, /REPROCESS_FAILED.*all is as it was/)
  await server.ready()
  assert.equal(await countries(), '300 null', 'killed before the swap, nothing has changed')

  await server.stop()
  await server.start({ ...own, DATAPULSE_TEST_CRASH_AT: 'rebuild.swapRebuilt.after' })
  const unanswered = spawnSync(process.execPath, [cli, ...args, ...place], { encoding: 'utf8' })
  const told = (text: string) => {
    const { state, events, done, changed } = JSON.parse(text) as Record<string, unknown>
    return { state, events, done, changed }
  }
  const swapped = { state: 'swapped', events: 300, done: 300, changed: 300 }
  assert.deepEqual(told(unanswered.stdout), swapped, 'killed after the swap, it is told as what it was')
  await server.ready()
  assert.equal(await countries(), '300 US', 'and all of it counts')
  server.kill('everything')
  await server.gone()
  await server.start(own)
  assert.equal(await countries(), '300 US')
  const last = () =>
    execFileSync(process.execPath, [cli, 'reprocess', '--last', '--json', ...place], { encoding: 'utf8' })
  assert.deepEqual(told(last()), swapped, 'whoever was not there asks for it later')

  const more = Array.from({ length: 50 }, (_, n) => login(n + 300))
  const again = execFileSync(process.execPath, [cli, ...args, ...place], { encoding: 'utf8' })
  assert.deepEqual(told(again), { ...swapped, changed: 0 })
  await server.post('/v2/s2s/batch', key, JSON.stringify([...events.slice(0, 10), ...more]))
  await server.drained()
  await until('all are listed', async () => (await countries()) === '350 US')
  const { accounting } = (await server.status()) as { accounting: { holds: boolean; duplicate: number } }
  assert.deepEqual([accounting.holds, accounting.duplicate], [true, 10])
})

test('what makes no sense is refused', async () => {
  const server = installation as Installation
  const ask = async (json: object) => (await server.admin('/api/reprocess', { json })).body
  assert.equal((await ask({}))['code'], 'BAD_PARAMETERS')
  assert.equal((await ask({ from: '1h', to: '2h' }))['code'], 'BAD_PARAMETERS')
})
