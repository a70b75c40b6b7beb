// Puts events into batches, in their order, each within a number of events and of bytes.

import type { Piece } from './pieces.ts'

export async function* gatherBatches(
  pieces: AsyncIterable<Piece>,
  limit: { events: number; bytes: number },
): AsyncGenerator<Piece[]> {
  let batch: Piece[] = []
  let bytes = 0
  for await (const piece of pieces) {
    // 2: the comma, and a bracket's share.
    const pieceBytes = Buffer.byteLength(piece.text) + 2
    if (batch.length > 0 && (batch.length === limit.events || bytes + pieceBytes > limit.bytes)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(piece)
    bytes += pieceBytes
  }
  if (batch.length > 0) yield batch
}
