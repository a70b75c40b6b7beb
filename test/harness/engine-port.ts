// The engine of one machine as a warehouse by URL for others: a port of loopback before its socket.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { engineSocket } from '../../server/src/role-socket.ts'

export const openEnginePort = (dataDir: string) => openPortBefore(engineSocket(dataDir))

export async function openPortBefore(socketPath: string): Promise<{ url: string; close(): void }> {
  const server = createServer(socket => {
    const engine = connect(socketPath)
    socket.pipe(engine).pipe(socket)
    for (const end of [socket, engine]) end.on('error', () => void [socket.destroy(), engine.destroy()])
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() }
}
