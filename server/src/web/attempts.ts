// Attempts to use the admin API with a wrong token, in the audit log: some of each minute one by one, with address and
// path, the rest of that minute as one entry that counts them, written when the minute is over. So a flood costs a few
// entries a minute. What was sent as a token is never recorded. A process that dies takes the count of its last minute along.

import type { Audit, WebLogger } from './needs.ts'

export type Attempt = { address: string; method: string; path: string; code: string }

export class Attempts {
  #audit: Audit
  #logger: WebLogger
  #now: () => number
  #perMinuteMax: number
  #minute = 0
  #written = 0
  #uncounted = 0
  #timer: NodeJS.Timeout

  constructor(options: { audit: Audit; logger: WebLogger; now: () => number; perMinuteMax: number }) {
    this.#audit = options.audit
    this.#logger = options.logger
    this.#now = options.now
    this.#perMinuteMax = options.perMinuteMax
    this.#timer = setInterval(() => this.turn(), 10_000)
    this.#timer.unref()
  }

  note({ address, method, path, code }: Attempt): void {
    this.turn()
    if (this.#written >= this.#perMinuteMax) {
      this.#uncounted += 1
      return
    }
    this.#written += 1
    this.#write(address, code, { method, path })
  }

  /** Writes the count of a minute that is over. */
  turn(): void {
    const minute = Math.floor(this.#now() / 60_000)
    if (minute === this.#minute) return
    this.#minute = minute
    this.#written = 0
    this.#tellUncounted()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#tellUncounted()
  }

  #tellUncounted(): void {
    if (this.#uncounted === 0) return
    const attempts = this.#uncounted
    this.#uncounted = 0
    this.#write(null, 'UNAUTHORIZED', { attempts })
  }

  /** An attempt is refused, be it written down or not. */
  #write(address: string | null, code: string, values: Record<string, unknown>): void {
    try {
      this.#audit.note('attempts', {
        act: 'admin.attempt',
        way: 'none',
        address,
        actor: null,
        outcome: 'refused',
        code,
        values,
      })
    } catch (cause) {
      this.#logger.warn({ cause: String(cause) }, 'an attempt with a wrong admin token could not be recorded')
    }
  }
}
