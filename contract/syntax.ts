// Where a text stops being JSON, and why: for the message to the person who sent it, after JSON.parse has refused it.
// Walks the grammar once and builds nothing. Recursion goes as deep as the text's brackets, which the scan has bounded.

import { visible } from './violation.ts'

export type SyntaxFault = { at: number; reason: string }

export function syntaxFault(text: string): SyntaxFault {
  const end = walkValue(text, skipSpace(text, 0))
  if (typeof end !== 'number') return end
  const at = skipSpace(text, end)
  return unexpected(text, at, 'nothing more')
}

/** Where the value that begins at `at` ends, or what is wrong in it. */
function walkValue(text: string, at: number): number | SyntaxFault {
  const c = text[at]
  if (c === '{') return walkMembers(text, at, '}', walkProperty)
  if (c === '[') return walkMembers(text, at, ']', walkValue)
  if (c === '"') return walkString(text, at)
  literal.lastIndex = at
  return literal.test(text) ? literal.lastIndex : unexpected(text, at, 'a value')
}

type Walk = (text: string, at: number) => number | SyntaxFault

function walkMembers(text: string, start: number, close: string, walk: Walk): number | SyntaxFault {
  let at = skipSpace(text, start + 1)
  if (text[at] === close) return at + 1
  for (;;) {
    const end = walk(text, at)
    if (typeof end !== 'number') return end
    at = skipSpace(text, end)
    if (text[at] === close) return at + 1
    if (text[at] !== ',') return unexpected(text, at, `a comma or ${close}`)
    at = skipSpace(text, at + 1)
  }
}

function walkProperty(text: string, at: number): number | SyntaxFault {
  if (text[at] !== '"') return unexpected(text, at, 'a key in double quotes')
  const key = walkString(text, at)
  if (typeof key !== 'number') return key
  const colon = skipSpace(text, key)
  if (text[colon] !== ':') return unexpected(text, colon, 'a colon')
  return walkValue(text, skipSpace(text, colon + 1))
}

function walkString(text: string, start: number): number | SyntaxFault {
  for (let at = start + 1; at < text.length; at++) {
    const c = text[at]!
    if (c === '"') return at + 1
    if (c < ' ') return { at, reason: 'a control character in a string must be escaped' }
    if (c !== '\\') continue
    escape.lastIndex = at
    if (!escape.test(text)) return { at, reason: 'a backslash in a string must begin an escape such as \\n or \\u00e9' }
    at = escape.lastIndex - 1
  }
  return { at: text.length, reason: 'a string is not closed' }
}

function unexpected(text: string, at: number, wanted: string): SyntaxFault {
  if (at >= text.length) return { at, reason: `expected ${wanted}, got its end` }
  const character = String.fromCodePoint(text.codePointAt(at)!)
  return { at, reason: `expected ${wanted}, got "${visible(character)}"` }
}

function skipSpace(text: string, at: number): number {
  space.lastIndex = at
  space.test(text)
  return space.lastIndex
}

const space = /[ \t\r\n]*/y
const literal = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
