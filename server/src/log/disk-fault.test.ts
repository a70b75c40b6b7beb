// SQLite itself meets a failing disk: a file-size limit of the system makes its writes fail in the middle of a
// commit. Nothing acknowledged is lost, nothing refused is read, and the log goes on by itself in a new segment.

import assert from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { append, keepingLogger, limits, logFolder, readAll, recordOf, until } from './fixtures.ts'
import { openLogReader, openLogWriter } from './log.ts'

if (process.argv[2] === 'write') {
  await write(process.argv[3]!)
} else if (process.platform === 'win32') {
  await test('writes that fail', { skip: 'no file-size limits here' }, () => {})
} else {
  await test('a write that fails in the middle of a commit costs that commit and no other', writeFails)
}

async function write(dir: string): Promise<void> {
  process.on('SIGXFSZ', () => {})
  const writer = await openLogWriter({ dir, limits, now: Date.now, logger: keepingLogger(), freeBytesMin: 0 })
  const outcomes: string[] = []
  for (let i = 0; i < 12; i++) {
    const fault = await append(writer, recordOf(`r${i}`, 20_000))
    outcomes.push(fault?.code ?? 'kept')
    if (fault !== null) await until(() => writer.status().refusing === null)
  }
  await writer.close()
  console.log(JSON.stringify(outcomes))
}

async function writeFails(t: TestContext): Promise<void> {
  const dir = await logFolder(t)
  // In blocks of 512 bytes: below the size at which a segment of these limits is full.
  const command = 'ulimit -f 400 && exec "$0" "$@"'
  const child = spawn('sh', ['-c', command, process.execPath, import.meta.filename, 'write', dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', chunk => {
    output += String(chunk)
  })
  await once(child, 'close')
  const outcomes: string[] = JSON.parse(output)
  assert.ok(outcomes.includes('LOG_IO'), 'the limit was met')
  const reader = await openLogReader({ dir, logger: keepingLogger() })
  t.after(() => reader.close())
  const { records, damage } = await readAll(reader)
  assert.deepStrictEqual(damage, [])
  assert.deepStrictEqual(
    records.map(record => record.requestId),
    outcomes.flatMap((outcome, i) => (outcome === 'kept' ? [`r${i}`] : [])),
  )
}
