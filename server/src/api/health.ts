// /healthz: the process answers. /readyz: whether events are taken, and which part is not ready. What comes after the
// log may be down without harm to the door: then it is named, and the answer is still 200. Where less than what is promised
// was accepted of the log, `durability` says so.

import type { LogWriter } from '../log/record.ts'
import { limits } from '../limits.ts'

/** What other parts say: null is ready, a text says why not. Nothing in it makes the door refuse. */
export type Readiness = () => Promise<Record<string, string | null>>

export class Health {
  #log: Pick<LogWriter, 'status'>
  #readiness: Readiness

  constructor(log: Pick<LogWriter, 'status'>, readiness: Readiness) {
    this.#log = log
    this.#readiness = readiness
  }

  answer(route: 'healthz' | 'readyz', closing: boolean, reply: (status: number, body: string) => void): void {
    if (route === 'healthz') {
      reply(200, '{"status":"ok"}')
      return
    }
    void this.#askOthers().then(others => {
      const door = closing ? 'the server is stopping' : null
      const log = this.#logProblem()
      const parts: Record<string, string> = {}
      for (const [name, problem] of Object.entries({ api: door, log, ...others })) parts[name] = problem ?? 'ready'
      const takes = door === null && log === null
      const status = !takes ? 'unavailable' : Object.values(others).every(one => one === null) ? 'ready' : 'degraded'
      const weaker = this.#weaker()
      reply(takes ? 200 : 503, JSON.stringify({ status, parts, ...(weaker !== undefined && { durability: weaker }) }))
    })
  }

  #weaker(): string | undefined {
    try {
      return this.#log.status().weaker
    } catch {
      return undefined
    }
  }

  #logProblem(): string | null {
    try {
      const { refusing } = this.#log.status()
      return refusing === null ? null : `${refusing.code}: ${refusing.message}`
    } catch (fault) {
      return `its state cannot be read: ${String(fault)}`
    }
  }

  /** Never rejects, never waits for long. */
  async #askOthers(): Promise<Record<string, string | null>> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Record<string, string>>(resolve => {
      timer = setTimeout(() => resolve({ others: 'no answer in time' }), limits.readinessMs)
    })
    try {
      return await Promise.race([this.#readiness(), late])
    } catch (fault) {
      return { others: `their state cannot be read: ${String(fault)}` }
    } finally {
      clearTimeout(timer)
    }
  }
}
