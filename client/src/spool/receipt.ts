// What `track` gave for an event in a spool: its outcome comes later, perhaps much later, and of millions that are on the disk
// nobody may want to know. So an outcome is remembered only for a receipt that somebody still has: by a weak reference until
// its `outcome` is asked for, by a strong one from then on.

import type { Outcome, Tracked } from '../outbox.ts'

export class Receipts {
  #bySeq = new Map<number, WeakRef<Receipt> | Receipt>()
  #collected = new FinalizationRegistry<number>(seq => this.#bySeq.delete(seq))

  make(seq: number, messageId: string | null): Tracked {
    const receipt = new Receipt(messageId, () => this.#bySeq.set(seq, receipt))
    this.#bySeq.set(seq, new WeakRef(receipt))
    this.#collected.register(receipt, seq)
    return receipt
  }

  settle(seq: number, outcome: Outcome): void {
    const found = this.#bySeq.get(seq)
    if (found === undefined) return
    this.#bySeq.delete(seq)
    const receipt = found instanceof Receipt ? found : found.deref()
    receipt?.settle(outcome)
  }

  /** All that are left: they are on the disk. */
  keepAll(): void {
    for (const seq of this.#bySeq.keys()) this.settle(seq, { status: 'kept' })
  }
}

class Receipt implements Tracked {
  readonly status = 'spooled'
  readonly messageId: string | null
  readonly requestId = null
  #onWanted: () => void
  #outcome: Promise<Outcome> | null = null
  #resolve: ((outcome: Outcome) => void) | null = null
  #settled: Outcome | null = null

  constructor(messageId: string | null, onWanted: () => void) {
    this.messageId = messageId
    this.#onWanted = onWanted
  }

  get outcome(): Promise<Outcome> {
    if (this.#outcome === null) {
      this.#outcome = new Promise(resolve => {
        if (this.#settled !== null) resolve(this.#settled)
        else this.#resolve = resolve
      })
      if (this.#settled === null) this.#onWanted()
    }
    return this.#outcome
  }

  settle(outcome: Outcome): void {
    this.#settled = outcome
    this.#resolve?.(outcome)
  }
}
