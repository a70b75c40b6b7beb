// What the door remembers of each key in use: its window, the bodies it holds, when it was last used. A key that was not
// used for a minute is forgotten; nothing is lost by it, its window is empty.

import type { Admission } from './admission.ts'
import type { KeyWindow } from './limiter.ts'

/** A key, as far as the door needs to know it. */
export type DoorKey = {
  id: string
  product: string
  mode: 'live' | 'test'
  /** The secret's first characters, which may be shown. */
  prefix: string
  /** Requests in a rolling minute. */
  rateLimit: number
  scopes: readonly string[]
}

/** A key that may not be used any more. */
export type EndedKey = { key: { id: string; product: string }; ended: 'revoked' | 'expired' }

export type KeyInUse = {
  key: DoorKey
  window: KeyWindow
  bodyBytes: number
  usedMs: number
  /** The RateLimit-Policy header. */
  policy: string
}

export class KeysInUse {
  #admission: Admission
  #keys = new Map<string, KeyInUse>()
  #touchedMs = Number.NEGATIVE_INFINITY

  constructor(admission: Admission) {
    this.#admission = admission
  }

  use(key: DoorKey, nowMs: number): KeyInUse {
    let inUse = this.#keys.get(key.id)
    if (inUse === undefined) {
      const window = this.#admission.open(key.id, key.rateLimit)
      inUse = { key, window, bodyBytes: 0, usedMs: nowMs, policy: policyOf(key) }
      this.#keys.set(key.id, inUse)
    } else if (inUse.key !== key) {
      inUse.key = key
      inUse.policy = policyOf(key)
    }
    inUse.usedMs = nowMs
    return inUse
  }

  /** Keys used since the last call. */
  *usedSince(nowMs: number): Iterable<readonly [string, number]> {
    const since = this.#touchedMs
    this.#touchedMs = nowMs
    for (const [id, { usedMs }] of this.#keys) if (usedMs >= since) yield [id, usedMs]
  }

  /** Forgets keys whose window is empty. */
  tick(): void {
    for (const [id, { window, bodyBytes }] of this.#keys) {
      if (bodyBytes === 0 && this.#admission.isIdle(window)) this.#keys.delete(id)
    }
  }
}

function policyOf(key: DoorKey): string {
  return `"default";q=${key.rateLimit};w=60`
}
