// The engine of one machine as a warehouse by URL for others: a port before its socket, of loopback or of where a test has its
// machines.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { engineSocket } from '../../server/src/role-socket.ts'

type EnginePort = { url: string; close(): void }

export const openEnginePort = (dataDir: string, address?: string) => openPortBefore(engineSocket(dataDir), address)

export async function openPortBefore(socketPath: string, address = '127.0.0.1'): Promise<EnginePort> {
  const server = createServer(socket => {
    const engine = connect(socketPath)
    socket.pipe(engine).pipe(socket)
    for (const end of [socket, engine]) end.on('error', () => void [socket.destroy(), engine.destroy()])
  }).listen(0, address)
  await once(server, 'listening')
  return { url: `http://${address}:${(server.address() as AddressInfo).port}`, close: () => void server.close() }
}
