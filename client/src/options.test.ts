// What is wrong with an option is told by its name, at once, and a key is never repeated.

import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { it } from 'node:test'
import { DataPulseClient, type DataPulseError, type Fetch } from './index.ts'
import { type ClientOptions, readOptions } from './options.ts'

const good = { url: 'https://events.example.com/', key: 'dp_live_0123456789' }

it('takes what is right, and puts the rest in', () => {
  assert.equal(readOptions(good).url, 'https://events.example.com')
  assert.equal(readOptions({ ...good, url: 'http://127.0.0.1:8080/prefix/' }).url, 'http://127.0.0.1:8080/prefix')
  assert.deepEqual(readOptions({ ...good, batch: { events: 5 } }).batch, { events: 5, bytes: 1_048_576, ms: 100 })
})

it('says which option is wrong and what would be right', () => {
  const wrong: [Partial<Record<keyof ClientOptions, unknown>>, RegExp][] = [
    [{ url: undefined }, /because url must be an http or https address/],
    [{ url: 'events.example.com' }, /url must be/],
    [{ url: 'ftp://events.example.com' }, /url must be/],
    [{ url: 'https://example:pass@events.example.com' }, /url must be an address alone/],
    [{ url: 'https://events.example.com/?dryrun=1' }, /url must be an address alone/],
    [{ key: undefined }, /key must be an API key$/],
    [{ key: 'dp_live_secret\n' }, /key must be an API key: this one has characters that no key has$/],
    [{ batch: { events: 5_001 } }, /batch\.events must be a whole number from 1 to 5000: got 5001$/],
    [{ batch: { bytes: 9e6 } }, /batch\.bytes must be a whole number from 1 to 8388608/],
    [{ memory: { bytes: 10 } }, /memory\.bytes must be a whole number of at least 65538: got 10/],
    [{ timeoutMs: '5' }, /timeoutMs must be a whole number from 1 to 86400000: got string/],
    [{ concurrency: 0 }, /concurrency/],
    [{ backoff: { maxMs: Number.NaN } }, /backoff\.maxMs .* got NaN/],
  ]
  for (const [option, message] of wrong) {
    const open = () => new DataPulseClient({ ...good, ...option } as ClientOptions)
    assert.throws(open, (error: DataPulseError) => {
      assert.equal(error.code, 'BAD_OPTION')
      assert.match(error.message, message)
      assert.ok(!error.message.includes('secret') && !error.message.includes('pass@'))
      return true
    })
  }
})

it('calls the fetch that it was given bare, as runtimes want that refuse it as a method', async () => {
  const calls: unknown[] = []
  const given: Fetch = function (this: unknown) {
    calls.push(this)
    return Promise.resolve(new Response('{"status":"success","request_id":"r","accepted":1}'))
  }
  const client = new DataPulseClient({ ...good, fetch: given, serverless: true })
  const user = { client_user_id: 'u1', timestamp: 1_702_963_200, ip_address: '203.0.113.1' }
  await client.track({ event_name: 'login', ...user })
  assert.deepEqual(calls, [undefined])
})

it('shows no key to whoever prints the client', () => {
  const client = new DataPulseClient(good)
  assert.ok(!`${inspect(client, { depth: 9, showHidden: true })}${JSON.stringify(client)}`.includes(good.key))
})
