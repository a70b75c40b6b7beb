// A public API for tests: takes batches, keeps the good events of one that has others, refuses those without a user, and
// stumbles when told to. `doctor` sends it single events.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Stumble = { status: number; headers?: Record<string, string>; body?: object; dropAfter?: true; holdAfter?: true }

export type PublicApi = {
  url: string
  /** Texts of the events that were accepted, in order. */
  accepted: string[]
  /** Answers for the next requests, before it behaves; null: it behaves. `dropAfter`: takes the batch, and loses the reply; `holdAfter`: never replies. */
  stumbles: (Stumble | null)[]
  requests: number
  /** Of each batch that came through: its Idempotency-Key. */
  keys: string[]
  /** The next request that is held. */
  held(): Promise<void>
  close(): Promise<void>
}

export async function openPublicApi(): Promise<PublicApi> {
  const api: PublicApi = {
    url: '',
    accepted: [],
    stumbles: [],
    requests: 0,
    keys: [],
    held: () => holding.promise,
    close,
  }
  let holding = Promise.withResolvers<void>()
  const server = createServer((request, reply) => void answerTo(request, reply))
  const answerTo = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    api.requests += 1
    const answer = (status: number, value: object, headers: Record<string, string> = {}) => {
      reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
    }
    const stumble = api.stumbles.shift() ?? undefined
    if (stumble !== undefined && !stumble.dropAfter && !stumble.holdAfter) {
      answer(stumble.status, stumble.body ?? { code: 'STUMBLE', message: 'stumbled' }, stumble.headers)
      return
    }
    if (request.headers['x-api-key'] !== 'dp_test_good') {
      answer(401, { code: 'UNAUTHORIZED', message: 'no such key' })
      return
    }
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const isBatch = pathname === '/v2/s2s/batch'
    const isDry = searchParams.has('dryrun')
    if (searchParams.has('partial') || isDry) api.keys.push(String(request.headers['idempotency-key']))
    const texts = isBatch ? body.slice(1, -1).split(/(?<=\}),(?=\{)/) : [body]
    const bad = texts.flatMap((text, index) =>
      text.includes('client_user_id') ? [] : [{ index, field: 'client_user_id', rule: 'required', message: 'missing' }],
    )
    const good = texts.filter(text => text.includes('client_user_id'))
    const errors = bad.map(({ index, ...violation }) => ({ index, violations: [violation] }))
    if (isDry) {
      const counts = { total: texts.length, successCount: good.length, failureCount: bad.length }
      const near = texts.flatMap((text, index) => (text.includes('userAgent') ? [[index, [nearMiss]]] : []))
      answer(200, { mode: 'dryrun', ...counts, errors, misspelledFields: Object.fromEntries(near) })
      return
    }
    if (bad.length > 0 && (good.length === 0 || !searchParams.has('partial'))) {
      answer(400, {
        code: 'VALIDATION_ERROR',
        message: 'bad',
        violations: bad.slice(0, 100),
        violations_total: bad.length,
      })
      return
    }
    api.accepted.push(...good)
    if (stumble?.holdAfter) {
      holding.resolve()
      holding = Promise.withResolvers<void>()
    } else if (stumble?.dropAfter) request.socket.destroy()
    else answer(200, { status: 'success', request_id: requestId, accepted: good.length, rejected: bad.length, errors })
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  function close(): Promise<void> {
    server.closeAllConnections()
    return new Promise(resolve => server.close(() => resolve()))
  }
  return api
}

const nearMiss = { sent: 'userAgent', expected: 'user_agent' }
const requestId = '01900000-0000-7000-8000-000000000001'
