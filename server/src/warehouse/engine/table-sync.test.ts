// What kill -9 cannot show: that a table which was built beside another is wholly on disk before it takes its place, and
// that what was deleted stays deleted. The engine is traced; when the names are exchanged, and when a deletion is
// answered, no directory of a table may hold a name, and no file bytes, that were not synced since.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { type EngineProcess, startEngine } from '../testing/engine-process.ts'
import { eventRow, madeLoad, uuidOf } from '../testing/made-loads.ts'
import type { Warehouse } from '../warehouse.ts'

const skip = spawnSync('strace', ['-V']).status === 0 ? false : 'strace is not installed'
const mayMs = Date.UTC(2026, 4, 10)
const juneMs = Date.UTC(2026, 5, 10)
let engine: EngineProcess
let warehouse: Warehouse

before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
})

after(async () => {
  await warehouse.close()
  await engine.remove()
})

test('a table is wholly on disk before it takes the place of another', { skip }, async () => {
  const rows = [mayMs, juneMs].flatMap(receivedMs =>
    [1, 2, 3].map(n => eventRow({ receivedMs, requestId: uuidOf(`synced ${receivedMs} ${n}`) }, { name: 'login' })),
  )
  await warehouse.loading.load(madeLoad(1, rows))
  const traced = await trace()
  // June is made anew but for its first event, which is copied; May is shared.
  const range = { fromMs: juneMs + 1, toMs: juneMs + 1_000 }
  const begun = await warehouse.rebuilding.beginRebuild(range, { id: 'one', startedMs: 1 })
  await warehouse.rebuilding.swapRebuilt(range, begun)

  const { exchanges, changes, unsynced } = read(await traced.end())
  assert.equal((await warehouse.listEvents({ limit: 100 })).rows.length, 6)
  assert.equal(exchanges, 1)
  assert.ok(changes > 20, `the trace has ${changes} changes`)
  assert.deepEqual(unsynced, [])
})

test('what is deleted is gone on disk when the deletion is answered', { skip }, async () => {
  const receivedMs = juneMs + 5_000
  const rows = ['ada', 'bob'].map(userId =>
    eventRow({ receivedMs, requestId: uuidOf(`deleted ${userId}`) }, { name: 'login', userId }),
  )
  await warehouse.loading.load(madeLoad(2, rows))
  const traced = await trace()
  assert.deepEqual(await warehouse.erasing.eraseUser('demo', 'ada'), { stored: 1, duplicate: 0 })
  const { changes, unsynced } = read(await traced.end())
  assert.ok(changes > 10, `the trace has ${changes} changes`)
  assert.deepEqual(unsynced, [])
})

async function trace(): Promise<{ end(): Promise<string> }> {
  const path = join(dirname(engine.dir), 'trace')
  const calls = 'trace=fsync,fdatasync,write,pwrite64,writev,mkdir,mkdirat,rename,renameat,renameat2,link,linkat'
  const tracer = spawn('strace', ['-f', '-y', '-s', '300', '-e', calls, '-o', path, '-p', String(engine.pid())], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let told = ''
  tracer.stderr.on('data', chunk => (told += String(chunk)))
  while (!told.includes('attached')) await once(tracer.stderr, 'data')
  return {
    async end() {
      const ended = once(tracer, 'exit')
      tracer.kill('SIGKILL')
      await ended
      return readFileSync(path, 'utf8')
    },
  }
}

type Found = { exchanges: number; changes: number; unsynced: string[] }

/** Follows the trace, up to an exchange if there is one: which files and directories of tables have changed and are not synced. */
function read(text: string): Found {
  const dirty = new Set<string>()
  const found: Found = { exchanges: 0, changes: 0, unsynced: [] }
  const begun = new Map<string, string>()
  const changed = (path: string) => {
    if (!path.includes('/store/')) return
    found.changes += 1
    dirty.add(path)
  }
  for (const entry of text.split('\n')) {
    const [pid = ''] = entry.split(' ')
    // A call that another thread's came between is told in two pieces.
    const isBegun = entry.includes('<unfinished ...>')
    if (isBegun) begun.set(pid, entry.replace(' <unfinished ...>', ''))
    const resumed = /<\.\.\. \w+ resumed>(.*)$/.exec(entry)
    const line = resumed === null ? entry : (begun.get(pid) ?? '') + (resumed[1] ?? '')
    if (isBegun || !/= \d+$/.test(line.replace(/<[^>]*>$/, ''))) continue
    const [, call = '', rest = ''] = /^\d+\s+(\w+)\((.*)$/.exec(line) ?? []
    const names = [...rest.matchAll(/"([^"]*)"/g)].map(([, name = '']) => name.replace(/\/$/, ''))
    const onFile = /^\d+<([^>]*)>/.exec(rest)?.[1]?.replace(/\/$/, '')
    if (rest.includes('RENAME_EXCHANGE')) {
      // A new description of a table takes the place of the one before in the same way.
      const isOfTables = names.every(name => name.endsWith('.sql'))
      if (isOfTables) {
        found.exchanges += 1
        break
      }
      for (const name of names) changed(dirname(name))
      continue
    }
    if (/sync/.test(call) && onFile !== undefined) dirty.delete(onFile)
    else if (/write/.test(call) && onFile !== undefined) changed(onFile)
    else if (/mkdir/.test(call)) for (const name of names) changed(dirname(name))
    else if (/link/.test(call)) changed(dirname(names[1] ?? ''))
    else if (/rename/.test(call)) {
      const [from = '', to = ''] = names
      for (const path of dirty)
        if (path === from || path.startsWith(`${from}/`)) {
          dirty.delete(path)
          dirty.add(to + path.slice(from.length))
        }
      changed(dirname(to))
    }
  }
  found.unsynced = [...dirty].toSorted()
  return found
}
