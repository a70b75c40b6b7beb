// The client as a partner gets it: packed, installed into an empty folder with nothing beside it, type-checked there, and run
// under Node 20, and in a bare context that has the web's globals and nothing of Node, as edge runtimes have. The server is a
// real door. Node 20 is DATAPULSE_TEST_NODE_20, or the `node` of the system where it is one.

import assert from 'node:assert/strict'
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import { buildSync } from 'esbuild'
import { startOwnServer, type TestServer } from '../harness/server.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)
const node20 = findNode20()

const consumer = `
import { DataPulseClient, DataPulseError } from '@datapulse/client'
import { diskSpool } from '@datapulse/client/spool'

const { URL_OF_SERVER: url, KEY: key } = process.env
const user = { client_user_id: 'u1', timestamp: Date.now(), ip_address: '203.0.113.1' }
const client = new DataPulseClient({ url, key })
const bad = await client.track({ event_name: 'deposit', ...user, amount: 1, currency: 'USD' }).catch(error => error)
const good = await Promise.all(Array.from({ length: 100 }, (_, n) => client.track({ event_name: 'level_up', ...user, n })))
client.track({ event_name: 'nobody waits for this' })
const away = new DataPulseClient({ url: 'http://127.0.0.1:1', key, giveUpMs: 1, backoff: { baseMs: 1 } })
away.track({ event_name: 'login', ...user })
away.flush()
const wrong = new DataPulseClient({ url, key: 'dp_live_wrong' })
wrong.track({ event_name: 'login', ...user })
wrong.close()
await client.close()
const spooled = new DataPulseClient({ url, key, spool: diskSpool({ directory: 'spool' }) })
const { status, outcome } = await spooled.track({ event_name: 'login', ...user })
const { kept } = await spooled.close()
console.log(JSON.stringify({
  version: process.version,
  bad: [bad instanceof DataPulseError, bad.code, bad.violations],
  good: good.filter(({ status }) => status === 'accepted').length,
  spooled: [status, (await outcome).status, kept],
}))
`

const typed = `
import { DataPulseClient, DataPulseError, type EventOf, type Notice } from '@datapulse/client'
import { diskSpool } from '@datapulse/client/spool'
const notices: Notice[] = []
const spool = diskSpool({ directory: 'spool' })
const client = new DataPulseClient({ url: '', key: '', spool, onNotice: notice => notices.push(notice), fetch })
const user = { client_user_id: 'u1', timestamp: 1, ip_address: '203.0.113.1' }
const deposit: EventOf<'deposit'> = { event_name: 'deposit', ...user, transaction_id: 't', amount: '1', currency: 'USD' }
export const tracked = [client.track(deposit), client.track({ event_name: 'own', ...user, level: 7 })]
// @ts-expect-error a deposit asks for its money fields
export const missing = client.track({ event_name: 'deposit', ...user })
// @ts-expect-error rules are a closed list
export const rule: 'nonsense' = new DataPulseError('CLOSED', '').violations[0]!.rule
`

describe('the packed client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'datapulse-packed-'))
  let server: TestServer
  before(async () => {
    server = await startOwnServer()
    npm(['pack', '--workspace', 'client', '--pack-destination', folder], root)
    const [tarball = ''] = readdirSync(folder)
    writeFileSync(join(folder, 'package.json'), '{"name":"consumer","private":true,"type":"module"}')
    npm(['install', '--offline', '--no-audit', '--no-fund', join(folder, tarball)], folder)
  })
  after(async () => {
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('brings nothing with it, and leaves the workspace as it was', () => {
    const installed = readdirSync(join(folder, 'node_modules')).filter(name => !name.startsWith('.'))
    assert.deepEqual(installed, ['@datapulse'])
    assert.deepEqual(readdirSync(join(folder, 'node_modules/@datapulse')), ['client'])
    const packed = JSON.parse(readFileSync(join(folder, 'node_modules/@datapulse/client/package.json'), 'utf8'))
    assert.equal(packed.dependencies, undefined)
    const { exports } = JSON.parse(readFileSync(join(root, 'client/package.json'), 'utf8'))
    assert.deepEqual(exports, { '.': './src/index.ts', './spool': './src/spool.ts' })
  })

  it('is typed for whoever has no types of Node, and so are the examples of its README', () => {
    const options = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
    }
    writeFileSync(join(folder, 'consumer.ts'), typed)
    writeFileSync(join(folder, 'readme.ts'), examplesOf(readFileSync(join(root, 'client/README.md'), 'utf8')))
    const project = {
      compilerOptions: { ...options, exactOptionalPropertyTypes: true },
      files: ['consumer.ts', 'readme.ts'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project))
    const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
    assert.equal(status, 0, stdout)
  })

  it('runs under Node 20, and ends no process with what nobody waits for', {
    skip: node20 === null ? 'needs Node 20: DATAPULSE_TEST_NODE_20' : false,
  }, async () => {
    writeFileSync(join(folder, 'consumer.js'), consumer)
    const env = { URL_OF_SERVER: server.url, KEY: server.key }
    const { stdout, stderr } = await run(node20 ?? '', [join(folder, 'consumer.js')], { env, cwd: folder })
    assert.equal(stderr, '')
    const said = JSON.parse(stdout)
    assert.match(said.version, /^v20\./)
    const violation = { field: 'transaction_id', rule: 'required', message: 'transaction_id is required for a deposit' }
    assert.deepEqual(said.bad, [true, 'INVALID_EVENT', [violation]])
    assert.deepEqual([said.good, said.spooled], [100, ['spooled', 'accepted', 0]])
  })

  it('runs where there are the globals of the web and nothing else', async () => {
    const entry = join(folder, 'node_modules/@datapulse/client/dist/index.js')
    const built = buildSync({
      entryPoints: [entry],
      bundle: true,
      format: 'iife',
      globalName: 'datapulse',
      write: false,
    })
    const web = {
      fetch,
      URL,
      TextEncoder,
      TextDecoder,
      AbortController,
      Response,
      Blob,
      CompressionStream,
      performance,
    }
    const context = createContext({
      ...web,
      crypto,
      setTimeout,
      clearTimeout,
      server: { url: server.url, key: server.key },
    })
    runInContext(built.outputFiles[0]?.text ?? '', context)
    const said = await runInContext(
      `(async () => {
        const client = new datapulse.DataPulseClient({ ...server, serverless: true })
        const user = { client_user_id: 'u1', timestamp: 1702963200, ip_address: '203.0.113.1' }
        const all = await Promise.all(Array.from({ length: 50 }, (_, n) => client.track({ event_name: 'x', ...user, n })))
        return JSON.stringify([all.map(({ status }) => status), client.stats().requests, typeof process])
      })()`,
      context,
    )
    assert.deepEqual(JSON.parse(said), [Array.from({ length: 50 }, () => 'accepted'), 1, 'undefined'])
  })
})

function npm(args: string[], cwd: string): void {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Each example in a block of its own, with what it takes for granted. */
function examplesOf(readme: string): string {
  const examples = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, example = '']) => example)
  assert.ok(examples.length >= 4)
  const imports = new Set(examples.flatMap(example => example.match(/^import .*$/gm) ?? []))
  const blocks = examples.map(example => {
    const text = example.replace(/^import .*$/gm, '')
    return `{ ${/^const client\b/m.test(text) ? '' : 'const client = given;'}\n${text}\n}`
  })
  const granted = `
    import type { AnyEvent, Notice } from '@datapulse/client'
    declare const given: DataPulseClient
    declare const url: string
    declare const key: string
    declare const event: AnyEvent
    declare const eventsOfYesterday: AnyEvent[]
    declare const logger: Record<Notice['level'], (notice: Notice, message: string) => void>
    declare const console: { error(...words: unknown[]): void }`
  return [...imports, granted, ...blocks].join('\n')
}

/** The project's own Node comes first in the PATH of its scripts: the system's is behind it. */
function findNode20(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(folder => !folder.includes('node_modules'))
  const named = process.env['DATAPULSE_TEST_NODE_20']
  const found = named === undefined ? folders.map(folder => join(folder, 'node')) : [named]
  const isNode20 = (path: string) => spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('v20.')
  return found.find(path => existsSync(path) && isNode20(path)) ?? null
}
