// Each snippet, as it is copied, sends the very event to the very place: once, and again after an answer that says to wait; with
// the key that it names and no other. What comes passes the contract's check. A language that is not installed is skipped by name.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { checkBody } from '@datapulse/contract/check'
import { fixLinesOf } from './fix-snippets.ts'
import { exampleOf, type SentEvent } from './fixes.ts'
import type { SnippetLanguage } from './snippets.ts'

const runs: Record<SnippetLanguage, { file: string; program: string; args: string[]; known: string }> = {
  curl: { file: 'a.sh', program: 'bash', args: ['a.sh'], known: '--version' },
  TypeScript: { file: 'a.mts', program: process.execPath, args: ['a.mts'], known: '--version' },
  Python: { file: 'a.py', program: 'python3', args: ['a.py'], known: '--version' },
  PHP: { file: 'a.php', program: 'php', args: ['a.php'], known: '--version' },
  Java: { file: 'SendEvent.java', program: 'java', args: ['SendEvent.java'], known: '-version' },
  Go: { file: 'a.go', program: 'go', args: ['run', 'a.go'], known: 'version' },
}

const event: SentEvent = { ...exampleOf('bet', 1_772_366_400_000), note: "it's \\ here, 5% `of` $it" }
const plain = { event, marks: ['amount'], key: null, clock: false, again: null }
const prefix = 'dp_live_abcd'
const secret = prefix.padEnd(48, 'x')
const whole = { ...plain, key: { name: 'back"end', prefix }, clock: true, again: { limit: 6_000 } }

describe('the fixes of the help center', () => {
  const folder = mkdtempSync(join(tmpdir(), 'console-snippets-'))
  const came: { path: string | undefined; key: unknown; body: string }[] = []
  /** How the next requests are answered; 200 when nothing is said. */
  const statuses: number[] = []
  const server = createServer((request, reply) => {
    let body = ''
    request.on('data', chunk => (body += String(chunk)))
    request.on('end', () => {
      came.push({ path: request.url, key: request.headers['x-api-key'], body })
      reply.statusCode = statuses.shift() ?? 200
      if (reply.statusCode === 429) reply.setHeader('retry-after', '1')
      reply.setHeader('content-type', 'application/json')
      reply.end('{"status":"success"}')
    })
  })
  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })

  for (const [name, { file, program, args, known }] of Object.entries(runs)) {
    const language = name as SnippetLanguage
    const skip = spawnSync(program, [known]).status === 0 ? false : `needs ${program}`
    const run = (wish: Parameters<typeof fixLinesOf>[2], key = secret) => {
      const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const lines = fixLinesOf(language, at, wish)
      writeFileSync(join(folder, file), lines.map(({ text }) => text).join('\n'))
      return promisify(execFile)(program, args, { cwd: folder, env: { ...process.env, DATAPULSE_API_KEY: key } })
    }

    it(`${language} sends what it shows`, { skip }, async () => {
      await run(plain)
      const [sent] = came.splice(0)
      assert.deepEqual([sent?.path, sent?.key], ['/v2/s2s/event', 'YOUR_API_KEY'])
      assert.deepEqual(JSON.parse(sent?.body ?? ''), event)
    })

    it(`${language} takes the time and the key, and sends the same again after a wait`, { skip }, async () => {
      const beganMs = Math.floor(Date.now() / 1_000) * 1_000
      statuses.push(429)
      await run(whole)
      const sent = came.splice(0)
      assert.deepEqual(
        sent.map(({ path, key }) => [path, key]),
        [
          ['/v2/s2s/batch', secret],
          ['/v2/s2s/batch', secret],
        ],
      )
      const [first, second] = sent.map(({ body }) => body) as [string, string]
      assert.equal(first, second)
      assert.deepEqual(checkBody(Buffer.from(first), 'batch', Date.now()), { ok: true, events: 1 })
      const [{ timestamp, ...rest }] = JSON.parse(first) as [SentEvent]
      const atMs = Number(timestamp) < 1e11 ? Number(timestamp) * 1_000 : Number(timestamp)
      assert.ok(atMs >= beganMs && atMs <= Date.now(), `${timestamp}`)
      const { timestamp: _timestamp, ...expected } = event
      assert.deepEqual(rest, expected)
    })

    // What curl sends is the server's to refuse.
    if (language === 'curl') continue
    it(`${language} refuses a key that was cut off`, { skip }, async () => {
      await run(whole, secret.slice(0, 40)).catch(() => {})
      assert.deepEqual(came.splice(0), [])
    })
  }
})
