// Cuts a stream of bytes into events without parsing them into objects and back: an amount with more digits than a
// double holds must leave as it came. Takes a JSON array, or one JSON object a line; which of them the first
// character says. What is no JSON is yielded with the reason and not sent. One event at a time is held.

import { Failure } from '../failure.ts'

export type Piece = {
  /** Line of an NDJSON file, or place in the array; from 1. */
  line: number
  text: string
  /** Why it is not an event at all, or null. */
  problem: string | null
}

const pieceBytesMax = 8 * 1024 * 1024

export async function* cutEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
    } catch {
      throw new Failure('NOT_UTF8', 'Cannot send this file because it is not UTF-8')
    }
  }
  let cut: ((text: string) => Piece[]) | null = null
  let end: () => Piece[] = () => []
  for await (const chunk of bytes) {
    const text = decode(chunk)
    if (cut === null) {
      if (text.trim() === '') continue
      ;({ cut, end } = text.trimStart().startsWith('[') ? arrayCutter() : lineCutter())
    }
    yield* cut(text)
  }
  const rest = decode()
  if (cut !== null) yield* cut(rest)
  yield* end()
}

type Cutter = { cut: (text: string) => Piece[]; end: () => Piece[] }

function lineCutter(): Cutter {
  let rest = ''
  let line = 0
  const take = (text: string): Piece[] => {
    line += 1
    return text.trim() === '' ? [] : [readPiece(line, text.trim())]
  }
  return {
    cut(text) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      checkSize(rest)
      return lines.flatMap(take)
    },
    end: () => take(rest),
  }
}

/** Follows strings and brackets; an element ends at a comma or bracket of the outermost array. */
function arrayCutter(): Cutter {
  let element = ''
  let count = 0
  let depth = 0
  let inString = false
  let escaped = false
  let over = false

  const take = (): Piece[] => {
    const text = element.trim()
    element = ''
    if (text === '') return []
    count += 1
    return [readPiece(count, text)]
  }
  const cut = (text: string): Piece[] => {
    const pieces: Piece[] = []
    let from = 0
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (over) {
        if (unit > 0x20) throw new Failure('NOT_JSON', 'Cannot send this file because something follows its JSON array')
      } else if (inString) {
        if (escaped) escaped = false
        else if (unit === 0x5c) escaped = true
        else if (unit === 0x22) inString = false
      } else if (unit === 0x22) inString = true
      else if (unit === 0x5b || unit === 0x7b) {
        if (depth === 0) from = at + 1
        depth += 1
      } else if (unit === 0x5d || unit === 0x7d) {
        depth -= 1
        if (depth > 0) continue
        element += text.slice(from, at)
        pieces.push(...take())
        over = true
      } else if (unit === 0x2c && depth === 1) {
        element += text.slice(from, at)
        from = at + 1
        pieces.push(...take())
      }
    }
    if (!over) element += text.slice(from)
    checkSize(element)
    return pieces
  }
  const end = (): Piece[] => {
    if (!over) throw new Failure('NOT_JSON', 'Cannot send the whole file because its JSON array does not end')
    return []
  }
  return { cut, end }
}

function readPiece(line: number, text: string): Piece {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return { line, text, problem: isObject ? null : 'not a JSON object' }
  } catch (error) {
    return { line, text, problem: `not JSON: ${(error as Error).message}` }
  }
}

function checkSize(text: string): void {
  if (text.length <= pieceBytesMax) return
  throw new Failure('NOT_EVENTS', 'Cannot send this file because one event in it is larger than any that is taken')
}
