// docs/guides/get-started.md as a newcomer follows it: each command is run as it is printed there, and prints what stands
// below it, where … stands for anything. Only the ports, and the place of the command line, are others than in the guide.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { blocksOf, readGuide } from '../harness/guide.ts'
import { Installation } from '../harness/installation.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
const hasCurl = spawnSync('curl', ['--version']).status === 0
const deadlineMs = 30_000
let server: Installation | null = null
after(() => server?.close())

test('each command prints what the guide says', { skip: hasCurl ? false : 'curl is not installed' }, async () => {
  server = await Installation.open()
  const { dataDir, port, adminPort, output } = server
  const here = (text: string) =>
    text.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`).replaceAll('127.0.0.1:8081', `127.0.0.1:${adminPort}`)
  const [start, welcome, key, ...rest] = blocksOf(readGuide('docs/guides/get-started.md'))
  assert.match(start?.text ?? '', /^git clone REPOSITORY datapulse\ncd datapulse\nnpm ci\nnpm start\n$/)
  assert.match(
    output.join(''),
    printed(
      here(welcome?.text ?? '')
        .replace('events list', 'events list …')
        .replace('data/admin', '…/admin'),
    ),
  )
  const secret = /dp_live_[a-z0-9]+/.exec(output.join(''))?.[0] ?? ''
  assert.equal(key?.text, 'export DATAPULSE_API_KEY=dp_live_…\n')

  const environment = {
    PATH: process.env['PATH'] ?? '',
    DATAPULSE_API_KEY: secret,
    DATAPULSE_DATA_DIR: dataDir,
    DATAPULSE_ADMIN_PORT: String(adminPort),
  }
  let ran = 0
  for (const [i, { fence, text, line }] of rest.entries()) {
    if (fence !== 'sh') continue
    const expected = rest[i + 1]
    assert.equal(expected?.fence, 'text', `the command in line ${line} says what it prints`)
    const command = here(text).replace('npx --no datapulse', `'${process.execPath}' '${cli}'`)
    const wanted = printed(expected?.text ?? '', 'whole')
    // What was just acknowledged is processed a moment later.
    const end = Date.now() + (text.startsWith('npx') ? deadlineMs : 0)
    let stdout = ''
    do stdout = await run(command, environment)
    while (!wanted.test(flat(stdout)) && Date.now() < end)
    assert.match(flat(stdout), wanted, `line ${line}`)
    ran++
  }
  assert.equal(ran, 7)
})

function run(command: string, env: Record<string, string>): Promise<string> {
  return new Promise(resolve => execFile('sh', ['-c', command], { env }, (_, stdout) => resolve(stdout)))
}

/** Cells beside each other, whether in a table of a terminal or between tabs. */
function flat(text: string): string {
  return text
    .replace(/[┌├└].*\n/g, '')
    .replace(/[│\s]+/g, ' ')
    .trim()
}

/** Finds what a guide says is printed; … stands for anything. */
function printed(text: string, extent: 'whole' | 'part' = 'part'): RegExp {
  const parts = flat(text).split('…')
  const said = parts.map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', '\\s+')).join('.*')
  return new RegExp(extent === 'whole' ? `^${said}$` : said, 's')
}
