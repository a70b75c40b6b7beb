// Every role tells its status and its metrics on a Unix socket of its own in the data directory, to the other roles of
// the same installation and nobody else (mode 0600). GET /status and GET /metrics answer JSON. Who asks waits half a
// second at most: a role that does not answer is away.

import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { socketPathFor } from './socket-path.ts'

export type RoleName = 'engine' | 'api' | 'pipeline' | 'web'

/** Those that an installation has: a warehouse of its own needs no engine here. */
export function rolesOf({ warehouse }: { warehouse: string }): RoleName[] {
  return warehouse === 'embedded' ? ['engine', 'api', 'pipeline', 'web'] : ['api', 'pipeline', 'web']
}

/** Where a role's socket is, in the data directory or, when that lies too deep, in a directory of its own. */
export function socketPath(dataDir: string, name: string): string {
  return socketPathFor(join(dataDir, 'run', `${name}.sock`)).path
}

/** Where the engine answers ClickHouse's HTTP interface. */
export function engineSocket(dataDir: string): string {
  return socketPath(dataDir, 'clickhouse')
}

export type RoleAnswers = {
  status(): unknown
  metrics(): Promise<unknown>
  /** Further questions by name, asked with a body (POST). */
  answers?: RoleQuestions
}
export type RoleQuestions = Record<string, (body: Buffer) => Promise<string>>

/** Listens until closed. A socket file that a dead process left behind is replaced. */
export async function openRoleSocket(path: string, answers: RoleAnswers): Promise<{ close(): Promise<void> }> {
  rmSync(path, { force: true })
  const server = createServer((req, res) => {
    if (req.method === 'POST') return void answerQuestion(req, res, answers.answers?.[(req.url ?? '').slice(1)])
    const wanted =
      req.url === '/status' ? async () => answers.status() : req.url === '/metrics' ? answers.metrics : null
    if (wanted === null) return void res.writeHead(404).end()
    wanted().then(
      found => res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(found)),
      cause => res.writeHead(500).end(String(cause)),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  chmodSync(path, 0o600)
  return {
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answerQuestion(
  req: IncomingMessage,
  res: ServerResponse,
  answer: RoleQuestions[string] | undefined,
): Promise<void> {
  try {
    const body = await bodyOf(req)
    if (answer === undefined) return void res.writeHead(404).end()
    const said = await answer(body)
    res.writeHead(200, { 'content-type': 'application/json' }).end(said)
  } catch (cause) {
    res.writeHead(500).end(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))
  }
}

async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Whether a process holds the role's socket open, be it able to answer or not. */
export function isRoleListening(dataDir: string, role: RoleName): Promise<boolean> {
  return new Promise(resolve => {
    const line = connect(socketPath(dataDir, role))
    const settle = (is: boolean) => {
      line.destroy()
      resolve(is)
    }
    line.on('connect', () => settle(true))
    line.on('error', () => settle(false))
  })
}

/** Asks a role; null when it is away. */
export function askRole<T>(
  dataDir: string,
  role: RoleName | 'supervisor',
  what: 'status' | 'metrics',
  timeoutMs = 500,
): Promise<T | null> {
  return new Promise(resolve => {
    const req = request({ socketPath: socketPath(dataDir, role), path: `/${what}`, timeout: timeoutMs }, res => {
      const chunks: Buffer[] = []
      res.on('data', chunk => chunks.push(chunk))
      res.on('end', () => resolve(res.statusCode === 200 ? (JSON.parse(Buffer.concat(chunks).toString()) as T) : null))
      res.on('error', () => resolve(null))
    })
    req.on('timeout', () => req.destroy())
    req.on('error', () => resolve(null))
    req.end()
  })
}

/** Puts a question to a role; what it answered, or why there is no answer: `away`, or its own words. */
export function askQuestion(
  dataDir: string,
  role: RoleName,
  question: string,
  body: Uint8Array,
  timeoutMs: number,
): Promise<{ answer: Buffer } | { fault: string }> {
  return new Promise(resolve => {
    const away = (cause: Error) => resolve({ fault: cause.message })
    const path = socketPath(dataDir, role)
    const req = request({ socketPath: path, method: 'POST', path: `/${question}`, timeout: timeoutMs }, res => {
      const chunks: Buffer[] = []
      res.on('data', chunk => chunks.push(chunk))
      res.on('error', away)
      res.on('end', () => {
        const answer = Buffer.concat(chunks)
        resolve(res.statusCode === 200 ? { answer } : { fault: `${res.statusCode} ${answer.toString()}` })
      })
    })
    req.on('timeout', () => req.destroy(new Error(`no answer in ${timeoutMs} ms`)))
    req.on('error', away)
    req.end(body)
  })
}
