// The end of a process: what was logged is written first, in its order, and a reader that takes nothing holds it up for a
// moment only.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { test } from 'node:test'
import { openLogger } from './logger.ts'

/** Six times what a pipe holds. */
const lines = 2_000
/** Enough for any reader that takes something. */
const patientMs = 60_000
if (process.argv[2] === 'log') {
  const endMsMax = process.argv[3] === 'patiently' ? { endMsMax: patientMs } : {}
  const logger = openLogger({ role: 'api', level: 'info', format: 'json', ...endMsMax })
  for (let i = 0; i < lines; i++) logger.info({ i, text: 'x'.repeat(100) }, 'a line')
  setTimeout(() => {
    process.stderr.write('it ends')
    logger.end(7)
  }, 100)
} else if (process.argv[2] === 'evil') {
  const logger = openLogger({ role: 'api', level: 'info', format: 'pretty' })
  logger.info({ path: '/\u001b[2J\\u001b\r\u009b\u202e' }, 'evil \u001b]0;x\u0007\u2066')
} else {
  test('what was sent cannot move a terminal on which lines for people are printed', () => {
    const { stdout } = spawnSync(process.execPath, [import.meta.filename, 'evil'], { encoding: 'utf8' })
    assert.match(stdout, /evil ␛]0;x␇·/)
    assert.match(stdout, /\/␛\[2J\\+u001b␍··/)
    assert.doesNotMatch(stdout, /[^\P{Cc}\n]|[\u202e\u2066]/u)
  })

  // What a program of Node's gives is a socket.
  for (const [what, isPipe] of [
    ['pipe', true],
    ['socket', false],
  ] as const) {
    const skip = process.platform === 'win32'
    test(`all that was logged is written in order before the end: to a ${what} whose reader begins late`, {
      skip,
    }, async () => {
      const words = [process.execPath, import.meta.filename, 'log', 'patiently']
      const [program = '', ...args] = isPipe ? ['sh', '-c', '{ "$@"; echo $? >&2; } | cat', 'sh', ...words] : words
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      const [said, ended] = [textOf(child.stderr), once(child, 'close')]
      await once(child.stderr, 'data')
      const written = textOf(child.stdout)
      const [code] = await ended
      assert.equal(isPipe ? said() : `${said()}${code}`, isPipe ? 'it ends7\n' : 'it ends7')
      const numbers = written()
        .split('\n')
        .filter(Boolean)
        .map(line => (JSON.parse(line) as { i: number }).i)
      assert.deepEqual(
        numbers,
        Array.from({ length: lines }, (_, i) => i),
      )
    })
  }

  test('a full pipe that nobody reads does not hold up the end', { skip: process.platform === 'win32' }, async t => {
    const dir = mkdtempSync(join(tmpdir(), 'logger-'))
    const full = `mkfifo "${dir}/full" && exec 3<>"${dir}/full" && head -c 65536 /dev/zero >&3 && exec "$0" "$@" >&3`
    const child = spawn('sh', ['-c', full, process.execPath, import.meta.filename, 'log'], { stdio: 'inherit' })
    t.after(() => {
      child.kill('SIGKILL')
      rmSync(dir, { recursive: true })
    })
    const code = await Promise.race([
      new Promise(resolve => child.once('exit', resolve)),
      new Promise(resolve => setTimeout(resolve, 10_000, 'still there').unref()),
    ])
    assert.equal(code, 7)
  })
}

function textOf(stream: Readable): () => string {
  let text = ''
  stream.on('data', chunk => void (text += String(chunk)))
  return () => text
}
