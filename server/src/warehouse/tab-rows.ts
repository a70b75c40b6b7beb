// Rows on their way into the warehouse: ClickHouse's TabSeparated, which needs no quoting of JSON text and is the
// fastest to write and to parse of the text formats. One line per row, fields apart by tabs, and within a field
//
//   \\ \t \n \r \0   for backslash, tab, newline, carriage return, NUL
//   \N               for null
//
// Times are `<seconds>.<milliseconds>` where ClickHouse reads ten digits as seconds, else a date and time of day.
// The order of the fields is that of the columns in schema.ts, and a test holds the two together.

import type { DuplicateRow, EventRow, LoadNote, Origin, ParkedRow, RejectedRow } from './load.ts'

/** Lines of `events`. */
export function eventLines(rows: readonly EventRow[], loadSeq: number): Buffer {
  let lines = ''
  for (const row of rows) lines += `${eventFields(row, loadSeq)}\n`
  return Buffer.from(lines, 'utf8')
}

/** Lines of `duplicates`. */
export function duplicateLines(rows: readonly DuplicateRow[], loadSeq: number): Buffer {
  let lines = ''
  for (const row of rows)
    lines += `${eventFields(row, loadSeq)}\t${row.firstRequestId}\t${row.firstPosition}\t${row.conflict}\n`
  return Buffer.from(lines, 'utf8')
}

/** Lines of `parked`. */
export function parkedLines(rows: readonly ParkedRow[], loadSeq: number): Buffer {
  let lines = ''
  for (const { origin, events, reason, detail, raw } of rows)
    lines += `${originFields(origin, loadSeq)}\t${events}\t${field(reason)}\t${field(detail)}\t${field(raw)}\n`
  return Buffer.from(lines, 'utf8')
}

/** Lines of `rejected`. */
export function rejectedLines(rows: readonly RejectedRow[], loadSeq: number): Buffer {
  let lines = ''
  for (const row of rows) {
    const { product, keyId, code, receivedMs, events, requests, logOffset, position } = row
    lines += `${field(product)}\t${field(keyId)}\t${field(code)}\t${time(receivedMs)}\t${events}\t${requests}\t`
    lines += `${logOffset}\t${position}\t${loadSeq}\n`
  }
  return Buffer.from(lines, 'utf8')
}

/** The line of `loads`. */
export function noteLine(note: LoadNote): Buffer {
  const { accepted, stored, duplicate, conflict, parked, rejected } = note.totals
  const totals = [accepted, stored, duplicate, conflict, parked, rejected]
  const first = [note.seq, note.logId, note.from, note.to, field(note.fingerprint), field(note.token)]
  return Buffer.from(`${[...first, time(note.loadedMs), ...totals].join('\t')}\n`, 'utf8')
}

/** A text as a field. */
export function field(text: string): string {
  return special.test(text) ? text.replace(everySpecial, character => escapes[character] as string) : text
}

/** Unix milliseconds as a field. */
export function time(ms: number): string {
  if (ms < 1e12 || ms >= 1e13) return new Date(ms).toISOString().replace('T', ' ').replace('Z', '')
  const whole = Math.floor(ms / 1000)
  const rest = ms - whole * 1000
  return rest < 10 ? `${whole}.00${rest}` : rest < 100 ? `${whole}.0${rest}` : `${whole}.${rest}`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be escaped
const special = /[\\\t\n\r\0]/
const everySpecial = new RegExp(special, 'g')
const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0' }

function originFields(origin: Origin, loadSeq: number): string {
  const { product, mode, keyId, requestId, position, receivedMs, logOffset } = origin
  return `${field(product)}\t${mode}\t${field(keyId)}\t${requestId}\t${position}\t${time(receivedMs)}\t${logOffset}\t${loadSeq}`
}

function eventFields(row: EventRow, loadSeq: number): string {
  const { event } = row
  const ids = `${uuid(row.identity)}\t${field(event.name)}\t${time(event.eventMs)}\t${field(event.userId)}`
  const from = `${field(event.clickId)}\t${field(event.ipAddress)}\t${field(event.userAgent)}`
  const game = `${field(event.gameType)}\t${field(event.gameProvider)}`
  const transaction = `${field(event.transactionId)}\t${field(event.parentTransactionId)}\t${field(event.messageId)}`
  const money = `${event.amount ?? '\\N'}\t${field(event.currency)}\t${field(event.currencySent)}\t${event.isCrypto}`
  const result = `${event.betResult}\t${event.betResultAmount ?? '\\N'}`
  const flags = event.flags.length === 0 ? '[]' : `['${event.flags.join("','")}']`
  return `${originFields(row.origin, loadSeq)}\t${ids}\t${from}\t${game}\t${transaction}\t${money}\t${result}\t${flags}\t${field(row.raw)}`
}

function uuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
