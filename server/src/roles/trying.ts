// Sends a request on to the API of this machine, over its own door, as a partner's server on this machine would: a
// connection of its own, and no word about whom it is for, so that nothing is counted against any other address.

import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { reachable } from '../addresses.ts'
import type { Config } from '../config.ts'
import { limits } from '../limits.ts'
import { askRole } from '../role-socket.ts'
import type { Tried, TryWish } from '../web/needs.ts'

/** `away`: nothing was sent. `silent`: it was, and what became of it is not known. */
export async function tryRequest(
  config: Pick<Config, 'dataDir' | 'host'>,
  wish: TryWish,
): Promise<Tried | 'away' | 'silent'> {
  const api = await askRole<{ port: number }>(config.dataDir, 'api', 'status', askMs)
  return api === null ? 'away' : sendTo({ host: reachable(config.host), port: api.port }, wish)
}

const askMs = 2_000

export function sendTo(
  { host, port }: { host: string; port: number },
  { path, key, idempotencyKey, body }: TryWish,
  msMax: number = limits.tryMsMax,
): Promise<Tried | 'away' | 'silent'> {
  const bytes = Buffer.from(body)
  const headers = {
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...(key !== null && { 'x-api-key': key }),
    ...(idempotencyKey !== null && { 'idempotency-key': idempotencyKey }),
  }
  return new Promise(resolve => {
    const beganMs = performance.now()
    let isConnected = false
    const req: ClientRequest = request({ host, port, path, method: 'POST', headers, agent: false })
    const late = setTimeout(() => req.destroy(new Error('no answer in time')), msMax)
    const settle = (result: Tried | 'away' | 'silent') => {
      clearTimeout(late)
      resolve(result)
    }
    const failed = () => settle(isConnected ? 'silent' : 'away')
    req.on('socket', socket => socket.on('connect', () => (isConnected = true)))
    req.on('error', failed)
    req.on('close', failed)
    req.on('response', reply => {
      readReply(reply).then(
        read => settle({ ...read, tookMs: Math.round((performance.now() - beganMs) * 10) / 10 }),
        failed,
      )
    })
    req.end(bytes)
  })
}

async function readReply(reply: IncomingMessage): Promise<Omit<Tried, 'tookMs'>> {
  const chunks: Buffer[] = []
  let length = 0
  let isCut = false
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    const room = limits.tryReplyBytesMax - length
    chunks.push(chunk.subarray(0, room))
    length += Math.min(chunk.length, room)
    isCut ||= chunk.length > room
  }
  const { connection: _connection, 'keep-alive': _alive, 'transfer-encoding': _coding, ...headers } = reply.headers
  const told = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  return { status: reply.statusCode ?? 0, headers: told, body: Buffer.concat(chunks).toString(), isCut }
}
