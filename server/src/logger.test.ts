// The end of a process: what was logged is written first, and a reader that takes nothing holds it up for a moment only.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLogger } from './logger.ts'

/** Six times what a pipe holds; little enough for a reader on a busy machine to take it within the half second. */
const lines = 2_000
if (process.argv[2] === 'log') {
  const logger = openLogger({ role: 'api', level: 'info', format: 'json' })
  for (let i = 0; i < lines; i++) logger.info({ i, text: 'x'.repeat(100) }, 'a line')
  setTimeout(() => logger.end(7), 100)
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

  test('all that was logged is written before the process ends with its code', () => {
    const ran = spawnSync(process.execPath, [import.meta.filename, 'log'], { encoding: 'utf8', maxBuffer: 1e8 })
    assert.equal(ran.status, 7)
    assert.equal(ran.stdout.split('\n').filter(line => line.includes('a line')).length, lines)
  })

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
