// The admin API as the console calls it: same origin, with the session in its cookie, which scripts cannot see. Whatever
// goes wrong is a Failure; its `code` is the API's own, or UNREACHABLE.

import { headersNow, take } from './early.ts'
import { pathOf, type Query } from './paths.ts'

export class Failure extends Error {
  readonly code: string
  readonly status: number
  readonly problems: { name: string; message: string }[]
  /** When to try again, as the server says. */
  readonly retryAfterSeconds: number | null

  constructor(
    code: string,
    status: number,
    message: string,
    problems: { name: string; message: string }[] = [],
    retryAfterSeconds: number | null = null,
  ) {
    super(message)
    this.code = code
    this.status = status
    this.problems = problems
    this.retryAfterSeconds = retryAfterSeconds
  }
}

const patienceMs = 40_000

export async function ask<Body>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Body> {
  return call('GET', pathOf(path, query), undefined, signal)
}

export function change<Body>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Body> {
  return call(method, path, body)
}

async function call<Body>(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Body> {
  const tooLong = AbortSignal.timeout(patienceMs)
  let reply: Response
  let text: string
  try {
    const early = method === 'GET' ? take(path) : null
    reply = await (early ??
      fetch(path, {
        method,
        headers: { ...headersNow(), ...(body && { 'content-type': 'application/json' }) },
        signal: signal === undefined ? tooLong : AbortSignal.any([signal, tooLong]),
        ...(body && { body: JSON.stringify(body) }),
      }))
    text = await reply.text()
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw new Failure('UNREACHABLE', 0, String(error))
  }
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    throw new Failure('UNREACHABLE', reply.status, 'The reply is not JSON')
  }
  if (reply.ok) return read as Body
  throw failureOf(reply, read)
}

/** What a reply that says no means. */
export function failureOf(reply: Response, read: unknown): Failure {
  const { code, message, problems } = read as Partial<Failure>
  const seconds = Number(reply.headers.get('retry-after') ?? Number.NaN)
  return new Failure(
    code ?? `HTTP_${reply.status}`,
    reply.status,
    message ?? reply.statusText,
    problems ?? [],
    Number.isFinite(seconds) ? seconds : null,
  )
}
