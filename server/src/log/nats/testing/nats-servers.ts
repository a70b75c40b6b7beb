// Real NATS servers for tests, on free ports of loopback: one, or a cluster, or one on each of several machines. Absent where nats-server is not installed.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager, type StreamAPI } from '@nats-io/jetstream'
import { connect as connectNats } from '@nats-io/transport-node'
import { freePorts } from '../../../testing/free-ports.ts'
import { type Machine, thisMachine } from '../../../testing/machine.ts'

/** Why a test that needs NATS is skipped, or false. */
export const skipWithoutNats =
  spawnSync('nats-server', ['--version']).status === 0 ? false : 'nats-server is not installed'

export type NatsServers = {
  /** Of all of them, separated by commas. */
  url: string
  /** Ends one without a word, or stops and resumes it. */
  signal(index: number, signal: NodeJS.Signals): Promise<void>
  /** Starts one again that was ended. */
  start(index: number): Promise<void>
  /** Ends all and removes what they kept. */
  remove(): Promise<void>
  /** The same when this process ends, which does not wait for them. */
  endWithProcess(): void
}

type Options = {
  count?: number
  /** Where each of them runs. */
  machines?: Machine[]
  /** Where each of them keeps its files. */
  folders?: string[]
  payloadBytesMax?: number
  fileBytesMax?: number
  sync?: boolean
  /** Lines of configuration. */
  more?: string[]
}

/**
 * With `sync` (the default) they sync before they acknowledge. Several are one cluster, which can take streams. Now and then
 * (of 2.10.27, about one time in fifty under load) those that start together never come to that: they begin anew.
 */
export async function startNats(options: Options = {}): Promise<NatsServers> {
  const count = options.machines?.length ?? options.count ?? 1
  for (let tries = 1; ; tries++) {
    const servers = await startServers(options)
    const isMade = count === 1 || (await takesStreams(servers.url, count))
    if (isMade) return servers
    await servers.remove()
    if (tries === 3) throw new Error(`${count} NATS servers must become a cluster: they did not, three times`)
  }
}

/** Whether a stream that all of them have can be made, within a while. */
async function takesStreams(url: string, count: number): Promise<boolean> {
  const connection = await connectNats({ servers: url.split(',') })
  const end = Date.now() + 30_000
  try {
    while (Date.now() < end) {
      try {
        const { streams } = await jetstreamManager(connection, { timeout: 1_000 })
        await streams.add({ name: 'probe', subjects: ['probe'], num_replicas: count, max_bytes: 2 ** 20 })
        return await streams.delete('probe')
      } catch {
        await sleep(100)
      }
    }
    return false
  } finally {
    await connection.close()
  }
}

async function startServers({
  machines,
  folders,
  count = machines?.length ?? 1,
  payloadBytesMax = 16 * 2 ** 20,
  fileBytesMax = 4 * 2 ** 30,
  sync = true,
  more = [],
}: Options): Promise<NatsServers> {
  const folder = mkdtempSync(join(tmpdir(), 'nats-'))
  const machineOf = (index: number) => machines?.[index] ?? thisMachine
  const ports = await freePorts(count * 2)
  const [clients, routes] = [ports.slice(0, count), ports.slice(count)]
  const children: (ChildProcess | null)[] = clients.map(() => null)

  const start = async (index: number) => {
    const path = join(folder, `${index}.conf`)
    writeFileSync(path, configOf(index))
    const machine = machineOf(index)
    const [program = '', ...args] = machine.command(['nats-server', '-c', path])
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    children[index] = child
    let words = ''
    child.stderr?.on('data', chunk => {
      words = (words + String(chunk)).slice(-2_000)
    })
    const ended = new Promise<never>((_, reject) => {
      child.on('exit', () => {
        if (children[index] === child) children[index] = null
        reject(new Error(`nats-server ended:\n${words}`))
      })
    })
    ended.catch(() => {})
    const ports = count > 1 ? [clients[index], routes[index]] : [clients[index]]
    await Promise.race([Promise.all(ports.map(port => listens(port as number, machine.address))), ended])
  }
  const configOf = (index: number) => {
    const { address } = machineOf(index)
    const kept = folders?.[index] ?? join(folder, String(index))
    const own = [
      `server_name: n${index}`,
      `listen: "${address}:${clients[index]}"`,
      `max_payload: ${payloadBytesMax}`,
      `jetstream { store_dir: "${kept}", max_mem: 64MB, max_file: ${fileBytesMax}${sync ? ', sync_interval: always' : ''} }`,
    ]
    const others = routes.map((port, i) => `nats-route://${machineOf(i).address}:${port}`).toSpliced(index, 1)
    const cluster = `cluster { name: test, listen: "${address}:${routes[index]}", routes: [${others.map(url => `"${url}"`).join(', ')}] }`
    return `${[...own, ...more, ...(count > 1 ? [cluster] : [])].join('\n')}\n`
  }
  await Promise.all(clients.map((_, index) => start(index)))

  return {
    url: clients.map((port, i) => `nats://${machineOf(i).address}:${port}`).join(','),
    async signal(index, signal) {
      const child = children[index]
      if (child === null || child === undefined) return
      child.kill(signal)
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await once(child, 'exit')
    },
    start,
    async remove() {
      for (const child of children) {
        if (child === null) continue
        child.kill('SIGCONT')
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      rmSync(folder, { recursive: true, force: true })
    },
    endWithProcess() {
      for (const child of children) {
        child?.unref()
        if (child?.stderr instanceof Socket) child.stderr.unref()
      }
      process.once('exit', () => {
        for (const child of children) child?.kill('SIGKILL')
        rmSync(folder, { recursive: true, force: true })
      })
    },
  }
}

/** A cluster takes a while to agree on who leads, and its leader may hear after 10 s only what room the others have. */
export async function untilWorks<T>(work: () => Promise<T>, triesMax = 100): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work()
    } catch (cause) {
      if (tries > triesMax) throw cause
      await sleep(200)
    }
  }
}

/** Asks about the streams of servers, or changes them, as an operator would. */
export async function askStreams<T>(url: string, work: (streams: StreamAPI) => Promise<T>): Promise<T> {
  const connection = await connectNats({ servers: url.split(',') })
  try {
    return await untilWorks(async () => work((await jetstreamManager(connection)).streams))
  } finally {
    await connection.close()
  }
}

async function listens(port: number, address: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const socket = connect(port, address)
    const isOpen = await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    if (tries > 300) throw new Error(`nats-server does not listen on ${port}`)
    await sleep(20)
  }
}
