// Up to where everything has an outcome, where outcomes come in any order: a number below which all are done, and the few
// above it that are done already. Who waits for a number waits until all below it are done.

export class Watermark {
  #below: number
  #above = new Set<number>()
  #waiting: { below: number; resolve: () => void }[] = []

  constructor(below: number) {
    this.#below = below
  }

  /** All below it are done, it is not. */
  get below(): number {
    return this.#below
  }

  done(seq: number): void {
    if (seq < this.#below) return
    this.#above.add(seq)
    const before = this.#below
    while (this.#above.delete(this.#below)) this.#below++
    if (this.#below === before || this.#waiting.length === 0) return
    const reached = this.#waiting.filter(({ below }) => below <= this.#below)
    this.#waiting = this.#waiting.filter(({ below }) => below > this.#below)
    for (const { resolve } of reached) resolve()
  }

  /** Resolves once all below `below` are done. */
  reached(below: number): Promise<void> {
    if (below <= this.#below) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push({ below, resolve }))
  }
}
