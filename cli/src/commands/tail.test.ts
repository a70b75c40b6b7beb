// Events as they are stored: each once, in their order, over a server that goes away and comes back.

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { fakeEvent, makeFakes, startMs } from '../../../server/src/web/fakes.ts'
import { openWeb } from '../../../server/src/web/web.ts'
import { run } from '../testing/run.ts'

const token = 'a-token-for-tests-only'
const logger = { info() {}, warn() {}, error() {} }

async function openServer(context: TestContext, events: number) {
  const fakes = makeFakes(events)
  const open = (port: number) =>
    openWeb({ port, host: '127.0.0.1', token, needs: fakes.needs, now: () => startMs, logger })
  let web = await open(0)
  context.after(() => web.close(0))
  const { port } = web
  return {
    fakes,
    /** The latest come first. */
    store: (...numbers: number[]) =>
      void fakes.events.unshift(...numbers.map(number => fakeEvent(number)).toReversed()),
    close: () => web.close(0),
    async reopen() {
      web = await open(port)
    },
    tail: (args: string[], isTTY = false) =>
      run(['tail', '--every', '50', ...args], { adminUrl: `http://127.0.0.1:${port}`, adminToken: token }, isTTY),
  }
}

const idsOf = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).transaction_id)

describe('datapulse tail', () => {
  it('begins with the latest, goes on with what is stored, and is one JSON object a line', async context => {
    const { tail, store, fakes } = await openServer(context, 5)
    const expected = fakes.events
      .slice(0, 2)
      .toReversed()
      .map(event => event['transaction_id'])
    const running = tail(['--last', '2', '--limit', '5', '--raw'])
    await until(() => fakes.asked.length > 0)
    store(101, 102)
    await until(() => fakes.asked.length > 2)
    store(103)
    const { code, stdout } = await running
    assert.equal(code, 0)
    assert.deepEqual(idsOf(stdout), [...expected, 'tx_101', 'tx_102', 'tx_103'])
    assert.equal(JSON.parse(stdout.split('\n')[0]!).raw, '{"event_name":"deposit"}')
  })

  it('goes on from its place when the server was away, and says so once', async context => {
    const { tail, store, close, reopen, fakes } = await openServer(context, 3)
    const running = tail(['--last', '0', '--limit', '2'])
    await until(() => fakes.asked.length > 1)
    await close()
    store(101, 102)
    await new Promise(resolve => setTimeout(resolve, 150))
    await reopen()
    const { code, stdout, stderr } = await running
    assert.deepEqual([code, idsOf(stdout)], [0, ['tx_101', 'tx_102']])
    assert.match(stderr, /^Waiting for the server: .*\nThe server is there again\.\n$/)
  })

  it('asks for what was named, and shows lines with colours on a terminal', async context => {
    const { tail, fakes } = await openServer(context, 3)
    const filter = ['--product', 'demo', '--mode', 'live', '--event', 'deposit', '--user', 'u', '--click', 'c']
    const { stdout } = await tail([...filter, '--last', '1', '--limit', '1'], true)
    const { last, limit: _, raw, ...asked } = fakes.asked.at(-1) as Record<string, unknown>
    assert.deepEqual([last, raw], [1, false])
    assert.deepEqual(asked, { product: 'demo', mode: 'live', event: 'deposit', user: 'u', click: 'c' })
    assert.ok(stdout.startsWith('\u001b[2m'))
    assert.match(stdout, /2m\d\d:\d\d:\d\d\.\d{3}.* demo .*deposit.*50 USD/)
    assert.equal(stdout.split('\n').length, 2)
    const json = await tail(['--last', '1', '--limit', '1', '--json'], true)
    assert.equal(idsOf(json.stdout).length, 1)
  })

  it('does not wait for a server that never answered, nor after a refusal', async context => {
    const { tail, close } = await openServer(context, 1)
    const refused = await tail(['--product', 'none', '--json'])
    assert.deepEqual([refused.code, JSON.parse(refused.stderr).code], [1, 'NOT_FOUND'])
    await close()
    assert.equal((await tail([])).code, 1)
  })
})

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(resolve => setTimeout(resolve, 10))
}
