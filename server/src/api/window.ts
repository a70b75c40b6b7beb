// How many requests of one key were admitted in the last 60 seconds: never more than its limit in any such window.
// Up to `exactLimitMax` requests a minute every admission's time is kept, so it is exact. Above, admissions are counted
// in slots of 250 ms, and a slot counts until its last instant has left the window: never more, at most 0.4% less.
// Times are milliseconds that never go back (limiter.ts sees to that). A request that is not admitted changes nothing.

export const windowMs = 60_000
export const exactLimitMax = 6_000

export const slotMs = 250
const slots = windowMs / slotMs + 1

export type Window = {
  admit(nowMs: number, limit: number): boolean
  /** Requests that would be admitted now. */
  remaining(nowMs: number, limit: number): number
  /** Milliseconds until the next request will be admitted; 0 is now. */
  waitMs(nowMs: number, limit: number): number
  /** Milliseconds until the oldest admission leaves the window and a request is given back; 0 when there is none. */
  resetMs(nowMs: number): number
  /** Counts `count` admissions of time `atMs` without asking; times must not go back. */
  restore(atMs: number, count: number): void
  /** What is in the window, oldest first. */
  entries(nowMs: number): [atMs: number, count: number][]
}

export function openWindow(limit: number): Window {
  return limit <= exactLimitMax ? new ExactWindow() : new SlottedWindow()
}

/** Whether `window` is of the kind that `limit` wants. */
export function fits(window: Window, limit: number): boolean {
  return window instanceof ExactWindow === limit <= exactLimitMax
}

/** A ring of times that grows up to `exactLimitMax`. */
class ExactWindow implements Window {
  #times = new Float64Array(8)
  #head = 0
  #size = 0

  admit(nowMs: number, limit: number): boolean {
    this.#drop(nowMs)
    if (this.#size >= limit) return false
    this.#push(nowMs)
    return true
  }

  remaining(nowMs: number, limit: number): number {
    this.#drop(nowMs)
    return Math.max(0, limit - this.#size)
  }

  waitMs(nowMs: number, limit: number): number {
    this.#drop(nowMs)
    // Lowering a limit can leave more in the window than it allows: all but `limit - 1` of them must leave first.
    return this.#size < limit ? 0 : this.#at(this.#size - limit) + windowMs - nowMs
  }

  resetMs(nowMs: number): number {
    this.#drop(nowMs)
    return this.#size === 0 ? 0 : this.#at(0) + windowMs - nowMs
  }

  restore(atMs: number, count: number): void {
    for (let i = Math.min(count, exactLimitMax); i > 0; i--) this.#push(atMs)
  }

  entries(nowMs: number): [number, number][] {
    this.#drop(nowMs)
    const entries: [number, number][] = []
    for (let i = 0; i < this.#size; i++) entries.push([this.#at(i), 1])
    return entries
  }

  #at(index: number): number {
    const times = this.#times
    const place = this.#head + index
    return times[place < times.length ? place : place - times.length] as number
  }

  #drop(nowMs: number): void {
    const before = nowMs - windowMs
    while (this.#size > 0 && (this.#times[this.#head] as number) <= before) this.#shift()
  }

  #shift(): void {
    this.#head = this.#head + 1 === this.#times.length ? 0 : this.#head + 1
    this.#size--
  }

  #push(atMs: number): void {
    if (this.#size === this.#times.length) {
      if (this.#size >= exactLimitMax) this.#shift()
      else this.#grow()
    }
    const place = this.#head + this.#size
    this.#times[place < this.#times.length ? place : place - this.#times.length] = atMs
    this.#size++
  }

  #grow(): void {
    const grown = new Float64Array(Math.min(this.#times.length * 2, exactLimitMax))
    for (let i = 0; i < this.#size; i++) grown[i] = this.#at(i)
    this.#times = grown
    this.#head = 0
  }
}

/** Counts by slot; `#slot` is the number of the newest one, and slots older than `slots - 1` before it are gone. */
class SlottedWindow implements Window {
  #counts = new Float64Array(slots)
  #slot = 0
  #oldest = 0
  #total = 0

  admit(nowMs: number, limit: number): boolean {
    this.#advance(nowMs)
    if (this.#total >= limit) return false
    this.#counts[this.#slot % slots]!++
    this.#total++
    return true
  }

  remaining(nowMs: number, limit: number): number {
    this.#advance(nowMs)
    return Math.max(0, limit - this.#total)
  }

  waitMs(nowMs: number, limit: number): number {
    this.#advance(nowMs)
    let tooMany = this.#total - limit + 1
    if (tooMany <= 0) return 0
    let slot = this.#oldest
    for (; slot <= this.#slot; slot++) {
      tooMany -= this.#counts[slot % slots] as number
      if (tooMany <= 0) break
    }
    return (slot + slots) * slotMs - nowMs
  }

  resetMs(nowMs: number): number {
    this.#advance(nowMs)
    return this.#total === 0 ? 0 : (this.#oldest + slots) * slotMs - nowMs
  }

  restore(atMs: number, count: number): void {
    this.#advance(atMs)
    this.#counts[this.#slot % slots]! += count
    this.#total += count
  }

  entries(nowMs: number): [number, number][] {
    this.#advance(nowMs)
    const entries: [number, number][] = []
    for (let slot = this.#oldest; slot <= this.#slot; slot++) {
      const count = this.#counts[slot % slots] as number
      if (count > 0) entries.push([slot * slotMs + slotMs - 1, count])
    }
    return entries
  }

  #advance(nowMs: number): void {
    const slot = Math.floor(nowMs / slotMs)
    if (slot > this.#slot) {
      if (slot - this.#slot >= slots) this.#clear()
      else for (let s = this.#slot + 1; s <= slot; s++) this.#empty(s % slots)
      this.#slot = slot
    }
    if (this.#oldest < slot - slots + 1) this.#oldest = slot - slots + 1
    while (this.#oldest < this.#slot && this.#counts[this.#oldest % slots] === 0) this.#oldest++
  }

  #empty(place: number): void {
    this.#total -= this.#counts[place] as number
    this.#counts[place] = 0
  }

  #clear(): void {
    this.#counts.fill(0)
    this.#total = 0
  }
}
