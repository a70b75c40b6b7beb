// Partners as the contract wants them: they go through a load balancer, and what was not answered 200 they send again, to the
// letter, until it is. So in the end everything they sent is acknowledged, and must be there once. They keep books of every
// reply too. Bounded: they keep to a pace, and each request has a last try. Some keep knocking at a limit instead: they stop
// when they are told to.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Installation, Reply } from './installation.ts'
import { deposit, seeded, type Sent } from './traffic.ts'

export type Heard = {
  machine: Installation
  /** Null when the connection gave none. */
  reply: Reply | null
  /** Of this process's clock, in milliseconds. */
  sentMs: number
  heardMs: number
}

export type PartnersOptions = {
  /** Behind the load balancer. */
  machines: Installation[]
  key: string
  /** Begins every id. */
  name: string
  /** How many requests are under way at once, and how long each waits for its next. */
  lanes: number
  pauseMs: number
  /** What is refused when they are stopped is not sent again. */
  knocking?: boolean
}

const triesMax = 300
/** However long they are asked to wait: the test would be the longer for it. */
const waitMsMax = 500

export class Partners {
  readonly requests: Sent[] = []
  readonly heard: Heard[] = []
  #options: PartnersOptions
  #random: () => number
  #running = false
  #lanes: Promise<void>[] = []
  #turn = 0

  constructor(options: PartnersOptions) {
    this.#options = options
    this.#random = seeded(options.name.length)
  }

  start(): void {
    this.#running = true
    for (let i = 0; i < this.#options.lanes; i++) this.#lanes.push(this.#lane())
  }

  /** What was begun is brought to its end first. */
  async stop(): Promise<void> {
    this.#running = false
    await Promise.all(this.#lanes.splice(0))
  }

  get acknowledged(): number {
    return this.requests.filter(request => request.acknowledged).length
  }

  /** The most requests that were surely admitted in one window of `ms`: asked and answered within it. */
  admittedMost(ms: number): { count: number; fromMs: number } {
    const admitted = this.heard.filter(({ reply }) => reply?.status === 200)
    let most = { count: 0, fromMs: 0 }
    for (const { sentMs: fromMs } of admitted) {
      const count = admitted.filter(({ sentMs, heardMs }) => sentMs >= fromMs && heardMs < fromMs + ms).length
      if (count > most.count) most = { count, fromMs }
    }
    return most
  }

  async #lane(): Promise<void> {
    while (this.#running) {
      await this.#request()
      await sleep(this.#options.pauseMs)
    }
  }

  async #request(): Promise<void> {
    const { name, knocking = false } = this.#options
    const size = this.#random() < 0.7 ? 1 : 2 + Math.floor(this.#random() * 10)
    const first = this.requests.length
    const ids = Array.from({ length: size }, (_, i) => `${name}-${first}-${i}`)
    const request: Sent = { ids, acknowledged: false }
    this.requests.push(request)
    const events = ids.map(id => deposit(id))
    const [path, body] = size === 1 ? ['/v2/s2s/event', events[0]] : ['/v2/s2s/batch', events]
    for (let tries = 0; tries < triesMax && !request.acknowledged; tries++) {
      if (tries > 0) await sleep(Math.min(waitMsMax, this.#wait()))
      if (knocking && !this.#running) return
      request.acknowledged = (await this.#post(path as string, JSON.stringify(body))) === 200
    }
  }

  #wait(): number {
    const asked = Number(this.heard.at(-1)?.reply?.headers.get('retry-after') ?? 0)
    return Math.max(50, asked * 1_000)
  }

  async #post(path: string, body: string): Promise<number> {
    const { machines, key } = this.#options
    const machine = machines[this.#turn++ % machines.length] as Installation
    const sentMs = Date.now()
    const reply = await machine.post(path, key, body).catch(() => null)
    this.heard.push({ machine, reply, sentMs, heardMs: Date.now() })
    return reply?.status ?? 0
  }
}
