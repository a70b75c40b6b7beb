// A table as a file that a spreadsheet opens: CSV as RFC 4180 has it, in UTF-8 with its mark. A text that would be taken for a
// formula is kept from it by a quote; numbers stay numbers, below zero too.

export type Cell = string | number | null | undefined

const mark = '\uFEFF'
/** Amounts are decimal text: a minus before a number is no formula. */
const formula = /^[=+@\t\r\n]|^-(?!\d+(\.\d+)?$)/

export function csvOf(columns: readonly string[], rows: readonly Record<string, Cell>[]): string {
  return mark + [columns, ...rows.map(row => columns.map(column => row[column]))].map(lineOf).join('')
}

function lineOf(cells: readonly Cell[]): string {
  return `${cells.map(quoted).join(',')}\r\n`
}

function quoted(cell: Cell): string {
  const text = String(cell ?? '')
  const safe = typeof cell !== 'number' && formula.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
