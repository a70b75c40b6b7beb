// What kill -9 cannot show: that a backup has its manifest, and a restored directory loses its mark, only after every file
// and folder of it was synced. Both are traced.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Installation, until } from '../harness/installation.ts'
import { deposit } from '../harness/traffic.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
const skip = spawnSync('strace', ['-V']).status === 0 ? false : 'strace is not installed'
const root = mkdtempSync(join(tmpdir(), 'datapulse-trace-'))
const copy = join(root, 'copy')
const back = join(root, 'back')
const calls = 'trace=fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat'
let installation: Installation | null = null
after(async () => {
  await installation?.close()
  rmSync(root, { recursive: true, force: true })
})

test('a backup is synced before it has a manifest', { skip }, async () => {
  const server = await Installation.open()
  installation = server
  const key = await server.key('trace')
  for (let i = 0; i < 3; i++)
    assert.equal((await server.post('/v2/s2s/event', key, JSON.stringify(deposit(`one-${i}`)))).status, 200)
  await server.drained()
  const trace = join(root, 'backup.trace')
  const tracer = spawn('strace', ['-f', '-y', '-e', calls, '-o', trace, '-p', String(server.pids().pipeline)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let told = ''
  tracer.stderr.on('data', chunk => (told += String(chunk)))
  await until('the tracer is attached', () => told.includes('attached'))
  const place = ['--data-dir', server.dataDir, '--url', server.adminUrl]
  const made = spawnSync(process.execPath, [cli, 'backup', '--to', copy, ...place], { encoding: 'utf8' })
  assert.equal(made.status, 0, made.stderr)
  tracer.kill('SIGINT')
  await once(tracer, 'exit')
  const { synced, syncedAfter } = read(trace, line => line.includes('rename') && line.includes('manifest.json"'))
  const wanted = everything(copy).filter(path => !path.endsWith('/manifest.json'))
  assert.ok(wanted.length > 50)
  assert.deepEqual(
    wanted.filter(path => !synced.has(path)),
    [],
  )
  assert.ok(synced.has(root), 'its own name')
  assert.ok(syncedAfter.has(copy), 'the name of the manifest')
})

test('what is restored is synced before its mark is removed', { skip }, () => {
  const trace = join(root, 'restore.trace')
  const args = [
    '-f',
    '-y',
    '-e',
    calls,
    '-o',
    trace,
    process.execPath,
    cli,
    'restore',
    '--from',
    copy,
    '--data-dir',
    back,
  ]
  const made = spawnSync('strace', args, { encoding: 'utf8' })
  assert.equal(made.status, 0, made.stderr)
  const { synced, syncedAfter } = read(trace, line => line.includes('unlink') && line.includes('/restoring"'))
  assert.deepEqual(
    everything(back).filter(path => !synced.has(path)),
    [],
  )
  assert.ok(syncedAfter.has(back), 'that the mark is gone')
})

/** A folder and all files and folders below, each by its real path: ClickHouse has links beside. */
function everything(dir: string): string[] {
  const below = readdirSync(dir, { recursive: true, encoding: 'utf8' }).map(name => realpathSync(join(dir, name)))
  return [...new Set([dir, ...below])]
}

/** Paths whose sync had come to its end before the line, and after it. */
function read(path: string, isLine: (line: string) => boolean): Record<'synced' | 'syncedAfter', Set<string>> {
  const lines = readFileSync(path, 'utf8').split('\n')
  const at = lines.findIndex(isLine)
  assert.ok(at > 0, 'the trace has the line')
  const unfinished = new Map<string, string>()
  const syncsOf = (some: string[]) => {
    const found = new Set<string>()
    for (const line of some) {
      const pid = line.split(' ')[0] as string
      const [, file, rest] = /(?:fsync|fdatasync)\(\d+<([^>]*)>(.*)$/.exec(line) ?? []
      if (file !== undefined && rest?.includes('unfinished')) unfinished.set(pid, file)
      else if (file !== undefined && rest?.includes('= 0')) found.add(file)
      if (/<\.\.\. (?:fsync|fdatasync) resumed>.*= 0/.test(line)) found.add(unfinished.get(pid) ?? '')
    }
    return found
  }
  return { synced: syncsOf(lines.slice(0, at)), syncedAfter: syncsOf(lines.slice(at)) }
}
