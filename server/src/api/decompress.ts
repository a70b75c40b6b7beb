// Decompresses one body. Output is counted as it comes, against the body's limit and the budget, so a bomb stops there.
// The work is done by zlib's threads, a few bodies at a time; the others wait with their compressed bytes. Small bodies
// are done at once, in place, as long as their output is small too. Bytes after the end of the compressed data, and an
// end that is missing, are damage. (gzip may have several members, and zeros after them, as its format has it.)

import {
  type BrotliDecompress,
  brotliDecompressSync,
  constants,
  createBrotliDecompress,
  createGunzip,
  createZstdDecompress,
  type Gunzip,
  gunzipSync,
  type ZstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import type { BodyBudget, Holder } from './body-budget.ts'
import { BodyReader } from './body-reader.ts'

export type Encoding = 'gzip' | 'br' | 'zstd'
export type Decompressed = { fault: null; body: BodyReader } | { fault: Fault }
type Fault = 'damaged' | 'large' | 'full' | 'share'

/** A zstd body may ask for this much memory of its reader (RFC 9659 allows it no more). */
const zstdWindowLogMax = 23
const atOnceMax = 4
const inPlaceInputMax = 16 * 1024
const inPlaceOutputMax = 128 * 1024

export class Decompressor {
  #budget: BodyBudget
  #bytesMax: number
  #running = 0
  #waiting: (() => void)[] = []

  constructor(budget: BodyBudget, bytesMax: number) {
    this.#budget = budget
    this.#bytesMax = bytesMax
  }

  /** Calls `done` once; on success the caller releases the body. `bytes` must stay as they are until then. */
  run(bytes: Buffer, encoding: Encoding, holder: Holder, done: (result: Decompressed) => void): void {
    if (bytes.length <= inPlaceInputMax && this.#runInPlace(bytes, encoding, holder, done)) return
    const start = () => {
      this.#running++
      this.#runStreaming(bytes, encoding, holder, result => {
        this.#running--
        this.#waiting.shift()?.()
        done(result)
      })
    }
    if (this.#running < atOnceMax) start()
    else this.#waiting.push(start)
  }

  /** False when the output turns out not to be small. */
  #runInPlace(bytes: Buffer, encoding: Encoding, holder: Holder, done: (result: Decompressed) => void): boolean {
    let output: Buffer
    try {
      output = decompressAtOnce(bytes, encoding)
    } catch (fault) {
      if ((fault as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return false
      done({ fault: 'damaged' })
      return true
    }
    const body = new BodyReader(this.#budget, holder, this.#bytesMax, -1)
    const taken = body.take(output)
    done(taken === 'more' ? { fault: null, body } : { fault: taken })
    return true
  }

  #runStreaming(bytes: Buffer, encoding: Encoding, holder: Holder, done: (result: Decompressed) => void): void {
    const body = new BodyReader(this.#budget, holder, this.#bytesMax, -1)
    const engine = openEngine(encoding)
    let ended = false
    const end = (fault: Fault | null) => {
      if (ended) return
      ended = true
      engine.destroy()
      if (fault !== null) body.release()
      done(fault === null ? { fault, body } : { fault })
    }
    engine.on('data', (chunk: Buffer) => {
      if (ended) return
      const taken = body.take(chunk)
      if (taken !== 'more') end(taken)
    })
    engine.on('end', () => end(null))
    engine.on('error', () => end('damaged'))
    engine.end(bytes)
  }

  get running(): number {
    return this.#running + this.#waiting.length
  }
}

const zstdParams = { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax }

function decompressAtOnce(bytes: Buffer, encoding: Encoding): Buffer {
  const options = { maxOutputLength: inPlaceOutputMax, rejectGarbageAfterEnd: true }
  if (encoding === 'gzip') return gunzipSync(bytes, { maxOutputLength: inPlaceOutputMax })
  if (encoding === 'br') return brotliDecompressSync(bytes, options)
  return zstdDecompressSync(bytes, { ...options, params: zstdParams })
}

function openEngine(encoding: Encoding): Gunzip | BrotliDecompress | ZstdDecompress {
  const options = { chunkSize: 64 * 1024, rejectGarbageAfterEnd: true }
  if (encoding === 'gzip') return createGunzip({ chunkSize: 64 * 1024 })
  if (encoding === 'br') return createBrotliDecompress(options)
  return createZstdDecompress({ ...options, params: zstdParams })
}
