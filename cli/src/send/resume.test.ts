// A process that sends a file is stopped in every way that there is, and another goes on: each event gets there, none
// becomes two, and each rejected one is written down once.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openPublicApi, type PublicApi } from '../testing/public-api.ts'
import { run } from '../testing/run.ts'

const launcher = join(import.meta.dirname, '../../datapulse.js')
const lines = Array.from({ length: 50 }, (_, n) => (n % 10 === 3 ? `{"bad":${n}}` : `{"client_user_id":"u${n}"}`))
const good = lines.filter(line => line.includes('client_user_id'))

describe('a file whose sending was stopped', () => {
  let api: PublicApi
  let folder = ''
  let path = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'datapulse-resume-'))
  })
  after(() => rm(folder, { recursive: true }))
  beforeEach(async context => {
    api = await openPublicApi()
    path = join(folder, `${context.name.length}.ndjson.gz`)
    await writeFile(path, gzipSync(lines.join('\n')))
    if ('after' in context) context.after(() => api.close())
  })

  const start = () => {
    const args = [launcher, 'send', path, '--json', '--batch-events', '10', '--api-url', api.url]
    const env = { PATH: process.env['PATH'], DATAPULSE_API_KEY: 'dp_test_good' }
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.setEncoding('utf8')
    return child
  }
  const again = async (...args: string[]) => {
    const ran = await run(['send', path, '--json', '--batch-events', '10', ...args], {
      apiUrl: api.url,
      apiKey: 'dp_test_good',
    })
    return { ...ran, report: JSON.parse(ran.stdout || 'null') }
  }
  const usersOf = (texts: string[]) => texts.map(text => JSON.parse(text).client_user_id)
  const rejectedLines = async (file: string) =>
    (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).line)

  it('is gone on with after kill -9, behind the last batch that had its outcome', async () => {
    api.stumbles.push(null, null, { status: 200, holdAfter: true })
    const child = start()
    await api.held()
    child.kill('SIGKILL')
    await once(child, 'exit')
    const { code, report } = await again()
    assert.equal(code, 3)
    assert.deepEqual([report.resumed_at, report.sent, report.accepted, report.rejected], [20, 50, 45, 5])
    assert.deepEqual(await rejectedLines(report.rejected_file), [4, 14, 24, 34, 44])
    assert.deepEqual(usersOf(api.accepted).slice(0, 18), usersOf(good).slice(0, 18))
    assert.equal(api.accepted.length, 45 + 9, 'the batch that had no answer was sent twice')
    assert.deepEqual(api.accepted.slice(27, 36), api.accepted.slice(18, 27), 'under the same ids')
    assert.equal(new Set(api.accepted).size, 45)
    assert.equal(existsSync(`${path}.sending`), false)
  })

  it('says on Ctrl-C how far it got, ends by it, and is gone on with; two never send it at once', async () => {
    api.stumbles.push(null, { status: 500, headers: { 'retry-after': '3600' } })
    const child = start()
    const told = child.stdout.toArray() as Promise<string[]>
    await untilJournal(child)
    const other = await again()
    assert.deepEqual([other.code, JSON.parse(other.stderr).code], [1, 'BEING_SENT'])
    const ended = once(child, 'exit')
    child.kill('SIGINT')
    assert.deepEqual(await ended, [null, 'SIGINT'])
    const report = JSON.parse((await told).join(''))
    assert.deepEqual([report.sent, report.accepted, report.unknown, report.complete], [20, 9, 10, false])

    const { report: whole } = await again()
    assert.deepEqual([whole.resumed_at, whole.accepted, whole.rejected, whole.complete], [10, 45, 5, true])
    assert.deepEqual(usersOf(api.accepted), usersOf(good))
  })

  it('begins at the beginning when the file is another, or when that is asked for', async () => {
    const stop = async () => {
      api.stumbles.push(null, { status: 401 })
      await again()
    }
    await stop()
    await appendFile(path, gzipSync('\n{"client_user_id":"more"}'))
    const changed = await again()
    assert.match(changed.stderr, /sent from its beginning/)
    assert.deepEqual([changed.report.resumed_at, changed.report.accepted], [null, 46])
    await stop()
    const { report } = await again('--restart')
    assert.deepEqual([report.resumed_at, report.accepted, report.rejected], [null, 46, 5])
  })

  it('is no trouble without a journal, and says so of a file that is none', async () => {
    api.stumbles.push(null, { status: 401 })
    await again('--no-journal')
    assert.equal(existsSync(`${path}.sending`), false)
    const { code, stderr } = await again('--journal', path)
    assert.deepEqual([code, JSON.parse(stderr).code], [1, 'BAD_JOURNAL'])
    assert.equal((await readFile(path)).length, gzipSync(lines.join('\n')).length)
  })

  it('loses none when several requests are under way and one of them is refused', async () => {
    api.stumbles.push(null, { status: 401 })
    const { code } = await again('--concurrency', '4')
    assert.equal(code, 1)
    const { report } = await again('--concurrency', '4')
    assert.equal(report.accepted, 45)
    assert.deepEqual(new Set(usersOf(api.accepted)), new Set(usersOf(good)))
    assert.deepEqual(await rejectedLines(report.rejected_file), [4, 14, 24, 34, 44])
  })

  /** Waits until it has met what it waits out, and holds the file. */
  async function untilJournal(child: ChildProcess): Promise<void> {
    while (api.stumbles.length > 0) {
      assert.equal(child.exitCode, null)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
})
