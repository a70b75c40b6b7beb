// Runs what the console gives to copy, each in its own language, against a server that keeps what comes.

import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { SnippetLanguage } from '../../console/src/snippets.ts'

const programs: Record<SnippetLanguage, { file: string; program: string; args: string[]; known: string }> = {
  curl: { file: 'a.sh', program: 'bash', args: ['a.sh'], known: '--version' },
  TypeScript: { file: 'a.mts', program: process.execPath, args: ['a.mts'], known: '--version' },
  Python: { file: 'a.py', program: 'python3', args: ['a.py'], known: '--version' },
  PHP: { file: 'a.php', program: 'php', args: ['a.php'], known: '--version' },
  Java: { file: 'SendEvent.java', program: 'java', args: ['SendEvent.java'], known: '-version' },
  Go: { file: 'a.go', program: 'go', args: ['run', 'a.go'], known: 'version' },
}

export const languages = Object.keys(programs) as SnippetLanguage[]

/** Why a test of a language is skipped, or false. */
export function skipWithout(language: SnippetLanguage): string | false {
  const { program, known } = programs[language]
  return spawnSync(program, [known]).status === 0 ? false : `needs ${program}`
}

export class SnippetPrograms {
  /** What came and was not taken yet. */
  came: { path: string | undefined; key: unknown; once: unknown; body: string }[] = []
  /** How the next requests are answered; 200 when nothing is said. */
  statuses: number[] = []
  #folder = mkdtempSync(join(tmpdir(), 'console-snippets-'))
  #server = createServer((request, reply) => {
    let body = ''
    request.on('data', chunk => (body += String(chunk)))
    request.on('end', () => {
      const { 'x-api-key': key, 'idempotency-key': sentOnce } = request.headers
      this.came.push({ path: request.url, key, once: sentOnce, body })
      reply.statusCode = this.statuses.shift() ?? 200
      if (reply.statusCode === 429) reply.setHeader('retry-after', '1')
      reply.setHeader('content-type', 'application/json')
      reply.end('{"status":"success"}')
    })
  })

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  close(): void {
    this.#server.close()
    rmSync(this.#folder, { recursive: true })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Rejects when the program fails. */
  async run(language: SnippetLanguage, text: string, env: Record<string, string> = {}): Promise<void> {
    const { file, program, args } = programs[language]
    writeFileSync(join(this.#folder, file), text)
    await promisify(execFile)(program, args, { cwd: this.#folder, env: { ...process.env, ...env } })
  }
}
