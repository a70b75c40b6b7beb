// How the contract suites speak to a server: whole requests by `fetch`, and bytes by a socket where the bytes matter.

import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { assertDescribed } from '../harness/described.ts'
import type { TestServer } from '../harness/server.ts'

export type Violation = { index?: number; field: string; rule: string; message: string }

export type ReplyBody = {
  status: string
  error?: string
  code?: string
  message?: string
  violations?: Violation[]
  violations_total?: number
  request_id: string
  accepted?: number
  /** Only to a partial batch. */
  rejected?: number
  errors?: { index: number; violations: Violation[] }[]
}

export type Reply = { status: number; headers: Headers; body: ReplyBody; text: string }

export type Wish = {
  method?: string
  path?: string
  /** null sends none. */
  key?: string | null
  headers?: Record<string, string>
  /** Anything but text and bytes is sent as JSON. */
  body?: unknown
}

/** Sends one request; a POST to /v2/s2s/event unless told otherwise. Every reply must be what the contract, and its OpenAPI document, say. */
export async function send(server: TestServer, wish: Wish = {}): Promise<Reply> {
  const headers: Record<string, string> = { 'content-type': 'application/json', ...wish.headers }
  const key = wish.key === undefined ? server.key : wish.key
  if (key !== null) headers['x-api-key'] = key
  for (const name of Object.keys(headers)) if (headers[name] === '') delete headers[name]
  const { body } = wish
  const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
  const response = await fetch(server.url + (wish.path ?? '/v2/s2s/event'), {
    method: wish.method ?? 'POST',
    headers,
    body: raw ? ((body as string | Uint8Array<ArrayBuffer> | undefined) ?? null) : JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  })
  const text = await response.text()
  const reply = { status: response.status, headers: response.headers, body: parse(text), text }
  assertForm(reply, wish.method === 'HEAD')
  assertDescribed(wish.method ?? 'POST', wish.path ?? '/v2/s2s/event', reply)
  return reply
}

export const sendEvent = (server: TestServer, body: unknown, more: Wish = {}) => send(server, { ...more, body })
export const sendBatch = (server: TestServer, body: unknown, more: Wish = {}) =>
  send(server, { path: '/v2/s2s/batch', ...more, body })

/** What every reply has, whatever it says. */
function assertForm(reply: Reply, bodiless: boolean): void {
  assert.match(reply.headers.get('content-type') ?? '', /^application\/json\b/)
  const requestId = reply.headers.get('x-request-id') ?? ''
  assert.match(requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  if (bodiless || reply.body.status === 'ok' || 'parts' in reply.body || 'openapi' in reply.body) return
  if (reply.headers.get('x-ingest-mode') === 'dryrun') return
  assert.equal(reply.body.request_id, requestId)
  const partial = reply.body.errors === undefined ? [] : ['rejected', 'errors']
  if (reply.status === 200) assert.deepEqual(Object.keys(reply.body), ['status', 'request_id', 'accepted', ...partial])
  else assertError(reply)
}

function assertError({ status, body }: Reply): void {
  const phrases: Record<number, string> = {
    400: 'Bad Request',
    401: 'Unauthorized',
    404: 'Not Found',
    405: 'Method Not Allowed',
    408: 'Request Timeout',
    413: 'Payload Too Large',
    415: 'Unsupported Media Type',
    429: 'Too Many Requests',
    431: 'Request Header Fields Too Large',
    500: 'Internal Server Error',
  }
  assert.equal(body.status, 'error')
  assert.equal(body.error, phrases[status])
  assert.match(body.code ?? '', /^[A-Z_]+$/)
  assert.ok((body.message ?? '').length > 0)
  for (const violation of body.violations ?? []) {
    assert.ok(violation.field.length > 0 && violation.message.length > 0)
  }
}

export async function expectStatus(status: number, code: string | null, reply: Promise<Reply>): Promise<Reply> {
  const got = await reply
  assert.deepEqual([got.status, got.body.code ?? null], [status, code], got.text.slice(0, 500))
  return got
}

/** A reply read from bytes. */
export type RawReply = { status: number; headers: Map<string, string>; body: string; json: ReplyBody }

/** A connection on which a test decides about every byte. */
export class Wire {
  readonly socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #ended = false
  #wake: (() => void) | null = null

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake?.()
    })
    const end = () => {
      this.#ended = true
      this.#wake?.()
    }
    socket.on('end', end)
    socket.on('close', end)
    socket.on('error', end)
  }

  static async open(server: TestServer): Promise<Wire> {
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new Wire(socket)
  }

  /** Resolves when the system has taken the bytes, or the connection is gone. */
  write(bytes: string | Uint8Array<ArrayBuffer>): Promise<void> {
    return new Promise(resolve => {
      if (this.socket.destroyed) resolve()
      else this.socket.write(bytes, () => resolve())
    })
  }

  /** The next reply. Throws when the connection ends before it is whole. */
  async reply(): Promise<RawReply> {
    const { status, headers, body } = await this.bytes()
    const text = body.toString()
    return { status, headers, body: text, json: parse(text) }
  }

  /** The next reply, its body as it came. */
  async bytes(): Promise<Pick<RawReply, 'status' | 'headers'> & { body: Buffer }> {
    const headerEnd = await this.#find('\r\n\r\n')
    const [first = '', ...lines] = this.#received.subarray(0, headerEnd).toString('latin1').split('\r\n')
    const headers = new Map(
      lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    const status = Number(first.split(' ')[1])
    const length = Number(headers.get('content-length') ?? 0)
    const end = headerEnd + 4 + length
    await this.#until(() => this.#received.length >= end)
    const body = this.#received.subarray(headerEnd + 4, end)
    this.#received = this.#received.subarray(end)
    return { status, headers, body }
  }

  /** Resolves once the server has closed its side. */
  async closed(): Promise<void> {
    await this.#until(() => this.#ended, true)
  }

  end(): void {
    this.socket.destroy()
  }

  async #find(text: string): Promise<number> {
    await this.#until(() => this.#received.includes(text))
    return this.#received.indexOf(text)
  }

  async #until(condition: () => boolean, ending = false): Promise<void> {
    const deadline = AbortSignal.timeout(30_000)
    while (!condition()) {
      if (this.#ended && !ending)
        throw new Error(`The connection ended after ${JSON.stringify(this.#received.toString())}`)
      if (deadline.aborted)
        throw new Error(`Nothing came within 30 s after ${JSON.stringify(this.#received.toString())}`)
      await new Promise<void>(resolve => {
        this.#wake = resolve
        setTimeout(resolve, 100)
      })
    }
  }
}

/** The head of a request, with an empty line at its end. */
export function head(
  server: TestServer,
  headers: Record<string, string | number> = {},
  first = 'POST /v2/s2s/event',
): string {
  const all = { Host: 'test', 'X-API-Key': server.key, 'Content-Type': 'application/json', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return `${first} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

export const rateLimitPattern = /^"default";r=\d+;t=\d+$/

function parse(text: string): ReplyBody {
  try {
    return JSON.parse(text) as ReplyBody
  } catch {
    return { status: 'not JSON', request_id: '' }
  }
}
