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

  /** False, having taken nothing, when there is no room. */
  take(holder: Holder, bytes: number): boolean {
    if (this.#bytes + bytes > this.#bytesMax || holder.bodyBytes + bytes > this.#bytesPerHolderMax) return false
    this.#bytes += bytes
    holder.bodyBytes += bytes
    return true
  }

  give(holder: Holder, bytes: number): void {
    this.#bytes -= bytes
    holder.bodyBytes -= bytes
  }

  get bytes(): number {
    return this.#bytes
  }
}
