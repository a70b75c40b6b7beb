// A writer in a process of its own, killed while it works: what it acknowledged is there, in order, once; a reader
// beside it follows all the while, and never sees what a later start denies.

import assert from 'node:assert'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { append, keepingLogger, limits, logFolder, recordOf, writerIn } from './fixtures.ts'
import { openLogReader, openLogWriter } from './log.ts'

if (process.argv[2] === 'write') {
  await write(process.argv[3]!, process.argv[4]!)
} else {
  await testCrashes()
}

/** Appends without end from 16 appenders, and tells the parent of each acknowledgement. */
async function write(dir: string, round: string): Promise<void> {
  process.on('disconnect', () => process.exit())
  const options = { dir, limits: { ...limits, segmentBytesMax: 400_000 }, lockWaitMs: 5_000 }
  const writer = await openLogWriter({ ...options, now: Date.now, logger: keepingLogger(), freeBytesMin: 0 })
  let sent = 0
  const next = () => {
    const name = `${round}-${sent++}`
    writer.append(recordOf(name, 200 + (sent % 50) * 100), fault => {
      if (fault === null) process.send!(name)
      next()
    })
  }
  for (let i = 0; i < 16; i++) next()
}

async function testCrashes(): Promise<void> {
  await test('kill -9 while it writes, four times: every acknowledged record is there once', async t => {
    const dir = await logFolder(t)
    const acknowledged: string[] = []
    const followed: string[] = []
    const reader = await openLogReader({ dir, logger: keepingLogger() })
    t.after(() => reader.close())
    let at = 0
    let following = Promise.resolve()
    const follow = async () => {
      const { records, damage, next } = await reader.read(at, { recordsMax: 1000, bytesMax: 1e6 })
      assert.deepStrictEqual(damage, [])
      followed.push(...records.map(record => record.requestId))
      at = next
    }
    for (let round = 0; round < 4; round++) {
      const child = fork(import.meta.filename, ['write', dir, String(round)], { execArgv: [] })
      t.after(() => child.kill('SIGKILL'))
      const enough = 150 + round * 37
      let heard = 0
      await new Promise<void>(resolve => {
        child.on('message', name => {
          acknowledged.push(name as string)
          if (++heard === enough) resolve()
          // One after the other: several messages may come in one turn.
          if (heard % 40 === 0) following = following.then(follow)
        })
      })
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
    const writer = await writerIn(t, dir)
    assert.strictEqual(await append(writer, recordOf('last')), null)
    const { head, damage } = writer.status()
    assert.deepStrictEqual(damage, [])
    await following
    while (at < head.offset) await follow()
    assert.strictEqual(new Set(followed).size, followed.length, 'a record came twice')
    const there = new Set(followed)
    assert.deepStrictEqual(
      acknowledged.filter(name => !there.has(name)),
      [],
    )
    const fresh = await openLogReader({ dir, logger: keepingLogger() })
    t.after(() => fresh.close())
    const again: string[] = []
    for (let next = 0; next < head.offset; ) {
      const result = await fresh.read(next, { recordsMax: 500, bytesMax: 1e6 })
      again.push(...result.records.map(record => record.requestId))
      next = result.next
    }
    assert.deepStrictEqual(again, followed, 'what was followed live is what is there')
  })
}
