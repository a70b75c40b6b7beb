// Each snippet, as it is copied, sends the very text to the very place. A language that is not installed is skipped by name.

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
import { type SnippetLanguage, textSnippetOf } from './snippets.ts'

const runs: Record<SnippetLanguage, { file: string; program: string; args: string[]; known: string }> = {
  curl: { file: 'a.sh', program: 'bash', args: ['a.sh'], known: '--version' },
  TypeScript: { file: 'a.mts', program: process.execPath, args: ['a.mts'], known: '--version' },
  Python: { file: 'a.py', program: 'python3', args: ['a.py'], known: '--version' },
  PHP: { file: 'a.php', program: 'php', args: ['a.php'], known: '--version' },
  Java: { file: 'SendEvent.java', program: 'java', args: ['SendEvent.java'], known: '-version' },
  Go: { file: 'a.go', program: 'go', args: ['run', 'a.go'], known: 'version' },
}

describe('the snippets of a request that was composed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'console-snippets-'))
  const came: { path: string | undefined; key: unknown; once: unknown; body: string }[] = []
  const server = createServer((request, reply) => {
    let body = ''
    request.on('data', chunk => (body += String(chunk)))
    request.on('end', () => {
      came.push({
        path: request.url,
        key: request.headers['x-api-key'],
        once: request.headers['idempotency-key'],
        body,
      })
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

  for (const [language, { file, program, args, known }] of Object.entries(runs)) {
    const skip = spawnSync(program, [known]).status === 0 ? false : `needs ${program}`
    const run = async (snippet: string) => {
      writeFileSync(join(folder, file), snippet)
      await promisify(execFile)(program, args, { cwd: folder })
      return came.splice(0)[0]
    }
    const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    it(`${language} sends a text to the letter`, { skip }, async () => {
      const text = '[{"amount": 50.00, "note": "it\'s \\\\ `here` é\\u00e9 $x ${y} %s"},\n\t{broken'
      const url = `${address()}/v2/s2s/batch?dryrun&partial=1`
      const headers = { 'Idempotency-Key': 'it\'s "one"' }
      const sent = await run(textSnippetOf(language as SnippetLanguage, { url, headers, text }))
      assert.deepEqual(sent, {
        path: '/v2/s2s/batch?dryrun&partial=1',
        key: 'YOUR_API_KEY',
        once: 'it\'s "one"',
        body: text,
      })
    })
  }
})
