// The file to send as bytes, decompressed when it is gzip (by its first bytes, not by its name), and the file of rejected
// events, which is made when the first one is written.

import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Failure } from '../failure.ts'
import type { Piece } from './pieces.ts'
import type { Violation } from './sender.ts'

/** `-` is standard input. */
export async function* readBytes(path: string): AsyncGenerator<Uint8Array> {
  const source: Readable = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 256 * 1024 })
  try {
    yield* unzip(source)
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(
      'UNREADABLE',
      `Cannot read ${path === '-' ? 'standard input' : path}: ${(error as Error).message}`,
    )
  }
}

async function* unzip(source: Readable): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  const first = await chunks.next()
  if (first.done) return
  const all = async function* (): AsyncGenerator<Uint8Array> {
    yield first.value
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  }
  if (!(first.value[0] === 0x1f && first.value[1] === 0x8b)) {
    yield* all()
    return
  }
  // A fault on the way reaches the reader of the last stream.
  const gunzip = createGunzip()
  pipeline(all, gunzip, () => {})
  yield* gunzip as AsyncIterable<Uint8Array>
}

export type RejectedFile = {
  write: (piece: Piece, violations: Violation[]) => Promise<void>
  close(): Promise<void>
}

/** One JSON object a line: `{"line":7,"violations":[…],"event":…}`, or `text` where it was no JSON. */
export function openRejectedFile(path: string): RejectedFile {
  let file: Promise<FileHandle> | null = null
  return {
    async write(piece, violations) {
      file ??= open(path, 'w')
      const said = violations.map(({ field, rule, message }) => ({ field, rule, message }))
      const what =
        piece.problem === null ? `"event":${piece.text.replace(/\r?\n/g, ' ')}` : `"text":${JSON.stringify(piece.text)}`
      await (await file).write(`{"line":${piece.line},"violations":${JSON.stringify(said)},${what}}\n`)
    },
    async close() {
      await (await file)?.close()
    },
  }
}
