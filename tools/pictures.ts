// Makes the README's pictures of the console anew, as the browser's tests see it with their traffic: `node tools/pictures.ts`.
// Needs Chromium.

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const taker = 'test/browser/console.test.ts'
/** Those of the tests that take the pictures, and sign in for them. */
const taking = 'signs in|every page in English'
const pictures = ['overview', 'events', 'live']
const bytesMax = 150_000

const folder = mkdtempSync(join(tmpdir(), 'datapulse-pictures-'))
try {
  const environment = { ...process.env, DATAPULSE_TEST_SHOTS: folder }
  const args = ['--test', '--test-name-pattern', taking, taker]
  const { status } = spawnSync(process.execPath, args, { cwd: root, env: environment, stdio: 'inherit' })
  if (status !== 0) throw new Error('The tests that take the pictures failed.')
  for (const name of pictures) {
    const picture = join(folder, `en-1280-${name}.png`)
    const { size } = statSync(picture)
    if (size > bytesMax) throw new Error(`The picture of ${name} must have at most ${bytesMax} bytes: got ${size}.`)
    copyFileSync(picture, join(root, `docs/images/console-${name}.png`))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
