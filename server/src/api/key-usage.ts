// How much of its limit each key uses, over time: what was asked and admitted, refused by the limit, refused for what was in
// it, the events that were taken, and the most that its rolling minute held. Counted in memory, in slots of ten seconds, and
// written to the log behind the replies, so that it reaches the warehouse as everything else does.
//
// A record of kind `tally` (tally.ts) holds these entries too:
//   [{"product":"casino","keyId":"key_…","usage":{"slotMs":1702963200000,"source":81985529216486,"limit":60,"peak":55,
//     "requests":40,"overLimit":0,"rejected":2,"events":950}}, …]
// Each says all that this process (`source`, drawn anew at every start) has counted in that slot so far: of several, the
// largest numbers count, and reading one again changes nothing. A crash loses what was not written yet, some five seconds.

import { randomInt } from 'node:crypto'
import { limits } from '../limits.ts'
import type { LogWriter } from '../log/record.ts'
import type { UsageRow } from '../warehouse/load.ts'
import type { DoorKey } from './keys-in-use.ts'
import { appendTally } from './tally.ts'

const { keyUsageSlotMs: slotLengthMs, keyUsageReportMs: reportMs, keyUsageWaitingMax: waitingMax } = limits

type Slot = {
  product: string
  keyId: string
  /** Whether it says what was not written yet. */
  isNew: boolean
  usage: Omit<UsageRow, 'product' | 'keyId'>
}

export class KeyUsage {
  #log: Pick<LogWriter, 'append' | 'partOf'>
  #now: () => number
  #source = randomInt(2 ** 48 - 1)
  #open = new Map<string, Slot>()
  #ended: Slot[] = []
  #reportedMs = 0
  #flying: Promise<boolean> | null = null

  constructor(log: Pick<LogWriter, 'append' | 'partOf'>, now: () => number) {
    this.#log = log
    this.#now = now
  }

  /** A request came, and the limit has decided. */
  ask(key: DoorKey, nowMs: number, admitted: boolean): void {
    const { usage } = this.#at(key, nowMs)
    if (key.rateLimit > usage.limit) usage.limit = key.rateLimit
    if (admitted) usage.requests++
    else usage.overLimit++
  }

  accept(key: DoorKey, events: number): void {
    this.#latest(key).usage.events += events
  }

  reject(key: DoorKey): void {
    this.#latest(key).usage.rejected++
  }

  /** `used`: requests that are in the rolling minute. */
  see(key: DoorKey, used: number): void {
    const { usage } = this.#latest(key)
    if (used > usage.peak) usage.peak = used
  }

  /** Appends what is due. Resolves to false when it could not be; it is kept then. `all`: also what is not due. */
  flush(all = false): Promise<boolean> {
    this.#flying ??= this.#append(all).finally(() => {
      this.#flying = null
    })
    return this.#flying
  }

  async #append(all: boolean): Promise<boolean> {
    const nowMs = this.#now()
    for (const slot of this.#open.values()) if (nowMs - slot.usage.slotMs >= slotLengthMs) this.#end(slot)
    const isDue = all || Math.abs(nowMs - this.#reportedMs) >= reportMs
    const ended = this.#ended
    const changed = isDue ? [...this.#open.values()].filter(({ isNew }) => isNew) : []
    if (ended.length + changed.length === 0) return true
    this.#ended = []
    if (isDue) {
      this.#reportedMs = nowMs
      for (const slot of changed) slot.isNew = false
    }
    const isThere = await appendTally(this.#log, nowMs, [...ended, ...changed], slot => this.#keep(slot), toldOf)
    this.#ended = this.#ended.slice(-waitingMax)
    return isThere
  }

  #keep(slot: Slot): void {
    if (this.#open.get(slot.keyId) === slot) slot.isNew = true
    else if (!this.#ended.includes(slot)) this.#ended.push(slot)
  }

  #at(key: DoorKey, nowMs: number): Slot {
    const known = this.#open.get(key.id)
    if (known !== undefined) {
      const age = nowMs - known.usage.slotMs
      // The limit may answer later than the request came, by a slot at most.
      if (age < slotLengthMs && age > -slotLengthMs) {
        known.isNew = true
        return known
      }
      this.#end(known)
    }
    const slotMs = Math.floor(nowMs / slotLengthMs) * slotLengthMs
    const counts = { peak: 0, requests: 0, overLimit: 0, rejected: 0, events: 0 }
    const usage = { slotMs, source: this.#source, limit: key.rateLimit, ...counts }
    const slot = { product: key.product, keyId: key.id, isNew: true, usage }
    this.#open.set(key.id, slot)
    return slot
  }

  #latest(key: DoorKey): Slot {
    const known = this.#open.get(key.id)
    if (known === undefined) return this.#at(key, this.#now())
    known.isNew = true
    return known
  }

  #end(slot: Slot): void {
    this.#open.delete(slot.keyId)
    if (!slot.isNew) return
    slot.isNew = false
    this.#ended.push(slot)
  }
}

function toldOf({ product, keyId, usage }: Slot): object {
  return { product, keyId, usage }
}
