// A data directory that cannot be is told in words, before anything is made; one that can be is made.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { dataDirProblem, makeDataDir } from './made-directory.ts'

const root = mkdtempSync(join(tmpdir(), 'datapulse-dir-'))
after(() => rmSync(root, { recursive: true }))

/** What a user whom permissions bind is told; the code is loaded before that user takes over. */
function askedByNobody(...dirs: string[]): unknown {
  const code = `
    const { dataDirProblem } = await import(${JSON.stringify(import.meta.resolve('./made-directory.ts'))})
    if (process.getuid() === 0) process.setuid(65534)
    console.log(JSON.stringify(${JSON.stringify(dirs)}.map(dataDirProblem)))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }))
}

test('a directory is made, with those above it, and may be there already', () => {
  const dir = join(root, 'a/b/c')
  assert.equal(dataDirProblem(dir), null)
  assert.ok(!existsSync(join(root, 'a')), 'a look makes nothing')
  assert.equal(makeDataDir(dir), null)
  assert.ok(statSync(dir).isDirectory())
  assert.equal(makeDataDir(dir), null)
})

test('a file, or a place below one, is no data directory', () => {
  writeFileSync(join(root, 'file'), '')
  assert.equal(dataDirProblem(join(root, 'file')), 'which is a file')
  assert.equal(dataDirProblem(join(root, 'file/below')), 'which is below a file')
  assert.equal(makeDataDir(join(root, 'file')), 'which is a file')
  symlinkSync(join(root, 'nowhere'), join(root, 'dangling'))
  assert.equal(makeDataDir(join(root, 'dangling')), 'where no directory can be made (EEXIST)')
})

test('a place that this user may not write to is none', () => {
  const locked = join(root, 'locked')
  makeDataDir(locked)
  chmodSync(root, 0o755)
  chmodSync(locked, 0o555)
  const found = askedByNobody(locked, join(locked, 'x/y'))
  chmodSync(locked, 0o755)
  assert.deepEqual(found, ['which this user may not write to', 'which this user may not write to'])
})

test('where the system makes no directories it says so at once', {
  skip: existsSync('/proc/self') ? false : 'no /proc',
}, () => {
  assert.match(makeDataDir('/proc/datapulse/deep') ?? '', /^(where no directory can be made|which this user may not)/)
})
