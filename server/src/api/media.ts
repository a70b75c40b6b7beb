// What a request's headers say of its body: whether it is JSON in UTF-8, and how it is compressed.

import type { Encoding } from './decompress.ts'

/** The labels that mean UTF-8 (WHATWG Encoding). */
const utf8Labels = new Set(['utf-8', 'utf8', 'unicode-1-1-utf-8', 'unicode11utf8', 'unicode20utf8', 'x-unicode20utf8'])

/** What is wrong with the Content-Type, or null. None at all is fine. */
export function contentTypeProblem(value: string | undefined): string | null {
  if (value === undefined || value === 'application/json') return null
  const [type = '', ...parameters] = value.split(';')
  const name = type.trim().toLowerCase()
  if (name !== '' && name !== 'application/json') {
    return `Content-Type must be application/json, or absent: got ${quote(type.trim())}`
  }
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=')
    if (equals < 0 || parameter.slice(0, equals).trim().toLowerCase() !== 'charset') continue
    const charset = parameter
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1')
    if (!utf8Labels.has(charset.toLowerCase()))
      return `The charset of Content-Type must be utf-8: got ${quote(charset)}`
  }
  return null
}

/** The encoding that must be undone, `none`, or `unknown`. */
export function encodingOf(value: string | undefined): Encoding | 'none' | 'unknown' {
  if (value === undefined) return 'none'
  switch (value.trim().toLowerCase()) {
    case '':
    case 'identity':
      return 'none'
    case 'gzip':
    case 'x-gzip':
      return 'gzip'
    case 'br':
      return 'br'
    case 'zstd':
      return 'zstd'
    default:
      return 'unknown'
  }
}

export function encodingProblem(value: string): string {
  return `Content-Encoding must be gzip, br, zstd or absent: got ${quote(value)}`
}

/** Never more than 64 characters of what was sent, and nothing in it that could act on a terminal. */
function quote(text: string): string {
  const cut = text.length > 64 ? `${text.slice(0, 63)}…` : text
  return JSON.stringify(cut.replace(/[^\x20-\x7e…]/g, '?'))
}
