// Reads the parameters of a question and the fields of a body against a table of what is allowed. Everything that is
// wrong is found, not the first thing; a name that is not in the table is refused, so that a misspelt filter never
// quietly widens an answer.

import type { Problem } from './problem.ts'
import { badParameters } from './problem.ts'
import { parseTime, timeWanted } from './when.ts'

/** Turns what was sent into a value, or says what would be right ("must be …"). */
export type Reading<Value> = {
  read: (sent: unknown, nowMs: number) => { value: Value } | { wanted: string }
  /** Where present, the value must be; says what it is for. */
  missing?: string
}

export type Table = Record<string, Reading<unknown>>
export type Values<T extends Table> = { [Name in keyof T]: (T[Name] extends Reading<infer V> ? V : never) | null }

/** The values of a query string; null where a parameter is absent or empty. Throws a Refusal with all problems. */
export function readQuery<T extends Table>(query: URLSearchParams, table: T, nowMs: number): Values<T> {
  const problems: Problem[] = []
  const sent: Record<string, unknown> = Object.create(null)
  for (const name of new Set(query.keys())) {
    const all = query.getAll(name)
    if (all.length > 1) problems.push({ name, message: `${shorten(name)} was given ${all.length} times: give it once` })
    sent[name] = all[0] === '' ? undefined : all[0]
    // `?raw` means yes.
    if (all[0] === '' && table[name] === flag) sent[name] = 'true'
  }
  return readAll(sent, table, nowMs, problems)
}

/** The values of a JSON object; null where a field is absent or null. Throws a Refusal with all problems. */
export function readFields<T extends Table>(body: object, table: T, nowMs: number): Values<T> {
  return readAll(body as Record<string, unknown>, table, nowMs, [])
}

/** Text of at most `lengthMax` characters. */
export function text(lengthMax: number): Reading<string> {
  return {
    read(sent) {
      const wanted = `text of 1 to ${lengthMax} characters`
      if (typeof sent !== 'string') return { wanted }
      const value = sent.trim()
      if (value.length < 1 || value.length > lengthMax) return { wanted }
      return value.includes('\0') ? { wanted: 'text without NUL characters' } : { value }
    },
  }
}

/** The same in one line, with nothing in it that cannot be seen. */
export function label(lengthMax: number): Reading<string> {
  const whole = text(lengthMax)
  return {
    read(sent, nowMs) {
      if (typeof sent === 'string' && sent.trim().length <= lengthMax && /\p{C}/u.test(sent.trim()))
        return { wanted: 'text without control characters' }
      return whole.read(sent, nowMs)
    },
  }
}

/** The same, but it must be there; `why` ends the sentence "… is missing: ". */
export function required<Value>(reading: Reading<Value>, why: string): Reading<Value> {
  return { read: reading.read, missing: why }
}

export const productId: Reading<string> = {
  read(sent) {
    const wanted = 'a product id: 1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit'
    return typeof sent === 'string' && /^[a-z0-9][a-z0-9_-]{0,62}$/.test(sent) ? { value: sent } : { wanted }
  },
}

export const uuid: Reading<string> = {
  read(sent) {
    const isUuid = typeof sent === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(sent)
    return isUuid ? { value: sent.toLowerCase() } : { wanted: 'a UUID, as X-Request-Id has it' }
  },
}

export function integer(least: number, most: number): Reading<number> {
  return {
    read(sent) {
      const wanted = `a whole number from ${least} to ${most}`
      const value = typeof sent === 'string' && /^-?\d{1,15}$/.test(sent) ? Number(sent) : sent
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return { wanted }
      return value >= least && value <= most ? { value } : { wanted }
    },
  }
}

export function oneOf<const Value extends string>(...values: Value[]): Reading<Value> {
  return {
    read(sent) {
      const value = values.find(known => known === sent)
      return value === undefined ? { wanted: `one of ${values.join(', ')}` } : { value }
    },
  }
}

/** A list as JSON, or separated by commas. */
export function listOf<const Value extends string>(...values: Value[]): Reading<Value[]> {
  return {
    read(sent) {
      const wanted = `a list of ${values.join(', ')}`
      const parts = typeof sent === 'string' ? sent.split(',').map(part => part.trim()) : sent
      if (!Array.isArray(parts) || parts.length === 0) return { wanted }
      const known = values.filter(value => parts.includes(value))
      return parts.every(part => (values as unknown[]).includes(part)) ? { value: known } : { wanted }
    },
  }
}

export const flag: Reading<boolean> = {
  read(sent) {
    if (sent === true || sent === '1' || sent === 'true') return { value: true }
    if (sent === false || sent === '0' || sent === 'false') return { value: false }
    return { wanted: 'true or false' }
  },
}

/** A moment; a length of time counts back from now. */
export const past: Reading<number> = time('back')
/** A moment still to come; a length of time counts ahead from now. */
export const future: Reading<number> = time('ahead')

/** A length of time, in milliseconds. */
export const lengthOfTime: Reading<number> = {
  read(sent, nowMs) {
    const atMs = typeof sent === 'string' && /^\d{1,9}[smhdw]$/i.test(sent) ? parseTime(sent, nowMs, 'back') : null
    return atMs === null || atMs >= nowMs ? { wanted: 'a length of time such as 24h or 7d' } : { value: nowMs - atMs }
  },
}

/** A day of the calendar, `2026-06-01`. */
export const dayText: Reading<string> = {
  read(sent) {
    const wanted = 'a day such as 2026-06-01'
    if (typeof sent !== 'string' || !/^(19[7-9]|20\d|21\d)\d-\d\d-\d\d$/.test(sent)) return { wanted }
    const ms = Date.parse(`${sent}T00:00:00Z`)
    return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(sent) ? { value: sent } : { wanted }
  },
}

/** A time zone of the IANA database. */
export const timeZone: Reading<string> = {
  read(sent) {
    const wanted = 'a time zone such as Asia/Taipei'
    if (typeof sent !== 'string' || !/^[A-Za-z][\w+/-]{0,63}$/.test(sent)) return { wanted }
    try {
      return { value: new Intl.DateTimeFormat('en', { timeZone: sent }).resolvedOptions().timeZone }
    } catch {
      return { wanted }
    }
  },
}

/** An object of texts, such as `{"userAgent":"user_agent"}`. */
export function mappingOf(lengthMax: number): Reading<Map<string, string>> {
  return {
    read(sent) {
      const wanted = `an object whose names and values are texts of 1 to ${lengthMax} characters`
      if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return { wanted }
      const entries = Object.entries(sent as Record<string, unknown>)
      const isText = (one: unknown) => typeof one === 'string' && one.length >= 1 && one.length <= lengthMax
      if (!entries.every(entry => entry.every(isText))) return { wanted }
      return { value: new Map(entries as [string, string][]) }
    },
  }
}

/** The same, or the word `never`. */
export function orNever<Value>(reading: Reading<Value>): Reading<Value | 'never'> {
  return {
    read(sent, nowMs) {
      if (sent === 'never') return { value: 'never' }
      const result = reading.read(sent, nowMs)
      return 'value' in result ? result : { wanted: `${result.wanted}, or never` }
    },
  }
}

function time(lengths: 'back' | 'ahead'): Reading<number> {
  return {
    read(sent, nowMs) {
      const value = typeof sent === 'string' || typeof sent === 'number' ? parseTime(sent, nowMs, lengths) : null
      if (value !== null && lengths === 'ahead' && value <= nowMs) return { wanted: 'a time in the future' }
      return value === null ? { wanted: timeWanted } : { value }
    },
  }
}

function readAll<T extends Table>(
  sent: Record<string, unknown>,
  table: T,
  nowMs: number,
  problems: Problem[],
): Values<T> {
  const values: Record<string, unknown> = {}
  for (const [name, reading] of Object.entries(table)) {
    values[name] = null
    const given = Object.hasOwn(sent, name) ? sent[name] : undefined
    if (given === undefined || given === null) {
      if (reading.missing !== undefined) problems.push({ name, message: `${name} is missing: ${reading.missing}` })
      continue
    }
    const result = reading.read(given, nowMs)
    if ('value' in result) values[name] = result.value
    else problems.push({ name, message: `${name} must be ${result.wanted}: got ${shorten(given)}` })
  }
  for (const name of Object.keys(sent)) {
    if (Object.hasOwn(table, name)) continue
    const known = Object.keys(table).join(', ')
    problems.push({ name: shorten(name), message: `${shorten(name)} is not known here: known are ${known || 'none'}` })
  }
  if (problems.length > 0) throw badParameters(problems.slice(0, 100))
  return values as Values<T>
}

/** What was sent, short enough and safe to repeat. */
export function shorten(sent: unknown): string {
  const shown = typeof sent === 'string' ? sent : (JSON.stringify(sent) ?? String(sent))
  // oxlint-disable-next-line no-control-regex
  const plain = shown.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?')
  return plain.length > 64 ? `${plain.slice(0, 63)}…` : plain
}
