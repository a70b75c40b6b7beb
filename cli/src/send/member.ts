// The text of one member of a JSON object, as it stands there: parsing and writing it anew would cost digits.

/** Of a repeated name the last counts. `json` is a valid object. */
export function memberText(json: string, name: string): string | null {
  let found: string | null = null
  let depth = 0
  let key: string | null = null
  let from = 0
  for (let at = 0; at < json.length; at++) {
    const unit = json[at]!
    if (unit === '"') {
      const end = stringEnd(json, at)
      if (depth === 1 && key === null) {
        key = JSON.parse(json.slice(at, end)) as string
        from = json.indexOf(':', end) + 1
        at = from - 1
      } else at = end - 1
    } else if (unit === '{' || unit === '[') depth += 1
    else if (depth === 1 && (unit === ',' || unit === '}')) {
      if (key === name) found = json.slice(from, at).trim()
      key = null
    } else if (unit === '}' || unit === ']') depth -= 1
  }
  return found
}

function stringEnd(json: string, from: number): number {
  for (let at = from + 1; ; at++) {
    if (json[at] === '\\') at += 1
    else if (json[at] === '"') return at + 1
  }
}
