// Bytes read as text, in the encoding that they are said to have. A byte that does not fit ends it: what would stand in
// its place could make two users one.

import { Failure } from '../failure.ts'

export async function* decodeText(bytes: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  let count = 0
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
    } catch {
      const where = `near byte ${count.toLocaleString('en')}`
      throw new Failure(
        'BAD_ENCODING',
        `Cannot send the whole file because it is not ${encoding} ${where}: name another with --encoding`,
      )
    }
  }
  for await (const chunk of bytes) {
    yield decode(chunk)
    count += chunk.length
  }
  yield decode()
}
