// The programs of docs/guides/send-from-your-language.md, as they are printed there, each run in its language against one
// server. Between them stands a proxy that lets the first try reach the server and loses the answer, and answers the second
// with a 503 of its own. In the end the warehouse has each event once. What cannot pass is not tried again, nor is a redirect
// followed.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Block, blocksOf, readGuide } from '../harness/guide.ts'
import { Installation } from '../harness/installation.ts'

type Snippet = { program: string; file: string; words: string[]; code: string }
type Ended = { code: number | null; stdout: string; stderr: string }

const blocks = blocksOf(readGuide('docs/guides/send-from-your-language.md'))
const folder = mkdtempSync(join(tmpdir(), 'datapulse-snippets-'))
let server: Installation
let key = ''

before(async () => {
  server = await Installation.open()
  key = await server.key('snippets')
})

after(async () => {
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('each program of the guide sends its events once, through lost answers', { concurrency: 6 }, () => {
  const snippets = snippetsOf(blocks)

  test('there is one for each language', () => {
    assert.deepEqual(
      snippets.map(({ program }) => program),
      ['node', 'python3', 'php', 'java', 'go', 'sh'],
    )
  })

  for (const snippet of snippets) {
    const absent = absentProgram(snippet.program)
    test(snippet.file, { skip: absent === null ? false : `${absent} is not installed` }, async () => {
      await withProxy(async ({ url, bodies }) => {
        const { code, stdout, stderr } = await run(snippet, url)
        assert.equal(code, 0, stderr)
        assert.match(stdout, /^\{"status":"success","request_id":"[0-9a-f-]{36}","accepted":2\}\n$/)
        assert.ok(bodies.length >= 3, 'one answer was lost, one was 503')
        assert.equal(new Set(bodies).size, 1, 'what is sent again is the very same')
        await server.drained()
        const [deposit, login] = JSON.parse(bodies[0] as string) as Record<string, unknown>[]
        const user = String(deposit?.['client_user_id'])
        assert.equal(login?.['client_user_id'], user)
        const stored = await server.events(`&user=${user}`)
        const told = stored.map(event => `${event.event_name} ${event.transaction_id} ${String(event['amount'])}`)
        assert.deepEqual(told.toSorted(), [`deposit ${String(deposit?.['transaction_id'])} 50`, 'login null null'])
      })
    })

    test(`${snippet.file} ends at any other answer`, {
      skip: absent === null ? false : `${absent} is not installed`,
    }, async () => {
      const requests: string[] = []
      await withServer(
        (request, response) => {
          request.resume().on('end', () => {
            requests.push(request.url ?? '')
            response.writeHead(307, { location: '/elsewhere' }).end('it has moved')
          })
        },
        async url => {
          const { code, stdout, stderr } = await run(snippet, url)
          assert.notEqual(code, 0)
          assert.match(stdout + stderr, /307/)
          assert.match(stdout + stderr, /it has moved/)
          assert.ok(!(stdout + stderr).includes(key), 'the key is not printed')
          assert.deepEqual(requests, ['/v2/s2s/batch'])
        },
      )
    })
  }

  test('the compressed batch is taken', {
    skip: spawnSync('curl', ['--version']).status === 0 ? false : 'curl is not installed',
  }, async () => {
    const line = blocks.find(({ text }) => text.includes('gzip')) as Block
    const events = [
      { client_user_id: 'user_gzip', event_name: 'login', timestamp: Date.now(), ip_address: '203.0.113.1' },
    ]
    const made = { program: 'sh', file: 'gzip.sh', words: ['gzip.sh'], code: line.text }
    mkdirSync(join(folder, 'sh-gzip.sh'), { recursive: true })
    writeFileSync(join(folder, 'sh-gzip.sh', 'events.json'), JSON.stringify(events))
    const { stdout, stderr } = await run(made, server.url)
    assert.match(stdout, /"accepted":1/, stderr)
  })
})

/** Each program with the line that runs it, which follows it. */
function snippetsOf(all: Block[]): Snippet[] {
  return all.flatMap((block, i) => {
    const next = all[i + 1]
    if (['', 'sh', 'json'].includes(block.fence) || next?.fence !== 'sh') return []
    const [program = '', ...words] = next.text.trim().split(' ')
    return [{ program, file: words.at(-1) as string, words, code: block.text }]
  })
}

/** The first program that a snippet needs and this machine lacks. */
function absentProgram(program: string): string | null {
  if (program === 'node') return null
  const wanted = program === 'sh' ? 'curl' : program
  return spawnSync('sh', ['-c', `command -v ${wanted}`]).status === 0 ? null : wanted
}

function run({ program, file, words, code }: Snippet, url: string): Promise<Ended> {
  const cwd = join(folder, `${program}-${file}`)
  mkdirSync(cwd, { recursive: true })
  writeFileSync(join(cwd, file), code)
  const path = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`
  const child = spawn(program, words, {
    cwd,
    env: {
      PATH: path,
      HOME: folder,
      TMPDIR: cwd,
      GOCACHE: join(folder, 'go-cache'),
      GOFLAGS: '-mod=mod',
      GOPROXY: 'off',
      DATAPULSE_URL: url,
      DATAPULSE_API_KEY: key,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended: Ended = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', chunk => (ended.stdout += String(chunk)))
  child.stderr.on('data', chunk => (ended.stderr += String(chunk)))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', exitCode => resolve({ ...ended, code: exitCode }))
  })
}

/** Loses the answer to the first request, answers the second by itself, and passes on the others. */
async function withProxy(use: (proxy: { url: string; bodies: string[] }) => Promise<void>): Promise<void> {
  const bodies: string[] = []
  const onRequest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    bodies.push(body.toString())
    const turn = bodies.length
    if (turn === 2) {
      response.writeHead(503).end('no server is ready')
      return
    }
    assert.equal(request.headers['content-type'], 'application/json')
    const reply = await server.post(request.url ?? '', String(request.headers['x-api-key']), body)
    if (turn === 1) {
      assert.equal(reply.status, 200)
      request.socket.destroy()
      return
    }
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body))
  }
  await withServer(
    (request, response) => void onRequest(request, response).catch(cause => response.destroy(cause as Error)),
    url => use({ url, bodies }),
  )
}

async function withServer(
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const proxy = createServer(onRequest)
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  try {
    await use(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
  } finally {
    proxy.closeAllConnections()
    await new Promise(resolve => proxy.close(resolve))
  }
}
