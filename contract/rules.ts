// The closed list of rules that a violation can name. `docs/reference/errors.md` lists the same, and a test says so.

export const rules = {
  required: 'A required field is absent, null, or empty after trimming.',
  type: 'The value is of another type, and cannot be read as the wanted one without loss.',
  format: 'The text is not written in the form that the field wants.',
  range: 'The number lies outside what the field can hold.',
  future: 'The timestamp is more than 48 hours ahead of the server.',
  length: 'The text is longer than the field allows.',
  encoding: 'The text is not valid Unicode, or an id contains a NUL character.',
  depth: 'The event is nested deeper than 16 levels.',
  properties: 'The event has more than 255 custom properties.',
  size: 'The event is larger than 64 KiB.',
  count: 'The batch has more than 5,000 events.',
  values: 'The body holds more than 200,000 values.',
  empty: 'The batch has no events.',
  syntax: 'The body is not JSON.',
  shape: 'The body, or an element of the batch, is not what the endpoint takes.',
} as const

export type Rule = keyof typeof rules
