// Cuts a text into events without parsing them into objects and back: an amount with more digits than a double holds
// must leave as it came. Takes a JSON array, or one JSON object a line; which of them the first character says. What
// is no JSON is yielded with the reason and not sent. One event at a time is held.

import { Failure } from '../failure.ts'

export type Piece = {
  /** Line of a file, or place in its array; from 1. */
  line: number
  /** The event's JSON as it is sent; where there is a problem, what was there instead. */
  text: string
  /** Why it is not an event at all, or null. */
  problem: string | null
  /** Where it is no JSON in its file: the line as it was there. */
  raw?: string
  /** Of an event out of a file of rejected ones: where it stood at first. */
  origin?: { source: string; line: number }
}

const pieceBytesMax = 8 * 1024 * 1024

/** Passes over the first `skip` of them without looking into them. */
export async function* cutEvents(texts: AsyncIterable<string>, skip = 0): AsyncGenerator<Piece> {
  let cutter: Cutter | null = null
  for await (const text of texts) {
    if (cutter === null) {
      if (text.trim() === '') continue
      cutter = text.trimStart().startsWith('[') ? arrayCutter(skip) : lineCutter(skip)
    }
    yield* cutter.cut(text)
  }
  if (cutter !== null) yield* cutter.end()
}

type Cutter = { cut: (text: string) => Piece[]; end: () => Piece[] }

function lineCutter(skip: number): Cutter {
  let rest = ''
  let line = 0
  let count = 0
  const take = (text: string): Piece[] => {
    line += 1
    if (text.trim() === '') return []
    count += 1
    return count <= skip ? [] : [readPiece(line, text.trim())]
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
function arrayCutter(skip: number): Cutter {
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
    return count <= skip ? [] : [readPiece(count, text)]
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
