// Files sent to a public API that stumbles in every way a real one may: what it got, and what was reported.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openPublicApi, type PublicApi } from '../testing/public-api.ts'
import { run } from '../testing/run.ts'

const events = Array.from({ length: 25 }, (_, n) => `{"client_user_id":"u${n}","amount":0.12345678901234567${n}}`)

describe('datapulse send', () => {
  let api: PublicApi
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'datapulse-send-'))
  })
  after(() => rm(folder, { recursive: true }))
  beforeEach(async context => {
    api = await openPublicApi()
    if ('after' in context) context.after(() => api.close())
  })

  const send = async (content: string | Uint8Array, ...args: string[]) => {
    const path = join(folder, 'events')
    await writeFile(path, content)
    const ran = await run(['send', path, '--json', ...args], { apiUrl: api.url, apiKey: 'dp_test_good' })
    return { ...ran, report: ran.stdout === '' ? null : JSON.parse(ran.stdout) }
  }

  it('sends every event once, in order, with its digits, in batches', async () => {
    const { code, report } = await send(`${events.join('\n')}\n`, '--batch-events', '10')
    assert.equal(code, 0)
    assert.deepEqual(api.accepted, events)
    const { seconds, ...rest } = report
    assert.equal(typeof seconds, 'number')
    const counts = { sent: 25, accepted: 25, rejected: 0, unknown: 0, requests: 3, retries: 0 }
    assert.deepEqual(rest, { ...counts, rejected_file: null, complete: true })
  })

  it('takes an array, gzip, and standard input is the same path', async () => {
    await send(gzipSync(`[${events.join(',\n')}]`), '--batch-bytes', '1024')
    assert.deepEqual(api.accepted, events)
    assert.ok(api.requests > 1)
  })

  it('keeps the good events of a bad batch, and writes the bad ones down with what is wrong', async () => {
    const bad = ['{"x":1.10}', 'not json', '["array"]', '{"x":2}']
    const lines = [bad[0], ...events.slice(0, 3), bad[1], bad[2], events[3], bad[3]]
    const { code, report } = await send(lines.join('\n'), '--rejected', join(folder, 'rejected'))
    assert.equal(code, 3, 'a script must notice')
    assert.deepEqual([report.sent, report.accepted, report.rejected, report.requests], [8, 4, 4, 2])
    assert.deepEqual(api.accepted, events.slice(0, 4))
    const rejected = (await readFile(join(folder, 'rejected'), 'utf8')).trim().split('\n')
    assert.deepEqual(
      rejected.map(line => Number(JSON.parse(line).line)).toSorted((a, b) => a - b),
      [1, 5, 6, 8],
    )
    assert.ok(rejected.some(line => line.includes('"event":{"x":1.10}')))
    assert.ok(rejected.some(line => JSON.parse(line).text === 'not json'))
    assert.equal((await send(bad[0]!)).code, 3, 'none was accepted')
  })

  it('goes on when more events are bad than one reply lists', async () => {
    const lines = Array.from({ length: 250 }, () => '{"x":1}')
    const { report } = await send([...lines, ...events].join('\n'))
    assert.deepEqual([report.accepted, report.rejected], [25, 250])
  })

  it('waits as the server says and tries again what may pass', async () => {
    api.stumbles.push(
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 500, headers: { 'retry-after': '0' } },
      { status: 503, headers: { 'retry-after': '0' } },
    )
    const { code, report } = await send(events.join('\n'))
    assert.equal(code, 0)
    assert.deepEqual([report.accepted, report.requests, report.retries], [25, 4, 3])
    assert.deepEqual(api.accepted, events)
  })

  it('halves what is too large', async () => {
    api.stumbles.push({ status: 413 }, { status: 413 })
    const { report } = await send(events.join('\n'))
    assert.equal(report.accepted, 25)
    assert.deepEqual(api.accepted, events)
  })

  it('stops at a refusal that will not pass, and says how far it got', async () => {
    api.stumbles.push({ status: 200 }, { status: 401 })
    const { code, report, stderr } = await send(events.join('\n'), '--batch-events', '10')
    assert.equal(code, 1)
    assert.deepEqual([report.sent, report.accepted, report.unknown, report.complete], [20, 10, 10, false])
    assert.match(JSON.parse(stderr).message, /refused the key/)
    api.stumbles.push({ status: 400 }, { status: 401 })
    assert.equal((await send(`{}\n${events.join('\n')}`, '--batch-events', '1')).code, 1, 'incomplete weighs more')
  })

  it('says what to do without a key, a file or a server', async () => {
    const path = join(folder, 'events')
    await writeFile(path, events.join('\n'))
    assert.match((await run(['send', path])).stderr, /DATAPULSE_API_KEY/)
    assert.match((await run(['send', join(folder, 'none')], { apiKey: 'k' })).stderr, /Cannot read .*none/)
    const gone = await run(['send', path, '--tries', '1'], { apiKey: 'k', apiUrl: 'http://127.0.0.1:4' })
    assert.equal(gone.code, 1)
    assert.match(gone.stderr, /Cannot reach the public API/)
    await writeFile(join(folder, 'key'), 'dp_test_good\n')
    const withFile = await run(['send', path, '--key-file', join(folder, 'key')], { apiUrl: api.url })
    assert.equal(withFile.code, 0, withFile.stderr)
  })

  it('waits when the limit says that nothing is left', async () => {
    api.stumbles.push({ status: 429, headers: { 'retry-after': '0', ratelimit: '"default";r=0;t=0' } })
    const { report } = await send(events.join('\n'), '--batch-events', '5', '--concurrency', '4')
    assert.equal(report.accepted, 25)
    assert.deepEqual(api.accepted.toSorted(), events.toSorted())
  })
})
