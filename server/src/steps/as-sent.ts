// JSON that is read, changed at its top and written again, with every number as it was spelled.

declare global {
  // Not in TypeScript's library yet: https://github.com/tc39/proposal-json-parse-with-source
  interface JSON {
    rawJSON(text: string): unknown
    isRawJSON(value: unknown): boolean
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  }
}

/** An object's value; numbers in it are written by JSON.stringify as they were sent. */
export function readAsSent(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? JSON.rawJSON(source) : value,
  )
}

/** The text of what `change` makes of an object; the same text when it is none. */
export function writeAsSent(text: string, change: (event: Record<string, unknown>) => object): string {
  let value: unknown
  try {
    value = readAsSent(text)
  } catch {
    return text
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || JSON.isRawJSON(value)) return text
  return JSON.stringify(change(value as Record<string, unknown>))
}
