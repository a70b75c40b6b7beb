// Gives events that nothing tells a name of their own: a message_id made from the file's name, the line and the text. So
// a part of a file that is sent again, by whoever resumes it or sends it anew, doubles nothing; and two lines, or two
// files, never become one. An event that has an id, or a transaction_id, is left as it is.

import { limits } from '@datapulse/contract'
import { createHash } from 'node:crypto'
import type { Piece } from './pieces.ts'

/** @param source the file's name, or what stands for it */
export function withMessageId(piece: Piece, source: string): Piece {
  if (piece.problem !== null) return piece
  const event = JSON.parse(piece.text) as Record<string, unknown>
  if (isThere(event['message_id']) || isThere(event['transaction_id'])) return piece
  const { source: from, line } = piece.origin ?? { source, line: piece.line }
  const hash = createHash('sha256')
    .update(JSON.stringify([from, line, piece.text]))
    .digest('hex')
  // Last, because of a repeated key the last counts, and it may be there as null or ''.
  const head = piece.text.slice(0, piece.text.lastIndexOf('}')).trimEnd()
  const comma = head.endsWith('{') ? '' : ','
  const text = `${head}${comma}"message_id":"file_${hash.slice(0, 32)}"}`
  // One that would be too large with it is not made so.
  return Buffer.byteLength(text) > limits.eventBytesMax ? piece : { ...piece, text }
}

/** As the contract has it: absent, null and empty are missing. */
function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && !(typeof value === 'string' && value.trim() === '')
}
