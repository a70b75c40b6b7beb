// Secrets stay where they belong: in a data directory that others can look into, no file is readable by them, and
// neither a key nor the admin token is anywhere on the disk or in the output, but for admin-token and the welcome.

import assert from 'node:assert/strict'
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, test } from 'node:test'
import { Installation, until } from '../harness/installation.ts'
import { deposit } from '../harness/traffic.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'datapulse-secrets-'))
let installation: Installation | null = null
after(async () => {
  await installation?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

test('nothing that a server keeps is readable by others, and no secret is kept or printed', async () => {
  chmodSync(dataDir, 0o755)
  installation = await Installation.open({ dataDir })
  const server = installation
  await until('the welcome is printed', () => server.output.join('').includes('curl -X POST'))
  const shown = /dp_live_\w+/.exec(server.output.join(''))?.[0] as string
  const made = await server.key('secrets')
  await until('the key is known', async () => {
    const reply = await server.post('/v2/s2s/event', made, JSON.stringify(deposit('s-1')))
    return reply.status === 200
  })
  assert.equal((await server.post('/v2/s2s/event', `${made}x`, JSON.stringify(deposit('s-2')))).status, 401)
  await server.drained()

  const said = server.output.join('')
  assert.equal(
    said.split(shown).length - 1,
    2,
    'the demo key is printed by the welcome alone, alone and in its curl line',
  )
  const token = server.adminToken
  for (const secret of [made, token]) assert.ok(!said.includes(secret))
  // By what follows the prefix, which may be shown.
  const secrets = [shown, made].map(key => key.slice(20))
  await server.stop()

  const found = entries(dataDir)
  assert.ok(found.length > 20)
  for (const path of found) {
    const { mode } = lstatSync(path)
    assert.equal(mode & 0o077, 0, `${relative(dataDir, path)} has mode ${(mode & 0o777).toString(8)}`)
    if (!lstatSync(path).isFile()) continue
    const bytes = readFileSync(path)
    for (const secret of secrets) assert.ok(!bytes.includes(secret), `${relative(dataDir, path)} holds a key`)
    if (relative(dataDir, path) !== 'admin-token')
      assert.ok(!bytes.includes(token), `${relative(dataDir, path)} holds the token`)
  }
})

/** All files and folders below a folder; links, which have no mode of their own, are left out. */
function entries(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(name => join(folder, name))
    .filter(path => !lstatSync(path).isSymbolicLink())
}
