// What kill -9 cannot show: that a 200 leaves only after the log's bytes are synced. The api's process is traced; for every
// 200 that it writes to a connection, the last write to the log's files must have been followed by a sync of the same file.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Installation, until } from '../harness/installation.ts'
import { deposit } from '../harness/traffic.ts'

const skip = spawnSync('strace', ['-V']).status === 0 ? false : 'strace is not installed'
const place = mkdtempSync(join(tmpdir(), 'datapulse-trace-'))
let installation: Installation | null = null
after(async () => {
  await installation?.close()
  rmSync(place, { recursive: true, force: true })
})

test('no 200 leaves before the sync of what it acknowledges', { skip }, async () => {
  installation = await Installation.open()
  const server = installation
  const key = await server.key('trace')
  const trace = join(place, 'trace')
  const calls = 'trace=fsync,fdatasync,pwrite64,pwritev,write,writev,sendto,sendmsg'
  const tracer = spawn('strace', ['-f', '-yy', '-s', '40', '-e', calls, '-o', trace, '-p', String(server.pids().api)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let told = ''
  tracer.stderr.on('data', chunk => (told += String(chunk)))
  await until('the tracer is attached', () => told.includes('attached'))
  for (let i = 0; i < 25; i++)
    assert.equal((await server.post('/v2/s2s/event', key, JSON.stringify(deposit(`one-${i}`)))).status, 200)
  // Other roles ask the api too, now and then: what it tells them over its own socket is no reply to a partner.
  assert.equal((await server.admin('/api/status')).status, 200)
  await Promise.all(
    Array.from({ length: 40 }, async (_, i) =>
      assert.equal((await server.post('/v2/s2s/event', key, JSON.stringify(deposit(`many-${i}`)))).status, 200),
    ),
  )
  const ended = new Promise(resolve => tracer.once('exit', resolve))
  tracer.kill('SIGINT')
  await ended
  const { replies, early } = read(readFileSync(trace, 'utf8'))
  assert.equal(replies, 65)
  assert.deepEqual(early, [])
})

/** Follows the trace: which log files have writes that are not synced yet, and which replies left meanwhile. */
function read(trace: string): { replies: number; early: string[] } {
  const syncedSince = new Map<string, boolean>()
  let replies = 0
  let syncs = 0
  let syncsAtLastWave = 0
  const early: string[] = []
  const unfinished = new Map<string, string>()
  for (const line of trace.split('\n')) {
    const pid = line.split(' ')[0] as string
    const logFile = /(?:pwrite64|pwritev|write|writev)\(\d+<([^>]*\/log\/[^>]*)>/.exec(line)?.[1]
    if (logFile !== undefined && !/-shm|consumed|lock/.test(logFile)) syncedSince.set(logFile, false)
    const sync = /(?:fsync|fdatasync)\(\d+<([^>]*\/log\/[^>]*)>(.*)$/.exec(line)
    if (sync !== null && /unfinished/.test(sync[2] as string)) unfinished.set(pid, sync[1] as string)
    else if (sync !== null && /= 0/.test(sync[2] as string)) synced(sync[1] as string)
    const resumed = /<\.\.\. (?:fsync|fdatasync) resumed>.*= 0/.test(line) ? unfinished.get(pid) : undefined
    if (resumed !== undefined) synced(resumed)
    if (!/<TCP:.*"HTTP\/1\.1 200 OK/.test(line)) continue
    replies++
    if (syncs === syncsAtLastWave && replies <= 25)
      early.push(`no sync between two replies that came one after the other: ${line}`)
    syncsAtLastWave = syncs
    // One request at a time: nothing may be written and not yet synced when its reply leaves.
    if (replies <= 25)
      for (const [file, isSynced] of syncedSince) if (!isSynced) early.push(`${file} was not synced before: ${line}`)
  }
  return { replies, early }

  function synced(file: string): void {
    syncs++
    syncedSince.set(file, true)
  }
}
