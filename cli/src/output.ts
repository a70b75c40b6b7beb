// What people and programs see. Text that came from outside never reaches a terminal with its control characters: a
// user id could hold an escape sequence. Tables and colours are for terminals; elsewhere rows are tab-separated lines.
// JSON keeps every value, with what could move a terminal written as \u escapes; CSV keeps it where there is no terminal.

import Table from 'cli-table3'
import { stripVTControlCharacters, styleText } from 'node:util'
import { csvLine } from './csv.ts'
import type { Told } from './failure.ts'

export type Cell = string | number | boolean | null | undefined | string[]
export type Colour = 'green' | 'red' | 'yellow' | 'bold' | 'dim'
type Stream = { write(text: string): unknown; isTTY?: boolean; columns?: number }

export type Output = {
  /** One line of our own words; put outside text through `plain` first. */
  line(text?: string): void
  /** A line about what is going on, on stderr. */
  note(text: string): void
  /** One line on a terminal's stderr that is written over until it is null; nothing elsewhere. */
  progress(text: string | null): void
  json(value: unknown): void
  table(head: string[], rows: Cell[][]): void
  /** For a program, so with its values whole; on a terminal they are made harmless. */
  csv(head: string[], rows: Cell[][]): void
  failure(told: Told, json: boolean): void
  paint(colour: Colour, text: string): string
  /** Raw text to stdout. */
  write(text: string): void
}

export function openOutput(stdout: Stream, stderr: Stream): Output {
  const coloured = stdout.isTTY === true
  const paint = (colour: Colour, text: string): string =>
    coloured ? styleText(colour, text, { stream: stdout as NodeJS.WriteStream }) : text
  let shown = ''
  const write = (stream: Stream, text: string): void => {
    if (shown !== '') stderr.write(clearLine)
    stream.write(text)
    if (shown !== '') stderr.write(shown)
  }
  return {
    line: (text = '') => write(stdout, `${text}\n`),
    note: text => write(stderr, `${text}\n`),
    progress(text) {
      if (stderr.isTTY !== true) return
      if (shown !== '') stderr.write(clearLine)
      shown = text === null ? '' : plain(text).slice(0, (stderr.columns ?? 80) - 1)
      stderr.write(shown)
    },
    json: value => void stdout.write(`${safeJson(value, 2)}\n`),
    table(head, rows) {
      const cells = rows.map(row => row.map(cell => plain(Array.isArray(cell) ? cell.join(',') : (cell ?? ''))))
      if (!coloured) {
        for (const row of [head, ...cells]) stdout.write(`${row.join('\t')}\n`)
        return
      }
      if (cells.length === 0) {
        stdout.write('None.\n')
        return
      }
      const table = new Table({
        head: head.map(text => paint('bold', text)),
        style: { head: [], border: [], compact: true },
      })
      table.push(...cells)
      stdout.write(`${table.toString()}\n`)
    },
    csv(head, rows) {
      const told = (cell: Cell) => (coloured && cell != null && typeof cell !== 'number' ? plain(String(cell)) : cell)
      for (const row of [head, ...rows]) stdout.write(csvLine(row.map(told)))
    },
    failure(told, json) {
      if (json) {
        stderr.write(`${safeJson({ error: told.code, ...told })}\n`)
        return
      }
      stderr.write(`datapulse: ${plain(told.message)}\n`)
      for (const problem of told.problems) stderr.write(`  ${plain(problem.message)}\n`)
    },
    paint,
    write: text => void stdout.write(text),
  }
}

/** Outside text made harmless: control characters and those that turn the direction of writing become `·`. */
export function plain(cell: string | number | boolean): string {
  return stripVTControlCharacters(String(cell)).replace(dangerous, '·')
}

/** JSON that holds the same value and cannot move a terminal. */
export function safeJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(dangerousInJson, escapeUnit)
}

const clearLine = '\r\u001b[2K'

// oxlint-disable-next-line no-control-regex
const dangerous = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
const dangerousInJson = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
