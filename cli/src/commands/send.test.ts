// Files sent to a public API that stumbles in every way a real one may: what it got, and what was reported.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
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

  let files = 0
  const send = async (content: string | Uint8Array, ...args: string[]) => {
    const path = join(folder, `${++files}`)
    await writeFile(path, content)
    return sendFile(path, ...args)
  }
  const sendFile = async (path: string, ...args: string[]) => {
    const ran = await run(['send', path, '--json', ...args], { apiUrl: api.url, apiKey: 'dp_test_good' })
    return { ...ran, path, report: ran.stdout === '' ? null : JSON.parse(ran.stdout) }
  }
  const accepted = () => api.accepted.map(text => text.replace(/,"message_id":"file_[0-9a-f]{32}"/, ''))
  const idsOf = (texts: string[]) => texts.map(text => String(JSON.parse(text).message_id))
  const linesOf = async (path: string) => (await readFile(path, 'utf8')).trim().split('\n')

  it('sends every event once, in order, with its digits, in batches', async () => {
    const { code, report } = await send(`${events.join('\n')}\n`, '--batch-events', '10')
    assert.equal(code, 0)
    assert.deepEqual(accepted(), events)
    const { seconds, ...rest } = report
    assert.equal(typeof seconds, 'number')
    const counts = { sent: 25, accepted: 25, rejected: 0, unknown: 0, requests: 3, retries: 0 }
    assert.deepEqual(rest, { ...counts, rejected_file: null, resumed_at: null, complete: true })
  })

  it('takes an array, gzip, and Zstandard of several frames', async () => {
    await send(gzipSync(`[${events.join(',\n')}]`), '--batch-bytes', '1024')
    assert.deepEqual(accepted(), events)
    assert.ok(api.requests > 1)
    const parts = [events.slice(0, 9), events.slice(9)].map(part => zstdCompressSync(`${part.join('\n')}\n`))
    await send(Buffer.concat(parts))
    assert.deepEqual(accepted().slice(25), events)
  })

  it('says of a damaged file that it is not whole, whatever damaged it', async () => {
    const text = `${events.join('\n')}\n`
    const damaged = [
      gzipSync(text).subarray(0, -9),
      zstdCompressSync(text).subarray(0, -3),
      Buffer.concat([zstdCompressSync(text), Buffer.from('no frame')]),
      Buffer.concat([Buffer.from(text), Buffer.from([0xff])]),
      `[${events.join(',')}`,
    ]
    for (const file of damaged) {
      const { code, report, stderr } = await send(file)
      assert.deepEqual([code, report.complete], [1, false], stderr)
    }
  })

  it('keeps the good events of a bad batch, and writes the bad ones down with what is wrong', async () => {
    const bad = ['{"x":1.10}', 'not json', '["array"]', '{"x":2}']
    const lines = [bad[0], ...events.slice(0, 3), bad[1], bad[2], events[3], bad[3]]
    const { code, report } = await send(lines.join('\n'), '--rejected', join(folder, 'rejected'))
    assert.equal(code, 3, 'a script must notice')
    assert.deepEqual([report.sent, report.accepted, report.rejected, report.requests], [8, 4, 4, 1])
    assert.deepEqual(accepted(), events.slice(0, 4))
    const rejected = await linesOf(join(folder, 'rejected'))
    assert.deepEqual(
      rejected.map(line => JSON.parse(line).line),
      [1, 5, 6, 8],
    )
    assert.match(rejected[0]!, /"event":\{"x":1\.10,"message_id"/)
    assert.equal(JSON.parse(rejected[1]!).text, 'not json')
    assert.deepEqual(JSON.parse(rejected[3]!).violations, [
      { field: 'client_user_id', rule: 'required', message: 'missing' },
    ])
    assert.equal((await send(bad[0]!)).code, 3, 'none was accepted')
    const again = await send(bad[0]!, '--rejected', join(folder, 'rejected'))
    assert.deepEqual([again.code, JSON.parse(again.stderr).code], [2, 'FILE_EXISTS'], 'corrections may be in it')
    assert.deepEqual(await linesOf(join(folder, 'rejected')), rejected)
  })

  it('sends a file of rejected events that was corrected, under the ids that they had', async () => {
    const first = await send([events[0], '{"x":1.50}', '{"y":2}', 'no json'].join('\n'))
    const path: string = first.report.rejected_file
    assert.equal(path, `${first.path}.rejected.ndjson`)
    const corrected = (await readFile(path, 'utf8')).replace('{"x":1.50,', '{"client_user_id":"u1","x":1.50,')
    await writeFile(path, corrected)
    const second = await sendFile(path)
    assert.deepEqual([second.report.accepted, second.report.rejected], [1, 2])
    assert.match(api.accepted[1]!, /^\{"client_user_id":"u1","x":1\.50,/)
    const left = await linesOf(second.report.rejected_file)
    assert.equal(second.report.rejected_file, `${first.path}.rejected.2.ndjson`)
    assert.deepEqual(
      left.map(line => [JSON.parse(line).source, JSON.parse(line).line]),
      [
        [String(files), 3],
        [String(files), 4],
      ],
      'where they stood at first',
    )
    assert.match(JSON.parse(left[1]!).violations[0].message, /write the corrected one as "event"/)
  })

  it('names events that nothing tells by file, line and text, and leaves the others as they are', async () => {
    const named = ['{"client_user_id":"a","message_id":"m1"}', '{"client_user_id":"a","transaction_id":7}']
    const unnamed = ['{"client_user_id":"a"}', '{"client_user_id":"a"}', '{"client_user_id":"a","message_id":null}']
    const { path } = await send([...named, ...unnamed].join('\n'))
    assert.deepEqual(api.accepted.slice(0, 2), named)
    const ids = idsOf(api.accepted.slice(2))
    assert.equal(new Set(ids).size, 3)
    assert.ok(ids.every(id => /^file_[0-9a-f]{32}$/.test(id)))
    await sendFile(path)
    assert.deepEqual(idsOf(api.accepted.slice(7)), ids, 'the same when it is sent again')
    assert.deepEqual(api.keys.at(-1), api.keys.at(-2))
    await send([...named, ...unnamed].join('\n'))
    assert.equal(new Set([...ids, ...idsOf(api.accepted.slice(12))]).size, 6, 'another file has other events')
    await sendFile(path, '--no-message-ids')
    assert.deepEqual(api.accepted.slice(15), [...named, ...unnamed])
  })

  it('makes events of the rows of a CSV file, by the mapping, with their digits', async () => {
    const rows = [
      'User,Name,Created At,Amount,currency,Level,Note',
      'u1,deposit,2026-06-01 08:00:00,0.12345678901234567890,USD,3,"two\nlines, ""quoted"""',
      'u2,deposit,2026-06-01T08:00:00.250Z,1e2,TWD,,',
      'u3,too,few',
      'u4,login,1780300800,,,x,"50"" screen"',
    ].join('\r\n')
    const maps = [
      'User=client_user_id',
      'Name=event_name',
      'Created At=timestamp',
      'Amount=amount',
      'Level=level:number',
    ]
    const args = ['--format', 'csv', '--set', 'source_system=crm', '--time-zone', 'Asia/Taipei']
    const { code, report, stderr } = await send(`\ufeff${rows}`, ...args, ...maps.flatMap(map => ['--map', map]))
    assert.equal(code, 3, stderr)
    assert.deepEqual([report.accepted, report.rejected], [3, 1])
    assert.deepEqual(accepted(), [
      '{"client_user_id":"u1","event_name":"deposit","timestamp":1780272000000,"amount":0.12345678901234567890,"currency":"USD","level":3,"Note":"two\\nlines, \\"quoted\\"","source_system":"crm"}',
      '{"client_user_id":"u2","event_name":"deposit","timestamp":1780300800250,"amount":1e2,"currency":"TWD","source_system":"crm"}',
      '{"client_user_id":"u4","event_name":"login","timestamp":1780300800,"level":"x","Note":"50\\" screen","source_system":"crm"}',
    ])
    const [few] = (await linesOf(report.rejected_file)).map(line => JSON.parse(line))
    assert.deepEqual([few.line, few.text], [5, 'u3,too,few'])
    assert.match(few.violations[0].message, /3 cells and the header has 7/)
  })

  it('refuses a CSV file whose columns make no events before anything is sent, and says what would help', async () => {
    const wrongs: [string, string[], RegExp][] = [
      ['userId,event_name,timestamp\n', [], /no column gives client_user_id.*--map 'COLUMN=client_user_id'/],
      ['eventName,client_user_id,timestamp\n', [], /--map 'eventName=event_name'/],
      ['client_user_id,event_name,timestamp\n', ['--map', 'nope=x'], /no column 'nope'.*'client_user_id'/],
      ['client_user_id,event_name,timestamp,a\n', ['--map', 'a=timestamp'], /'timestamp' would be filled twice/],
    ]
    for (const [header, args, said] of wrongs) {
      const { code, stderr } = await send(`${header}1,2,3,4\n`, '--format', 'csv', ...args)
      assert.equal(code, 2)
      assert.match(JSON.parse(stderr).message, said)
    }
    const json = await send(events.join('\n'), '--format', 'json', '--set', 'a=b')
    assert.deepEqual([json.code, api.requests], [2, 0])
    const open = await send('client_user_id,event_name,timestamp\nu1,a,1\nu2,"a,1\n', '--format', 'csv')
    assert.deepEqual([open.code, open.report.complete], [1, false])
    assert.match(open.stderr, /begins in line 3 has a quote that is not closed/)
    const zoneless = await send('client_user_id,event_name,timestamp\nu1,a,2026-01-01 10:00\n', '--format', 'csv')
    assert.match((await linesOf(zoneless.report.rejected_file))[0]!, /--time-zone/)
  })

  it('reads other encodings and delimiters when they are named', async () => {
    const name = Buffer.from([0xb5, 0x6e, 0xa4, 0x4a])
    const big5 = Buffer.concat([Buffer.from('client_user_id;event_name;timestamp\nu1;'), name, Buffer.from(';5\n')])
    const { code } = await send(big5, '--delimiter', ';', '--encoding', 'big5')
    assert.equal(code, 0)
    assert.equal(JSON.parse(api.accepted[0]!).event_name, '登入')
    const { stderr } = await send(big5, '--delimiter', ';')
    assert.equal(JSON.parse(stderr).code, 'BAD_ENCODING')
  })

  it('asks in a dry run what would become of the events, keys that look like a field among it', async () => {
    const lines = ['{"client_user_id":"a","userAgent":"x"}', '{"x":1}']
    const { code, report, path } = await send(lines.join('\n'), '--dry-run')
    assert.deepEqual([code, report.accepted, report.rejected, report.dry_run], [3, 1, 1, true])
    assert.deepEqual(report.misspelled, [{ sent: 'userAgent', expected: 'user_agent', events: 1 }])
    assert.deepEqual(api.accepted, [])
    assert.equal((await linesOf(`${path}.rejected.ndjson`)).length, 1)
  })

  it('takes no 200 for an answer that does not account for the events', async () => {
    api.stumbles.push({ status: 200, body: { welcome: 'to the hotel' } })
    const { code, stderr, report } = await send(events.join('\n'))
    assert.deepEqual([code, JSON.parse(stderr).code, report.unknown], [1, 'NOT_DATAPULSE', 25])
  })

  it('goes on when more events are bad than one reply lists', async () => {
    const lines = Array.from({ length: 250 }, () => '{"x":1}')
    const { report } = await send(lines.join('\n'))
    assert.deepEqual([report.accepted, report.rejected, report.requests], [0, 250, 1])
    const told = (await linesOf(report.rejected_file)).map(line => JSON.parse(line).violations.length)
    assert.ok(
      told.every(count => count > 0),
      'each with what is wrong',
    )
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
    assert.deepEqual(accepted(), events)
  })

  it('halves what is too large', async () => {
    api.stumbles.push({ status: 413 }, { status: 413 })
    const { report } = await send(events.join('\n'))
    assert.equal(report.accepted, 25)
    assert.deepEqual(accepted(), events)
  })

  it('stops at a refusal that will not pass, and says how far it got', async () => {
    api.stumbles.push({ status: 200, body: { status: 'success', accepted: 10 } }, { status: 401 })
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
    assert.deepEqual(accepted().toSorted(), events.toSorted())
  })
})
