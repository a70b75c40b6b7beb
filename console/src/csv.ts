// A table as a file that a spreadsheet opens: in UTF-8 with its mark, and else as the command line writes it.

import { type Cell, csvLine } from '@datapulse/contract/csv'

const mark = '\uFEFF'

export function csvOf(columns: readonly string[], rows: readonly Record<string, Cell>[]): string {
  return mark + [columns, ...rows.map(row => columns.map(column => row[column]))].map(csvLine).join('')
}
