// Takes a JSON text's outermost list or object apart by strings and brackets alone, so that every part stays to the letter.
// The contract's scan does the same for bodies at the door, within the door's limits; this one is for texts that are kept,
// which may hold more events than a request. It relies on the text being JSON, which JSON.parse has shown.

export type Member = { name: string; value: string }

/** The texts of a list's elements, without the whitespace around them. */
export function elementsOf(list: string): string[] {
  const parts: string[] = []
  for (const part of partsOf(list)) parts.push(part.trim())
  return parts
}

/** The members of an object, their values as texts: also one whose name comes again, which a parser forgets. */
export function membersOf(object: string): Member[] {
  const members: Member[] = []
  for (const part of partsOf(object)) {
    const from = part.indexOf('"')
    const end = endOfString(part, from) + 1
    const name = JSON.parse(part.slice(from, end)) as string
    members.push({ name, value: part.slice(part.indexOf(':', end) + 1).trim() })
  }
  return members
}

/** What is between the commas inside of the outermost brackets; nothing when that is only whitespace. */
function* partsOf(text: string): Generator<string> {
  let depth = 0
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === QUOTE) at = endOfString(text, at)
    else if (c === OPEN_ARRAY || c === OPEN_OBJECT) {
      if (depth++ === 0) from = at + 1
    } else if (c === CLOSE_ARRAY || c === CLOSE_OBJECT) {
      if (--depth > 0) continue
      const last = text.slice(from, at)
      if (last.trim() !== '') yield last
    } else if (c === COMMA && depth === 1) {
      yield text.slice(from, at)
      from = at + 1
    }
  }
}

/** Where the string that begins at `from` has its closing quote; the text's end when it has none. */
export function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === QUOTE) return at
    if (c === BACKSLASH) at++
  }
  return text.length
}

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
