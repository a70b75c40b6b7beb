// Ports of loopback that were free a moment ago, for tests: none that the system itself gives to a connection, since one
// that dials until somebody listens could otherwise be given the very port that it dials.

import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

const first = 12_000
const behindLast = 32_000

export async function freePorts(count: number): Promise<number[]> {
  const found = new Map<number, Server>()
  while (found.size < count) {
    const port = first + Math.floor(Math.random() * (behindLast - first))
    if (found.has(port)) continue
    const server = createServer()
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening')
      found.set(port, server)
    } catch {
      // Somebody has it.
    }
  }
  await Promise.all([...found.values()].map(server => once(server.close(), 'close')))
  return [...found.keys()]
}
