// A dry run says what a real write then stores: the same events sent both ways, compared field by field.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Installation } from '../harness/installation.ts'

let installation: Installation | null = null
after(() => installation?.close())

type Echo = {
  index: number
  clickId: string | null
  country: string | null
  city: string | null
  userAgentInfo: Record<string, string> | null
  flags: string[]
}

const nowSeconds = Math.floor(Date.now() / 1000)
const plain = { client_user_id: 'u1', event_name: 'login', timestamp: nowSeconds, ip_address: '8.8.8.8' }
const money = { ...plain, event_name: 'deposit', transaction_id: 't1', amount: 5, currency: 'USD' }
const events = [
  plain,
  { ...plain, user_agent: 'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36', click_id: ' c1 ' },
  { ...plain, ip_address: '2001:4860:4860::8888', user_agent: 'curl/8.1', game_type: 'live' },
  { ...plain, ip_address: '127.0.0.1', timestamp: nowSeconds + 3_600, event_name: 'Log-In' },
  { ...money, transaction_id: 't2', amount: -5 },
  { ...money, transaction_id: 't3', currency: 'dollars', amount: '0.1234567890123456789' },
  { ...money, event_name: 'bet', transaction_id: 't4', bet_result: 'draw', ip_address: undefined },
  { ...money, event_name: 'loss', transaction_id: 't5', amount: 3 },
]

test('what a dry run says is what is stored', async () => {
  const server = await Installation.open()
  installation = server
  const key = await server.key('demo2')
  const body = JSON.stringify(events)
  const dry = await server.post('/v2/s2s/batch?dryrun', key, body)
  assert.equal(dry.status, 200)
  assert.equal(dry.body['successCount'], events.length)
  await server.drained()
  assert.deepEqual(await stored(server), [], 'a dry run leaves nothing')

  assert.equal((await server.post('/v2/s2s/batch', key, body)).status, 200)
  await server.drained()
  const rows = await stored(server)
  const shown = rows.map(row => ({
    index: row['position'],
    clickId: row['click_id'],
    country: row['country'],
    city: row['city'],
    userAgentInfo:
      row['device_class'] === null ? null : Object.fromEntries(agentColumns.map(name => [name, row[name] as string])),
    flags: row['flags'],
  }))
  const echoed = (dry.body['successEvents'] as (Echo & { eventData: unknown })[]).map(
    ({ eventData: _, ...echo }) => echo,
  )
  assert.deepEqual(shown, echoed)
  assert.equal(echoed[1]?.country, 'US')
  assert.equal(rows[2]?.['canonical_game_type'], 'live_casino')
  const generated = rows[0]?.['generated_transaction_id'] as string
  assert.equal(generated, `dp-${rows[0]?.['request_id'] as string}-0`)
  const found = await server.admin(`/api/events?transaction=${generated}`)
  assert.deepEqual(
    (found.body['events'] as { position: number }[]).map(row => row.position),
    [0],
  )
})

const agentColumns = [
  'device_class',
  'device_name',
  'operating_system_name',
  'operating_system_version',
  'agent_name',
  'agent_class',
]

async function stored(server: Installation): Promise<Record<string, unknown>[]> {
  const { body } = await server.admin('/api/events?product=demo2&limit=100')
  const rows = body['events'] as Record<string, unknown>[]
  return rows.toSorted((a, b) => Number(a['position']) - Number(b['position']))
}
