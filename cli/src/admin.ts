// The admin API as the command line sees it. Every failure ends as a Failure with one sentence that says what to do.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, type Told } from './failure.ts'

export type Query = Record<string, string | number | boolean | undefined>

export type Admin = {
  get<Body>(path: string, query?: Query): Promise<Body>
  post<Body>(path: string, body: object): Promise<Body>
  /** `json` as it is, so that the server sees what was written. */
  postText<Body>(path: string, json: string): Promise<Body>
  patch<Body>(path: string, body: object): Promise<Body>
  remove<Body>(path: string): Promise<Body>
}

/** `actor`: for whom the server records what is changed. */
export type AdminOptions = {
  url: string
  dataDir: string
  token: string | null
  actor?: string | null
  timeoutMs?: number
}

export function openAdmin(options: AdminOptions): Admin {
  const base = readUrl(options.url, '--url')
  let token: Promise<string> | null = null

  const call = async <Body>(method: string, path: string, body?: string): Promise<Body> => {
    token ??= findToken(options, base)
    const headers = {
      authorization: `Bearer ${await token}`,
      'content-type': 'application/json',
      ...(options.actor && { 'x-actor': printable(options.actor) }),
    }
    const reply = await reach(base + path, {
      method,
      headers,
      signal: AbortSignal.timeout(options.timeoutMs ?? 60_000),
      ...(body !== undefined && { body }),
    })
    return readReply<Body>(reply, base)
  }

  return {
    get: (path, query = {}) => call('GET', path + queryText(query)),
    post: (path, body) => call('POST', path, JSON.stringify(body)),
    postText: (path, json) => call('POST', path, json),
    patch: (path, body) => call('PATCH', path, JSON.stringify(body)),
    remove: path => call('DELETE', path),
  }
}

/** As the server takes it: a header holds ASCII only. */
function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/gu, '?').slice(0, 100)
}

/** A base URL without its trailing slash. */
export function readUrl(text: string, option: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Failure('BAD_URL', `Cannot use ${option} because it must be an http or https URL: got ${text}`)
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}

async function findToken(options: AdminOptions, base: string): Promise<string> {
  if (options.token !== null) return options.token
  const path = join(options.dataDir, 'admin-token')
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    // When nothing runs at all, that is what to say.
    await reach(`${base}/`, { signal: AbortSignal.timeout(5_000) })
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is none' : (error as Error).message
    throw new Failure(
      'NO_TOKEN',
      `Cannot read the admin token at ${path} (${why}): name the server's data directory with --data-dir, or set DATAPULSE_ADMIN_TOKEN`,
    )
  }
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: 'error' })
  } catch (error) {
    if ((error as Error).name === 'TimeoutError') {
      throw new Failure(
        'TIMEOUT',
        `The DataPulse admin API at ${new URL(url).origin} did not answer in time: try again, or ask for less`,
      )
    }
    throw new Failure(
      'UNREACHABLE',
      `Cannot reach the DataPulse admin API at ${new URL(url).origin} (${whyUnreachable(error)}): start the server with \`npx --no datapulse serve\`, or name another with --url`,
    )
  }
}

export function whyUnreachable(error: unknown): string {
  const { name, message, cause } = error as {
    name?: string
    message?: string
    cause?: { code?: string; message?: string }
  }
  if (name === 'TimeoutError') return 'no answer in time'
  if (cause?.code === 'ECONNREFUSED') return 'nothing listens there'
  return cause?.message || cause?.code || message || 'unknown reason'
}

async function readReply<Body>(reply: Response, base: string): Promise<Body> {
  const text = await reply.text()
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new Failure(
      'NOT_DATAPULSE',
      `What answers at ${base} is not the DataPulse admin API (${reply.status}, not JSON): name the admin port with --url`,
    )
  }
  if (reply.ok) return body as Body
  const { code, message, problems } = body as Partial<Told>
  const known = Array.isArray(problems) ? problems : []
  throw new Failure(code ?? `HTTP_${reply.status}`, message ?? reply.statusText, known)
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value))
  return parameters.size === 0 ? '' : `?${parameters.toString()}`
}
