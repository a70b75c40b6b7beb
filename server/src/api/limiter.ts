// The rolling limit of every key: who may be admitted now, and what a client is told about it. Windows live in memory
// and, line by line, in a small file (window-file.ts) that the next process reads back. Keys above the exact limit
// write reservations of several admissions at once, so that writes stay rare; after a restart a whole reservation counts
// as used, hence never more than the limit is admitted. One process at a time uses a directory.

import { type Admission, readAdmissions, WindowFile } from './window-file.ts'
import { exactLimitMax, fits, openWindow, type Window, windowMs } from './window.ts'

export type LimiterLogger = { warn(fields: object, message: string): void }

/** One key's window and the reservation it is drawing on. */
export type KeyWindow = { keyId: string; window: Window; reservedAtMs: number; reserved: number }

/** An admission may be reserved this long ahead of its use. */
const reservationMs = 100

export class Limiter {
  #file: WindowFile
  #windows = new Map<string, KeyWindow>()
  /** What an earlier process left of keys that were not seen yet. */
  #left = new Map<string, Admission[]>()
  #ahead = 0
  #lastMs = 0
  #rotatedMs: number

  constructor(directory: string, nowMs: number, logger: LimiterLogger) {
    const onFault = (fault: unknown, what: string) => logger.warn({ fault: String(fault), directory }, what)
    const admissions = readAdmissions(directory, nowMs - windowMs, onFault)
    for (const admission of admissions) {
      // A clock that was set back since must not hold anybody back for longer than a window.
      admission.atMs = Math.min(admission.atMs, nowMs)
      const list = this.#left.get(admission.keyId)
      if (list === undefined) this.#left.set(admission.keyId, [admission])
      else list.push(admission)
    }
    this.#file = new WindowFile(directory, admissions, onFault)
    this.#rotatedMs = nowMs
  }

  /** `nowMs`, kept from going back when the system's clock does. */
  steady(nowMs: number): number {
    let steadyMs = nowMs + this.#ahead
    if (steadyMs < this.#lastMs) {
      this.#ahead = this.#lastMs - nowMs
      steadyMs = this.#lastMs
    }
    this.#lastMs = steadyMs
    return steadyMs
  }

  open(keyId: string, limit: number): KeyWindow {
    const known = this.#windows.get(keyId)
    if (known !== undefined) return known
    const opened = { keyId, window: openWindow(limit), reservedAtMs: 0, reserved: 0 }
    for (const { atMs, count } of this.#left.get(keyId) ?? []) opened.window.restore(atMs, count)
    this.#left.delete(keyId)
    this.#windows.set(keyId, opened)
    return opened
  }

  admit(key: KeyWindow, steadyMs: number, limit: number): boolean {
    if (!fits(key.window, limit)) changeKind(key, steadyMs, limit)
    if (!key.window.admit(steadyMs, limit)) return false
    this.#remember(key, steadyMs, limit, 1)
    return true
  }

  /** Requests that would be admitted now. */
  remaining(key: KeyWindow, steadyMs: number, limit: number): number {
    if (!fits(key.window, limit)) changeKind(key, steadyMs, limit)
    return key.window.remaining(steadyMs, limit)
  }

  /** Counts what another place has admitted: that place may forget it, and this process may be killed. */
  count(key: KeyWindow, steadyMs: number, limit: number, count: number): void {
    if (!fits(key.window, limit)) changeKind(key, steadyMs, limit)
    if (count === 0) return
    key.window.restore(steadyMs, count)
    this.#remember(key, steadyMs, limit, count)
  }

  /** Every second or so: begins a new file each minute, and forgets keys that were not used for one. */
  tick(steadyMs: number): void {
    if (steadyMs - this.#rotatedMs < windowMs) return
    this.#rotatedMs = steadyMs
    this.#left.clear()
    for (const [keyId, key] of this.#windows) if (key.window.resetMs(steadyMs) === 0) this.#windows.delete(keyId)
    this.#file.rotate()
  }

  close(): void {
    this.#file.close()
  }

  status(): { keysInWindow: number } {
    return { keysInWindow: this.#windows.size }
  }

  #remember(key: KeyWindow, steadyMs: number, limit: number, count: number): void {
    if (limit <= exactLimitMax) return this.#file.add(key.keyId, steadyMs, count)
    if (key.reserved < count || steadyMs - key.reservedAtMs >= reservationMs) {
      key.reserved = Math.max(count, Math.ceil((limit * reservationMs) / windowMs / 2))
      // Dated to the end of its time, so that after a restart it counts for as long as what was drawn from it.
      key.reservedAtMs = steadyMs
      this.#file.add(key.keyId, steadyMs + reservationMs, key.reserved)
    }
    key.reserved -= count
  }
}

function changeKind(key: KeyWindow, steadyMs: number, limit: number): void {
  const window = openWindow(limit)
  for (const [atMs, count] of key.window.entries(steadyMs)) window.restore(Math.min(atMs, steadyMs), count)
  key.window = window
}
