// Rows on their way into the warehouse: ClickHouse's TabSeparated, which needs no quoting of JSON text and is the
// fastest to write and to parse of the text formats. One line per row, fields apart by tabs, and within a field
//
//   \\ \t \n \r \0   for backslash, tab, newline, carriage return, NUL
//   \N               for null
//
// Times are `<seconds>.<milliseconds>` where ClickHouse reads ten digits as seconds, else a date and time of day.
// The order of the fields is that of the columns in schema.ts, and a test holds the two together.

import { setImmediate as giveWay } from 'node:timers/promises'
import type { Derived } from '../steps/derive.ts'
import type { UserAgentInfo } from '../steps/user-agent.ts'
import type { DuplicateRow, EventRow, LoadNote, Origin, ParkedRow, RejectedRow, UsageRow } from './load.ts'

/** Lines of `events`. */
export function eventLines(rows: readonly EventRow[], loadSeq: number): Buffer {
  return linesOf(rows, row => eventLine(row, loadSeq))
}

/** The same, giving way to other work now and then. */
export async function eventLinesInTurns(rows: readonly EventRow[], loadSeq: number): Promise<Buffer> {
  const lines = openLines(bytesOf(rows))
  for (let at = 0; at < rows.length; at += rowsInTurn) {
    for (const row of rows.slice(at, at + rowsInTurn)) lines.add(eventLine(row, loadSeq))
    await giveWay()
  }
  return lines.bytes()
}

/** Enough for nearly all: what is taken and not needed hurries the collection of garbage. */
function bytesOf(rows: readonly EventRow[]): number {
  return rows.reduce((sum, { raw }) => sum + raw.length + fieldsBytes, 0)
}

const fieldsBytes = 512
/** Some milliseconds. */
const rowsInTurn = 1_000

/** A line of `events`. */
export function eventLine(row: EventRow, loadSeq: number): string {
  return `${eventFields(row, loadSeq)}\t${derivedFields(row.derived)}\n`
}

/** Lines of `duplicates`. */
export function duplicateLines(rows: readonly DuplicateRow[], loadSeq: number): Buffer {
  return linesOf(rows, row => {
    const first = `${row.firstRequestId}\t${row.firstPosition}`
    return `${eventFields(row, loadSeq)}\t${first}\t${row.conflict}\n`
  })
}

/** Lines of `parked`. */
export function parkedLines(rows: readonly ParkedRow[], loadSeq: number): Buffer {
  return linesOf(rows, ({ origin, events, reason, detail, raw }) => {
    return `${originFields(origin, loadSeq)}\t${events}\t${field(reason)}\t${field(detail)}\t${field(raw)}\n`
  })
}

/** Lines of `rejected`. */
export function rejectedLines(rows: readonly RejectedRow[], loadSeq: number): Buffer {
  return linesOf(rows, ({ product, keyId, code, receivedMs, events, requests, logOffset, position }) => {
    const whose = `${field(product)}\t${field(keyId)}\t${field(code)}`
    return `${whose}\t${time(receivedMs)}\t${events}\t${requests}\t${logOffset}\t${position}\t${loadSeq}\n`
  })
}

/** Lines of `key_usage`. */
export function usageLines(rows: readonly UsageRow[]): Buffer {
  return linesOf(rows, ({ product, keyId, slotMs, source, limit, peak, requests, overLimit, rejected, events }) => {
    const counts = `${limit}\t${peak}\t${requests}\t${overLimit}\t${rejected}\t${events}`
    return `${field(product)}\t${field(keyId)}\t${Math.floor(slotMs / 1000)}\t${source}\t${counts}\n`
  })
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
  if (!special.test(text)) return text
  const safe = text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n')
  return safe.replaceAll('\r', '\\r').replaceAll('\0', '\\0')
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

function linesOf<Row>(rows: readonly Row[], line: (row: Row) => string): Buffer {
  const lines = openLines(rows.length * 1024)
  for (const row of rows) lines.add(line(row))
  return lines.bytes()
}

/** Writes line after line into one buffer: three times as fast as joining them first. */
function openLines(bytesExpected: number) {
  let bytes = Buffer.allocUnsafe(bytesExpected)
  let end = 0
  return {
    add(text: string) {
      // A UTF-16 unit is at most three bytes of UTF-8.
      if (end + text.length * 3 > bytes.length) {
        const longer = Buffer.allocUnsafe(bytes.length * 2 + text.length * 3)
        bytes.copy(longer, 0, 0, end)
        bytes = longer
      }
      end += bytes.write(text, end, 'utf8')
    },
    bytes: () => bytes.subarray(0, end),
  }
}

function originFields(origin: Origin, loadSeq: number): string {
  const { product, mode, keyId, requestId, position, receivedMs, logOffset, idempotencyKey = '' } = origin
  return `${field(product)}\t${mode}\t${field(keyId)}\t${requestId}\t${position}\t${time(receivedMs)}\t${logOffset}\t${loadSeq}\t${field(idempotencyKey)}`
}

function eventFields(row: EventRow, loadSeq: number): string {
  const { event } = row
  return `${originFields(row.origin, loadSeq)}\t${uuid(row.identity)}\t${field(event.name)}\t${time(event.eventMs)}\t${field(event.userId)}\t${field(event.clickId)}\t${field(event.ipAddress)}\t${field(event.userAgent)}\t${field(event.gameType)}\t${field(event.gameProvider)}\t${field(event.transactionId)}\t${field(event.parentTransactionId)}\t${field(event.messageId)}\t${event.amount ?? '\\N'}\t${field(event.currency)}\t${field(event.currencySent)}\t${event.isCrypto}\t${event.betResult}\t${event.betResultAmount ?? '\\N'}\t${list(event.flags)}\t${field(row.raw)}`
}

function derivedFields({ country, city, agent, gameType }: Derived): string {
  return `${country}\t${field(city)}\t${agent === null ? noAgent : agentFields(agent)}\t${gameType}`
}

function agentFields(agent: UserAgentInfo): string {
  const { device_class, device_name, operating_system_name, operating_system_version, agent_name, agent_class } = agent
  const device = `${field(device_class)}\t${field(device_name)}`
  return `${device}\t${field(operating_system_name)}\t${field(operating_system_version)}\t${field(agent_name)}\t${field(agent_class)}`
}

const noAgent = '\t\t\t\t\t'

/** Names of our own (flags, fields): they need no escaping. */
function list(names: readonly string[]): string {
  return names.length === 0 ? '[]' : `['${names.join("','")}']`
}

/** 32 hex digits as a UUID. */
export function uuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
