// CSV as RFC 4180 has it, for spreadsheets too: what the command line and the console write.

export type Cell = string | number | boolean | null | undefined | string[]

/** One line. A text that a spreadsheet would take for a formula is kept from it by a quote; numbers stay as they are. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(quoted).join(',')}\r\n`
}

function quoted(cell: Cell): string {
  const text = String(cell ?? '')
  const safe = typeof cell !== 'number' && formula.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Amounts are decimal text: a minus before a number is no formula. A spreadsheet of East Asia takes the wide signs, too. */
const formula = /^[=+@＝＋－＠\t\r\n]|^-(?!\d+(\.\d+)?$)/
