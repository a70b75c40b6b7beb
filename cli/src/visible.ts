// Text that came from outside, made harmless: what could move a terminal, or turn the direction of writing, is shown
// instead of done. A line end is one of them, unless it is our own.

/** One line: `␛[2J` for an escape sequence, `<U+202E>` for what has no picture of its own. */
export function visible(text: string): string {
  return text.replace(dangerous, shown)
}

/** The same of several lines. */
export function visibleLines(text: string): string {
  return text.replace(dangerous, unit => (unit === '\n' ? unit : shown(unit)))
}

/** JSON that holds the same value and cannot move a terminal. */
export function safeJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(dangerousInJson, unit =>
    [...Array(unit.length).keys()].map(i => `\\u${unit.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )
}

// C0, DEL, C1, what turns the direction of writing, what ends lines elsewhere, tags and what annotates.
// oxlint-disable no-control-regex
const dangerous =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu
const dangerousInJson = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

function shown(unit: string): string {
  const code = unit.codePointAt(0)!
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}
