// Six machines of a test: three with NATS, which sync before they acknowledge, one with Redis, and two of ours, of which
// the first has the warehouse. Each NATS server has a small disk of its own. Tests cut, kill and fill what they like;
// `settled` is what must be so whenever all is whole again.

import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from '../../server/src/api/testing/redis-server.ts'
import { askStreams, type NatsServers, startNats } from '../../server/src/log/nats/testing/nats-servers.ts'
import { openEnginePort } from './engine-port.ts'
import { freePorts, Installation, type Role, until } from './installation.ts'
import { natsEnvironment } from './nats-environment.ts'
import { Network } from './network.ts'
import type { Partners } from './partner.ts'
import { audit } from './traffic.ts'

export const natsNames = ['n0', 'n1', 'n2']
const diskSize = '64m'
const logStream = 'datapulse-log-0'

export class Machines {
  readonly network = new Network()
  readonly #place = mkdtempSync(join(tmpdir(), 'machines-'))
  /** Of each NATS server. */
  readonly disks = natsNames.map(name => join(this.#place, name))
  nats!: NatsServers
  one!: Installation
  other!: Installation
  #redisMachine = this.network.machine('redis')
  #redisPort = 0
  #redis: ChildProcess | null = null
  #ends: (() => unknown)[] = []

  static async open(): Promise<Machines> {
    const made = new Machines()
    try {
      await made.#open()
    } catch (cause) {
      await made.close()
      throw cause
    }
    return made
  }

  async #open(): Promise<void> {
    const { network } = this
    this.#ends.push(() => rmSync(this.#place, { recursive: true, force: true }))
    for (const disk of this.disks) {
      mkdirSync(disk)
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskSize}`, 'tmpfs', disk])
      this.#ends.push(() => execFileSync('umount', ['-l', disk]))
    }
    const machines = natsNames.map(name => network.machine(name))
    this.nats = await startNats({ machines, folders: this.disks })
    this.#ends.push(() => this.nats.remove())
    const [redisPort] = await freePorts()
    this.#redisPort = redisPort
    await this.startRedis()
    this.#ends.push(() => this.killRedis())
    const environment = {
      ...natsEnvironment(this.nats.url, 3),
      DATAPULSE_LIMITS: `redis://${this.#redisMachine.address}:${redisPort}`,
    }
    this.one = await Installation.open({ machine: network.machine('one'), environment })
    this.#ends.push(() => this.one.close())
    // The engine of the first machine is the warehouse of the other, by URL.
    const engine = await openEnginePort(this.one.dataDir, network.here.address)
    this.#ends.push(engine.close)
    const warehouse = { DATAPULSE_WAREHOUSE: engine.url }
    this.other = await Installation.open({
      machine: network.machine('other'),
      environment: { ...environment, ...warehouse },
    })
    this.#ends.push(() => this.other.close())
  }

  async close(): Promise<void> {
    for (const end of this.#ends.splice(0).toReversed()) await end()
    this.network.close()
  }

  get both(): Installation[] {
    return [this.one, this.other]
  }

  async startRedis(): Promise<void> {
    this.#redis = await startRedis(this.#redisPort, [], this.#redisMachine)
  }

  async killRedis(): Promise<void> {
    const redis = this.#redis
    this.#redis = null
    if (redis === null) return
    redis.kill('SIGKILL')
    await once(redis, 'exit')
  }

  /** A key that both machines know. */
  async key(product: string, more: Record<string, unknown> = {}): Promise<string> {
    const key = await this.one.key(product, more)
    await until('both know the key', async () => {
      const replies = await Promise.all(this.both.map(machine => machine.post('/v2/s2s/event', key, '{}')))
      return replies.every(reply => reply.status !== 401)
    })
    return key
  }

  /** All that partners sent, by product, is there once; and no event disappeared without an outcome. */
  async settled(sent: Record<string, Partners>): Promise<void> {
    for (const machine of this.both) await machine.ready()
    await this.one.drained()
    for (const [product, { requests }] of Object.entries(sent)) {
      let wrong: string[] = []
      // What is in flight is counted as far as a machine has heard of the log: there may be more.
      await until('all is there', async () => {
        wrong = audit(requests, await this.one.events(`&product=${product}`))
        return wrong.length === 0
      }).catch(() => {})
      assert.deepEqual(wrong, [])
    }
    await until('the equation holds', async () => {
      const accounting = (await this.one.status())['accounting'] as { holds: boolean | null; in_flight: number }
      assert.notEqual(accounting.holds, false, JSON.stringify(accounting))
      return accounting.holds === true && accounting.in_flight === 0
    })
  }

  /** What the parts of that role said last, on both machines. */
  told(role: Role): string {
    const said = this.both.map(machine => machine.output.join('').split('\n'))
    return said
      .map(lines =>
        lines
          .filter(line => line.includes(`"role":"${role}"`))
          .slice(-40)
          .join('\n'),
      )
      .join('\n\n')
  }

  /** Whether limits are shared, as each machine tells. */
  async limitsHold(held: boolean): Promise<void> {
    const line = new RegExp(`^datapulse_limits_hold\\b.* ${Number(held)}$`, 'm')
    await until('both say so', async () => {
      // A request shows them that it is gone.
      const metrics = await Promise.all(this.both.map(machine => machine.admin('/metrics')))
      return metrics.every(({ body }) => line.test(String(body['text'])))
    })
  }

  /** Leaves no byte on the disk of a NATS server. */
  fill(index: number): void {
    const ballast = openSync(join(this.disks[index] as string, 'ballast'), 'w')
    for (let block = Buffer.alloc(2 ** 20); block.length >= 2 ** 12; block = block.subarray(0, block.length / 16))
      try {
        for (;;) writeSync(ballast, block)
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause
      }
    closeSync(ballast)
  }

  empty(index: number): void {
    rmSync(join(this.disks[index] as string, 'ballast'))
  }

  /** The index of the NATS server that leads what is written to the log. */
  async leader(): Promise<number> {
    return askStreams(this.nats.url, async streams => {
      const { cluster } = await streams.info(logStream)
      return natsNames.indexOf(cluster?.leader ?? '')
    })
  }

  /** Waits until each NATS server has all that the others have. */
  async natsWhole(): Promise<void> {
    await askStreams(this.nats.url, async streams => {
      await until('all NATS servers are whole', async () => {
        for await (const { cluster } of streams.list())
          if (cluster?.replicas?.length !== 2 || !cluster.replicas.every(one => one.current)) return false
        return true
      })
    })
  }

  /** Leaves no room in the log; gives what gives it back. */
  async useUpLog(): Promise<() => Promise<void>> {
    const room = (max_bytes: (bytes: number) => number) =>
      askStreams(this.nats.url, async streams => {
        const { state } = await streams.info(logStream)
        await streams.update(logStream, { max_bytes: max_bytes(state.bytes) })
      })
    await room(used => used)
    return () => room(() => 2 ** 30)
  }
}
