// No command lets outside text move a terminal: each is run on one, against a server all of whose texts are hostile, the
// texts of its refusals too, and with hostile arguments. A command that is not tried here fails the test.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { makeFakes, startMs } from '../../server/src/web/fakes.ts'
import { openWeb, type Web } from '../../server/src/web/web.ts'
import { openOutput } from './output.ts'
import { buildProgram, everyCommand } from './program.ts'
import { readEnvironment } from './settings.ts'
import { openPublicApi, type PublicApi } from './testing/public-api.ts'
import { run } from './testing/run.ts'

const evil = '\u001b]0;title\u0007\u001b[2J\u009b31m\r\u0008\u202e\u2066\u061c\u200f\u{e0041}\u007f'
/** Whatever a terminal would do something for; the colours that are ours are taken away first. */
const harmful = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u
// oxlint-disable-next-line no-control-regex
const ours = /\u001b\[\d+m|\r\u001b\[2K|\r?\n/g
/** What commands go by. */
const words = new Set(['state', 'verdict', 'chain', 'status', 'warehouse', 'columns', 'code', 'after', 'next', 'key'])

/** Nothing from outside is in what they say here. */
const saysNothing = ['status', 'rates import', 'generate', 'report late', 'send']

/** They become the server program. */
const notOurs = ['serve', 'restore', 'migrate']

const commands: Record<string, string[]> = {
  doctor: ['--timeout', '1'],
  diagnostics: ['--product', 'demo'],
  status: [],
  'products list': [],
  'products create': ['made'],
  'products update': ['demo', '--retention', '30'],
  'keys create': ['--product', 'demo', '--name', 'x'],
  'keys list': [],
  'keys usage': ['--product', 'demo'],
  'keys update': ['key_1', '--name', 'y'],
  'keys revoke': ['key_1'],
  'events list': ['--raw'],
  tail: ['--last', '3', '--limit', '1', '--raw'],
  counts: [],
  'receipts show': ['0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55'],
  'duplicates list': [],
  'duplicates resolve': ['0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55', '--stands', 'later', '--reason', 'r'],
  'parked list': [],
  'rejected list': [],
  'rejected requests': [],
  'rejected rules': [],
  'rejected show': ['0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55'],
  replay: ['0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55', '--dry-run'],
  'rates import': ['FILE'],
  'rates list': [],
  'rates show': ['2026-06'],
  reprocess: ['--from', '2d', '--to', '1d'],
  'users erase': ['--product', 'demo', '--user', 'u'],
  'users erasures': [],
  'viewers create': ['x'],
  'viewers list': [],
  'viewers remove': ['viewer_1'],
  'audit list': [],
  'audit verify': [],
  backup: ['--to', '/backups/1'],
  send: ['FILE', '--no-journal'],
  generate: ['--events', '3'],
}

describe('on a terminal', () => {
  let web: Web
  let proxy: Server
  let api: PublicApi
  let folder = ''
  /** Refuses everything with hostile words when true. */
  let refuses = false
  before(async () => {
    const now = () => startMs + 60_000
    const logger = { info() {}, warn() {}, error() {} }
    web = await openWeb({ port: 0, host: '127.0.0.1', token: 'a-token', needs: makeFakes(3).needs, now, logger })
    api = await openPublicApi()
    folder = await mkdtemp(join(tmpdir(), 'datapulse-hostile-'))
    proxy = createServer((request, reply) => {
      void (async () => {
        const chunks: Uint8Array[] = []
        for await (const chunk of request) chunks.push(chunk as Uint8Array)
        const { method = 'GET', url = '' } = request
        const headers = { authorization: 'Bearer a-token', 'content-type': 'application/json' }
        const body = method === 'GET' ? {} : { body: Buffer.concat(chunks) }
        const found = await fetch(`http://127.0.0.1:${web.port}${url}`, { method, headers, ...body })
        const told = refuses ? { code: 'X', message: '', problems: [{ name: '', message: '' }] } : await found.json()
        reply.statusCode = refuses ? 409 : found.status
        reply.end(JSON.stringify(hostile(told)))
      })()
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    // It finds its own way to refuse what has no user.
    const badName = `{"${JSON.stringify(evil).slice(1, -1)}":1}\n${evil}\n`
    await writeFile(join(folder, 'events'), badName)
    await writeFile(join(folder, 'rates'), '{"month":"2026-06"}')
  })
  after(async () => {
    proxy.closeAllConnections()
    proxy.close()
    await web.close(0)
    await api.close()
    await rm(folder, { recursive: true })
  })

  const askOn = async (name: string, args: string[]) => {
    const files: Record<string, string> = { send: join(folder, 'events'), 'rates import': join(folder, 'rates') }
    const known = args.map(arg => (arg === 'FILE' ? files[name]! : arg))
    const { port } = proxy.address() as AddressInfo
    const where = {
      adminUrl: `http://127.0.0.1:${port}`,
      apiUrl: api.url,
      apiKey: 'dp_test_good',
      adminToken: 'a-token',
    }
    return run([...name.split(' '), ...known], where, true)
  }
  const check = (name: string, text: string) => {
    const rest = text.replace(ours, '')
    assert.doesNotMatch(rest, harmful, `${name}: ${JSON.stringify(rest)}`)
  }

  it('every command is tried, and has --json', () => {
    const output = openOutput({ write() {} }, { write() {} })
    const names: string[] = []
    const program = buildProgram({ output, environment: readEnvironment({}) }, () => {})
    everyCommand(program, command => {
      if (command.commands.length > 0 || command.parent === null) return
      const { parent } = command
      names.push(parent === program ? command.name() : `${parent.name()} ${command.name()}`)
      // What `serve` prints is the server's log, whose format is its own option.
      const hasJson = command.options.some(({ long }) => long === '--json')
      assert.equal(hasJson, command.name() !== 'serve', command.name())
    })
    const reports = names.filter(name => name.startsWith('report '))
    for (const name of reports) commands[name] = ['--product', 'demo', '--from', '2026-06-01', '--to', '2026-06-02']
    assert.deepEqual(names.toSorted(), [...Object.keys(commands), ...notOurs].toSorted())
  })

  it('what a server says moves nothing, and is seen', async () => {
    for (const [name, args] of Object.entries(commands)) {
      const ran = await askOn(name, args)
      check(name, ran.stdout + ran.stderr)
      assert.equal((ran.stdout + ran.stderr).includes('␛'), !saysNothing.includes(name), name)
    }
    assert.match((await askOn('events list', ['--limit', '1'])).stdout, /␛\]0;title␇␛\[2J<U\+009B>31m␍␈<U\+202E>/)
    const csv = ['--product', 'demo', '--from', '2026-06-01', '--to', '2026-06-02', '--csv']
    check('csv', (await askOn('report games', csv)).stdout)
    const json = await askOn('events list', ['--json', '--limit', '1'])
    check('json', json.stdout)
    assert.ok(JSON.parse(json.stdout)[0].client_user_id.endsWith(evil), 'JSON keeps the value')
  })

  it('neither does what it refuses with, nor what was asked', async () => {
    refuses = true
    for (const [name, args] of Object.entries(commands)) {
      const ran = await askOn(name, args)
      check(name, ran.stdout + ran.stderr)
    }
    refuses = false
    for (const name of Object.keys(commands)) {
      const ran = await askOn(name, [evil, `--${evil}`])
      assert.notEqual(ran.code, 0)
      check(name, ran.stdout + ran.stderr)
    }
    check('unknown', (await askOn(evil, [])).stderr)
    for (const option of ['--key-file', '--journal', '--rejected', '--encoding', '--map', '--api-url'])
      check(option, Object.values(await askOn('send', ['FILE', option, `${folder}/${evil}/x`])).join(''))
  })
})

function hostile(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return words.has(name) || /^\d{4}-\d\d/.test(value) ? value : value + evil
  if (Array.isArray(value)) return value.map(one => hostile(one, name))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, hostile(one, name)]))
}
