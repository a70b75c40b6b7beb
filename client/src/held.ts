// Events that something in between lets through not even alone: a gateway with a smaller limit than the server's, or one
// that says 413 to everything. Nobody has decided about them, so they wait here for their next turn while others go on.
// So many at most: with more, the lane that meets the next one waits with it.

import type { Item } from './outbox.ts'

export class Held {
  #waiting: { item: Item; dueMs: number }[] = []
  #times = new WeakMap<Item, number>()

  get isFull(): boolean {
    return this.#waiting.length >= heldMax
  }

  /** How often it did not get through, this time included. */
  count(item: Item): number {
    const times = (this.#times.get(item) ?? 0) + 1
    this.#times.set(item, times)
    return times
  }

  add(item: Item, dueMs: number): void {
    this.#waiting.push({ item, dueMs })
  }

  /** When the next turn is; null where nothing is held. */
  get dueMs(): number | null {
    return this.#waiting.reduce<number | null>((first, { dueMs }) => Math.min(first ?? dueMs, dueMs), null)
  }

  /** One whose turn it is. */
  take(nowMs: number): Item | null {
    const at = this.#waiting.findIndex(({ dueMs }) => dueMs <= nowMs)
    return this.#waiting.splice(at, at < 0 ? 0 : 1)[0]?.item ?? null
  }

  /** The turn of all is now. */
  hurry(): void {
    for (const each of this.#waiting) each.dueMs = Number.NEGATIVE_INFINITY
  }

  takeAll(): Item[] {
    return this.#waiting.splice(0).map(({ item }) => item)
  }
}

const heldMax = 100
