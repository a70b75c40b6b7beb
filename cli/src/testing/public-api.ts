// A public API for tests: takes batches and single events, refuses those without a user, and stumbles when told to.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Stumble = { status: number; headers?: Record<string, string>; body?: object; dropAfter?: true }

export type PublicApi = {
  url: string
  /** Texts of the events that were accepted, in order. */
  accepted: string[]
  /** Answers for the next requests, before it behaves. `dropAfter`: takes the batch, and loses the reply. */
  stumbles: Stumble[]
  requests: number
  close(): Promise<void>
}

export async function openPublicApi(): Promise<PublicApi> {
  const api: PublicApi = { url: '', accepted: [], stumbles: [], requests: 0, close }
  const server = createServer((request, reply) => void answerTo(request, reply))
  const answerTo = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    api.requests += 1
    const answer = (status: number, value: object, headers: Record<string, string> = {}) => {
      reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
    }
    const stumble = api.stumbles.shift()
    if (stumble !== undefined && !stumble.dropAfter) {
      answer(stumble.status, stumble.body ?? { code: 'STUMBLE', message: 'stumbled' }, stumble.headers)
      return
    }
    if (request.headers['x-api-key'] !== 'dp_test_good') {
      answer(401, { code: 'UNAUTHORIZED', message: 'no such key' })
      return
    }
    const isBatch = request.url === '/v2/s2s/batch'
    const texts = isBatch ? body.slice(1, -1).split(/(?<=\}),(?=\{)/) : [body]
    const bad = texts.flatMap((text, index) =>
      text.includes('client_user_id') ? [] : [{ index, field: 'client_user_id', rule: 'required', message: 'missing' }],
    )
    if (bad.length > 0) {
      answer(400, {
        code: 'VALIDATION_ERROR',
        message: 'bad',
        violations: bad.slice(0, 100),
        violations_total: bad.length,
      })
      return
    }
    api.accepted.push(...texts)
    if (stumble?.dropAfter) request.socket.destroy()
    else answer(200, { status: 'success', request_id: requestId, accepted: texts.length })
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

const requestId = '01900000-0000-7000-8000-000000000001'
