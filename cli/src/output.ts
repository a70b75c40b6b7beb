// What people and programs see: all of it passes here, and nowhere else is a terminal written to (tools/check.ts). Text
// that came from outside is made harmless on its way (visible.ts): a user id could hold an escape sequence. Tables and
// colours are for terminals; elsewhere rows are tab-separated lines. JSON keeps every value, with what could move a
// terminal written as \u escapes; CSV keeps it where there is no terminal.

import { type Cell, csvLine } from '@datapulse/contract/csv'
import Table from 'cli-table3'
import { styleText } from 'node:util'
import type { Told } from './failure.ts'
import { safeJson, visible, visibleLines } from './visible.ts'

export type Colour = 'green' | 'red' | 'yellow' | 'cyan' | 'bold' | 'dim'
export type Painted = { readonly colour: Colour; readonly text: string }
export type Part = string | Painted
export type Stream = {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
  once?(event: 'drain', taken: () => void): unknown
}

export type Output = {
  /** Whether a person reads it. */
  isTerminal: boolean
  /** One line. */
  line(...parts: Part[]): void
  /** A line about what is going on, on stderr. */
  note(text: string): void
  /** One line on a terminal's stderr that is written over until it is null; nothing elsewhere. */
  progress(text: string | null): void
  json(value: unknown): void
  /** The same in one line. */
  jsonLine(value: unknown): void
  table(head: string[], rows: Cell[][]): void
  /** For a program, so with its values whole; on a terminal they are made harmless. */
  csv(head: string[], rows: Cell[][]): void
  failure(told: Told, json: boolean): void
  /** Lines, on stderr. */
  complaint(text: string): void
  /** Lines; resolves when the reader has room for more. */
  text(text: string): Promise<void>
}

export function paint(colour: Colour, text: string): Painted {
  return { colour, text }
}

/** `coloured`: whether the terminal shows colours and nobody asked for none. */
export function openOutput(stdout: Stream, stderr: Stream, coloured = false): Output {
  const isTerminal = stdout.isTTY === true
  let shown = ''
  const write = (stream: Stream, text: string): unknown => {
    if (shown === '') return stream.write(text)
    stderr.write(clearLine)
    const taken = stream.write(text)
    stderr.write(shown)
    return taken
  }
  const styled = (part: Part): string => {
    if (typeof part === 'string') return visible(part)
    const text = visible(part.text)
    return coloured ? styleText(part.colour, text, { validateStream: false }) : text
  }
  return {
    isTerminal,
    line: (...parts) => void write(stdout, `${parts.map(styled).join('')}\n`),
    note: text => void write(stderr, `${visible(text)}\n`),
    progress(text) {
      if (stderr.isTTY !== true) return
      if (shown !== '') stderr.write(clearLine)
      shown = text === null ? '' : visible(text).slice(0, (stderr.columns || 80) - 1)
      stderr.write(shown)
    },
    json: value => void write(stdout, `${safeJson(value, 2)}\n`),
    jsonLine: value => void write(stdout, `${safeJson(value)}\n`),
    table(head, rows) {
      const cells = rows.map(row =>
        row.map(cell => visible(String(Array.isArray(cell) ? cell.join(',') : (cell ?? '')))),
      )
      if (!isTerminal) {
        for (const row of [head.map(visible), ...cells]) stdout.write(`${row.join('\t')}\n`)
        return
      }
      if (cells.length === 0) {
        stdout.write('None.\n')
        return
      }
      const table = new Table({
        head: head.map(text => styled(paint('bold', text))),
        style: { head: [], border: [], compact: true },
      })
      table.push(...cells)
      stdout.write(`${table.toString()}\n`)
    },
    csv(head, rows) {
      const told = (cell: Cell) =>
        isTerminal && cell != null && typeof cell !== 'number' ? visible(String(cell)) : cell
      for (const row of [head, ...rows]) stdout.write(csvLine(row.map(told)))
    },
    failure(told, json) {
      if (json) {
        write(stderr, `${safeJson({ error: told.code, ...told })}\n`)
        return
      }
      write(stderr, `datapulse: ${visible(told.message)}\n`)
      for (const problem of told.problems) write(stderr, `  ${visible(problem.message)}\n`)
    },
    complaint: text => void write(stderr, visibleLines(text)),
    async text(text) {
      if (write(stdout, visibleLines(text)) !== false || stdout.once === undefined) return
      await new Promise<void>(resolve => stdout.once?.('drain', resolve))
    },
  }
}

/** That of this process. */
export function openOwnOutput(): Output {
  // A reader that goes away (`| head`) is no failure.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  return openOutput(process.stdout, process.stderr, process.stdout.isTTY && process.stdout.hasColors())
}

const clearLine = '\r\u001b[2K'
