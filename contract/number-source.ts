// Numbers as they were sent. JSON.parse rounds a number to a double; where no digit may be lost, its text is found here.

/**
 * The texts of the numbers that the top-level `keys` of an event hold; of a repeated key, the last. One walk over the
 * text, which must be the JSON of an object.
 * @example numberSources('{"a":1.0,"b":{"a":2}}', ['a']) // Map { 'a' => '1.0' }
 */
export function numberSources(text: string, keys: readonly string[]): Map<string, string> {
  const sources = new Map<string, string>()
  let at = text.indexOf('{') + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return sources
    const keyEnd = endOfText(text, quote)
    const key = keyOf(text.slice(quote, keyEnd))
    afterColon.lastIndex = keyEnd
    afterColon.test(text)
    const start = afterColon.lastIndex
    at = endOfValue(text, start)
    if (!keys.includes(key)) continue
    number.lastIndex = start
    const source = number.exec(text)?.[0]
    if (source === undefined) sources.delete(key)
    else sources.set(key, source)
  }
}

/** Whether a JSON number has no fraction, whatever its spelling: `100.0` and `1e2` are 100, `1.5` and `1e-400` are not whole. */
export function isIntegerText(source: string): boolean {
  const [, integer = '', fraction = '', exponent = '0'] = parts.exec(source) ?? []
  const digits = integer + fraction
  let length = digits.length
  while (length > 0 && digits[length - 1] === '0') length--
  return length === 0 || length <= integer.length + Number(exponent)
}

function keyOf(quoted: string): string {
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
}

/** Behind the comma or the bracket that ends the value at `at`. */
function endOfValue(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === QUOTE) i = endOfText(text, i) - 1
    else if (c === OPEN_OBJECT || c === OPEN_ARRAY) depth++
    else if (c === CLOSE_OBJECT || c === CLOSE_ARRAY) {
      if (--depth < 0) return i + 1
    } else if (c === COMMA && depth === 0) return i + 1
  }
  return text.length
}

/** Behind the quote that closes the text whose first quote is at `at`. */
function endOfText(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === QUOTE) return i + 1
    if (c === BACKSLASH) i++
  }
  return text.length
}

const afterColon = /[ \t\r\n]*:[ \t\r\n]*/y
const number = /-?[0-9][0-9.eE+-]*/y
const parts = /^-?0*([0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
