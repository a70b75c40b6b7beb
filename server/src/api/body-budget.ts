// How many bytes of bodies are held at once, in all and by one key, received and decompressed ones alike. Whoever takes
// bytes gives them back when the reply is sent or the connection is gone.

/** Who holds bytes: a key. */
export type Holder = { bodyBytes: number }

export class BodyBudget {
  #bytesMax: number
  #bytesPerHolderMax: number
  #bytes = 0

  constructor(bytesMax: number, bytesPerHolderMax: number) {
    this.#bytesMax = bytesMax
    this.#bytesPerHolderMax = bytesPerHolderMax
  }

  /** Says why when nothing was taken: the holder has its share, or there is no room. */
  take(holder: Holder, bytes: number): 'taken' | 'share' | 'full' {
    if (holder.bodyBytes + bytes > this.#bytesPerHolderMax) return 'share'
    if (this.#bytes + bytes > this.#bytesMax) return 'full'
    this.#bytes += bytes
    holder.bodyBytes += bytes
    return 'taken'
  }

  give(holder: Holder, bytes: number): void {
    this.#bytes -= bytes
    holder.bodyBytes -= bytes
  }

  get bytes(): number {
    return this.#bytes
  }
}
