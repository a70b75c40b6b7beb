// The engine behind its socket: parameters and rows arrive exactly, nothing of one query is left for the next, limits
// hold, and a stopped engine keeps what was inserted.

import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { type ClickHouseClient, ClickHouseError, createClient } from '@clickhouse/client'
import { type EngineProcess, startEngine } from '../testing/engine-process.ts'

let engine: EngineProcess
let client: ClickHouseClient

before(async () => {
  engine = await startEngine()
  const agent = new Agent({ socketPath: engine.socketPath, keepAlive: true } as object)
  client = createClient({ url: 'http://localhost', http_agent: agent, log: { level: 127 as never } })
  await client.command({
    query:
      'CREATE TABLE notes (id UInt32, text String) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 10',
  })
})

after(async () => {
  await client.close()
  await engine.remove()
})

const strange = [
  '',
  ' ',
  "it's",
  '"quoted"',
  'back\\slash \\n \\N',
  'tab\tnew\nline\r\n',
  'nul\0nul',
  '\b\f\x1b\x7f',
  'emoji 🎲 é 中文 \u2028',
  '{"a":[1,2]}',
  "'; DROP TABLE notes; --",
  '{id:UInt32}',
  '\uFEFFmark',
]

async function rows<Row>(query: string, rest: object = {}): Promise<Row[]> {
  return await (await client.query({ query, format: 'JSONEachRow', ...rest })).json<Row>()
}

async function codeOf(work: Promise<unknown>): Promise<[string, string | undefined]> {
  const error = await work.then(
    () => assert.fail('it was accepted'),
    (reason: unknown) => reason,
  )
  assert(error instanceof ClickHouseError, String(error))
  return [error.code, error.type]
}

test('answers ping, and only its owner can connect', async () => {
  assert.equal((await client.ping()).success, true)
  assert.equal((await client.ping({ select: true })).success, true)
  assert.equal((await stat(engine.socketPath)).mode & 0o777, 0o600)
})

test('parameters arrive exactly as they were given', async () => {
  for (const text of strange) {
    const [row] = await rows<{ text: string; size: string }>('SELECT {text:String} AS text, length(text) AS size', {
      query_params: { text },
    })
    assert.equal(row?.text, text)
    assert.equal(Number(row?.size), Buffer.byteLength(text))
  }
  const [list] = await rows<{ list: string[] }>('SELECT {list:Array(String)} AS list', {
    query_params: { list: strange },
  })
  assert.deepEqual(list?.list, strange)
})

test('rows arrive exactly as they were given, in both ways to insert', async () => {
  const values = strange.map((text, id) => ({ id, text }))
  await client.insert({ table: 'notes', values, format: 'JSONEachRow', clickhouse_settings: { async_insert: 0 } })
  await client.command({
    query: 'INSERT INTO notes SELECT id + {by:UInt32}, text FROM notes',
    query_params: { by: 1000 },
  })
  const stored = await rows<{ id: number; text: string }>('SELECT * FROM notes ORDER BY id')
  assert.deepEqual(
    stored.map(row => row.text),
    [...strange, ...strange],
  )
  await client.command({ query: 'TRUNCATE TABLE notes' })
})

test('a parameter of one query is not there for the next', async () => {
  await rows('SELECT {leaked:String}', { query_params: { leaked: 'x' } })
  await rows('SELECT {leaked:String}', { query_params: { leaked: 'x' } })
  for (let times = 0; times < 4; times += 1) assert.equal((await codeOf(rows('SELECT {leaked:String}')))[0], '456')
})

test('a setting of one query is not there for the next, failed ones included', async () => {
  const read = "SELECT getSetting('max_block_size') AS value, getSetting('join_use_nulls') AS nulls"
  const before = await rows(read)
  const settings = { max_block_size: '17', join_use_nulls: 1 as const }
  for (let times = 0; times < 4; times += 1) {
    assert.deepEqual(await rows(read, { clickhouse_settings: settings }), [{ value: 17, nulls: true }])
    await codeOf(rows('SELECT * FROM nowhere', { clickhouse_settings: settings }))
    await codeOf(rows(read, { clickhouse_settings: { ...settings, no_such_setting: 1 } as never }))
  }
  for (let times = 0; times < 4; times += 1) assert.deepEqual(await rows(read), before)
})

test('limits of asking may be lowered and not raised', async () => {
  const read = "SELECT toUInt64(getSetting('max_execution_time')) AS seconds"
  assert.deepEqual(await rows(read), [{ seconds: 30 }])
  assert.deepEqual(await rows(read, { clickhouse_settings: { max_execution_time: 3 } }), [{ seconds: 3 }])
  assert.deepEqual(await rows(read, { clickhouse_settings: { max_execution_time: 300 } }), [{ seconds: 30 }])
  assert.deepEqual(await rows(read, { clickhouse_settings: { max_execution_time: 0 } }), [{ seconds: 30 }])
})

test('errors have the code, the name and the status of a server', async () => {
  assert.deepEqual(await codeOf(rows('SELEC 1')), ['62', 'SYNTAX_ERROR'])
  assert.deepEqual(await codeOf(rows('SELECT * FROM nowhere')), ['60', 'UNKNOWN_TABLE'])
  assert.deepEqual(
    await codeOf(
      rows('SELECT sleepEachRow(1) FROM numbers(3)', {
        clickhouse_settings: { max_execution_time: 1, max_block_size: '1' },
      }),
    ),
    ['159', 'TIMEOUT_EXCEEDED'],
  )
  const badRow = client.exec({
    query: 'INSERT INTO notes (id, text) FORMAT TabSeparated',
    values: Readable.from([Buffer.from('1\tgood\nnot a number\tbad\n')], { objectMode: false }),
  })
  assert.equal((await codeOf(badRow))[0], '27')
  assert.deepEqual(await rows('SELECT count() AS n FROM notes'), [{ n: 0 }])
  const raw = await post('/?query=SELECT+*+FROM+nowhere', '')
  assert.equal(raw.status, 404)
  assert.equal(raw.headers['x-clickhouse-exception-code'], '60')
  assert.match(raw.body, /^Code: 60\. DB::Exception: .*\(UNKNOWN_TABLE\)/)
})

test('an insert says how much it wrote', async () => {
  const result = await client.insert({ table: 'notes', values: [{ id: 1, text: 'a' }], format: 'JSONEachRow' })
  assert.equal(result.summary?.written_rows, '1')
  await client.command({ query: 'TRUNCATE TABLE notes' })
})

test('questions beyond the queue are refused, and loading goes on beside slow ones', async () => {
  const slow = () => rows('SELECT sleepEachRow(0.3) FROM numbers(1)', { clickhouse_settings: { max_block_size: '1' } })
  // Two run, four wait.
  const asked = Array.from({ length: 9 }, () =>
    slow().then(
      () => 'answered',
      error => String(error.code),
    ),
  )
  await client.insert({ table: 'notes', values: [{ id: 7, text: 'beside' }], format: 'JSONEachRow' })
  const during = await engine.status()
  assert.equal(during.load.waiting, 0)
  assert(during.ask.running > 0, 'the insert was answered while questions ran')
  const answers = await Promise.all(asked)
  assert.equal(answers.filter(answer => answer === 'answered').length, 6)
  assert.equal(answers.filter(answer => answer === '202').length, 3)
  await client.command({ query: 'TRUNCATE TABLE notes' })
})

test('a long result is streamed whole, and a reader that leaves early does no harm', async () => {
  const bulk = { clickhouse_settings: { workload: 'bulk' } }
  const query = 'SELECT number, repeat(toString(number), 20) AS text FROM numbers(300000)'
  let sum = 0
  const result = await client.query({ query, format: 'JSONCompactEachRow', ...bulk })
  for await (const page of result.stream<[string, string]>()) for (const row of page) sum += Number(row.json()[0])
  assert.equal(sum, (300_000 * 299_999) / 2)
  const left = await client.query({ query: query.replace('300000', '30000000'), format: 'JSONCompactEachRow', ...bulk })
  for await (const page of left.stream()) if (page.length > 0) break
  left.close()
  assert.deepEqual(await rows('SELECT 1 AS one', bulk), [{ one: 1 }])
})

test('a stopped engine keeps what was inserted, and a second start replaces the socket', async () => {
  await client.insert({ table: 'notes', values: [{ id: 1, text: 'kept' }], format: 'JSONEachRow' })
  await engine.stop()
  assert.equal((await client.ping()).success, false)
  await engine.start()
  assert.deepEqual(await rows('SELECT text FROM notes'), [{ text: 'kept' }])
  await engine.kill()
  await engine.start()
  assert.deepEqual(await rows('SELECT text FROM notes'), [{ text: 'kept' }])
})

function post(path: string, body: string): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: engine.socketPath, path, method: 'POST' }, response => {
      let text = ''
      response.on('data', chunk => (text += String(chunk)))
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    sent.once('error', reject)
    sent.end(body)
  })
}
