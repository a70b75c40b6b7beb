// A proxy between a client and a server that does what networks do at their worst, as a seeded chance has it: it drops requests before
// and replies after they were served, resets, stalls, answers for itself, and cuts replies in half. It counts what it did.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export const faults = [
  ...['dropped before', 'dropped after', 'reset', 'stalled', 'delayed'],
  ...['429', '500', '503', '413', 'half a reply', 'half a body', 'another page'],
] as const
export type Fault = (typeof faults)[number]

export type HostileProxy = {
  url: string
  did: Map<Fault | 'passed', number>
  close(): Promise<void>
}

type Served = { status: number; headers: Record<string, string>; body: string }

/** @param share of the requests that meet a fault */
export async function openHostileProxy(target: string, random: () => number, share = 0.6): Promise<HostileProxy> {
  const did: HostileProxy['did'] = new Map()
  let turn = 0
  const choose = (): Fault | 'passed' => {
    if (random() >= share) return 'passed'
    // In turn, so that each happens.
    return faults[turn++ % faults.length] as Fault
  }
  const answer = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const body = await readBody(request)
    const fault = choose()
    did.set(fault, (did.get(fault) ?? 0) + 1)
    const serve = () => pass(target, request, body)
    const { socket } = request
    switch (fault) {
      case 'dropped before':
        return void socket.destroy()
      case 'reset':
        return void socket.resetAndDestroy()
      case 'dropped after':
        await serve()
        return void socket.destroy()
      case 'stalled':
        await serve()
        return
      case 'delayed':
        await sleep(random() * 100)
        return send(reply, await serve())
      case '429':
        return send(reply, {
          status: 429,
          headers: { 'retry-after': '0' },
          body: '{"status":"error","code":"RATE_LIMITED"}',
        })
      case '500':
        return send(reply, { status: 500, headers: {}, body: '{"status":"error","code":"INTERNAL_ERROR"}' })
      case '503':
        return send(reply, { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>away</html>' })
      case '413':
        return send(reply, { status: 413, headers: { 'content-type': 'text/html' }, body: '<html>too large</html>' })
      case 'half a reply': {
        const { status, headers, body: text } = await serve()
        reply.writeHead(status, { ...headers, 'content-length': text.length })
        reply.write(text.slice(0, text.length >> 1), () => socket.destroy())
        return
      }
      case 'half a body': {
        const served = await serve()
        return send(reply, { ...served, body: served.body.slice(0, served.body.length >> 1) })
      }
      case 'another page':
        return send(reply, { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>log in first</html>' })
      default:
        return send(reply, await serve())
    }
  }
  const server = createServer((request, reply) => void answer(request, reply).catch(() => request.socket.destroy()))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    did,
    close() {
      server.closeAllConnections()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function pass(target: string, request: IncomingMessage, body: Buffer): Promise<Served> {
  const headers: Record<string, string> = {}
  for (const name of ['content-type', 'content-encoding', 'x-api-key']) {
    const value = request.headers[name]
    if (typeof value === 'string') headers[name] = value
  }
  const reply = await fetch(`${target}${request.url}`, { method: 'POST', headers, body: new Uint8Array(body) })
  const kept = ['content-type', 'retry-after', 'ratelimit', 'ratelimit-policy', 'x-request-id']
  const told = kept.flatMap(name => (reply.headers.has(name) ? [[name, reply.headers.get(name) ?? '']] : []))
  return { status: reply.status, headers: Object.fromEntries(told) as Record<string, string>, body: await reply.text() }
}

function send(reply: ServerResponse, { status, headers, body }: Served): void {
  reply.writeHead(status, headers).end(body)
}
