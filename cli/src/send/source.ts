// What is sent, as bytes: a file or standard input, decompressed when it is gzip or Zstandard (by its first bytes, not by
// its name). Says how much of the file was read, and by what a file is known again: its size, its time and its beginning.

import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { Failure } from '../failure.ts'

export type Source = {
  /** May be read once. Ends early, without a fault, when `signal` is aborted. */
  bytes(signal: AbortSignal): AsyncGenerator<Uint8Array>
  /** Bytes of the file, before decompression, that were read so far. */
  bytesRead(): number
  /** null where it is not a file: there is no end that could be known, and no beginning to go back to. */
  file: { bytes: number; fingerprint: string } | null
  close(): Promise<void>
}

const headBytes = 64 * 1024

/** `-` is standard input. */
export async function openSource(path: string): Promise<Source> {
  const name = path === '-' ? 'standard input' : path
  const handle = path === '-' ? null : await open(path).catch(cause => Promise.reject(unreadable(name, cause)))
  let read = 0

  const bytes = async function* (signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const stream: Readable =
      handle === null ? process.stdin : handle.createReadStream({ highWaterMark: 256 * 1024, autoClose: false })
    const stop = () => void stream.destroy()
    signal.addEventListener('abort', stop, { once: true })
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        read += chunk.length
        yield chunk
      }
    }
    try {
      yield* decompress(counted())
    } catch (error) {
      if (signal.aborted) return
      throw error instanceof Failure ? error : unreadable(name, error)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
  const file =
    handle === null ? null : await fingerprintOf(handle).catch(cause => Promise.reject(unreadable(name, cause)))
  return { bytes, bytesRead: () => read, file, close: async () => handle?.close() }
}

/** null for a pipe or a device, which cannot be read twice. */
async function fingerprintOf(handle: FileHandle): Promise<Source['file']> {
  const { size, mtimeNs } = await handle.stat({ bigint: true })
  if (!(await handle.stat()).isFile()) return null
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
  const hash = createHash('sha256').update(`${size} ${mtimeNs} `).update(buffer.subarray(0, bytesRead))
  return { bytes: Number(size), fingerprint: hash.digest('hex') }
}

async function* decompress(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first: Uint8Array = Buffer.alloc(0)
  let isOver = false
  while (first.length < zstdMagic.length && !isOver) {
    const { done, value } = await chunks.next()
    if (done) isOver = true
    else first = first.length === 0 ? value : Buffer.concat([first, value])
  }
  let fed = 0
  const all = async function* (): AsyncGenerator<Uint8Array> {
    for (let chunk: Uint8Array | undefined = first; chunk !== undefined; chunk = (await chunks.next()).value) {
      fed += chunk.length
      yield chunk
    }
  }
  const isZstd = zstdMagic.equals(first.subarray(0, zstdMagic.length))
  if (!isZstd && !gzipMagic.equals(first.subarray(0, gzipMagic.length))) {
    yield* all()
    return
  }
  const decompressor = isZstd ? createZstdDecompress() : createGunzip()
  // A fault on the way reaches the reader of the last stream.
  pipeline(all, decompressor, () => {})
  yield* decompressor as AsyncIterable<Uint8Array>
  // Node's decompressor of Zstandard passes over what follows its last frame, a damaged frame too.
  if (isZstd && decompressor.bytesWritten < fed) throw new Error('what follows its last frame is not Zstandard')
}

const gzipMagic = Buffer.from([0x1f, 0x8b])
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

function unreadable(name: string, cause: unknown): Failure {
  return new Failure('UNREADABLE', `Cannot read ${name}: ${(cause as Error).message}`)
}
