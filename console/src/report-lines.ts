// A report's rows as a table shows them: one line for each day, click, game type or provider, in one currency. The API tells what
// has no money (registrations, logins, active users) in rows without a currency; a line has both.

import { compareDecimals, shareOf, subtractDecimals } from './decimals.ts'

type Value = string | number | null
export type Row = Record<string, Value>
/** `name` is the day, or the click and so on; '' for what has none. */
export type Line = Row & { name: string }
export type Sort = { column: string; descending: boolean }

const people = ['registrations', 'logins', 'active_users']
const counts = ['ftd_count', 'deposit_count', 'depositors', 'withdraw_count', 'bet_count']
const amounts = ['ftd_amount', 'deposit_amount', 'withdraw_amount', 'stake', 'player_result', 'ggr']

/** `currency` is '' for money that came without one; `dimension` is null for a report of one line. */
export function linesOf(rows: readonly Row[], dimension: string | null, currency: string): Line[] {
  const lines = new Map<string, Line>()
  for (const row of rows) {
    const name = dimension === null ? '' : String(row[dimension] ?? '')
    const line = lines.get(name) ?? emptyLine(name)
    lines.set(name, line)
    if (isWithout(row)) Object.assign(line, pick(row, people))
    if (String(row['currency'] ?? '') === currency)
      Object.assign(line, pick(row, [...counts, ...amounts, 'unconverted_count']))
  }
  return [...lines.values()].map(withRatios)
}

/** A line for each of these names, in their order: of what did not happen, one of zeros. */
export function everyLine(lines: readonly Line[], names: readonly string[]): Line[] {
  const found = new Map(lines.map(line => [line.name, line]))
  return names.map(name => found.get(name) ?? withRatios(emptyLine(name)))
}

export function hasBets(line: Line): boolean {
  return [line['bet_count'], line['stake'], line['ggr']].some(value => !isZero(value))
}

export function hasAnything(line: Line): boolean {
  return [...people, ...counts, ...amounts, 'unconverted_count'].some(column => !isZero(line[column]))
}

/** The currencies that money came in, those of most events first. */
export function currenciesIn(rows: readonly Row[]): string[] {
  const sizes = new Map<string, number>()
  for (const row of rows) {
    const size = counts.reduce((sum, column) => sum + Number(row[column] ?? 0), 0)
    const hasMoney = size > 0 || amounts.some(column => !isZero(row[column]))
    const currency = String(row['currency'] ?? '')
    if (hasMoney) sizes.set(currency, (sizes.get(currency) ?? 0) + size)
  }
  return [...sizes].toSorted((a, b) => b[1] - a[1]).map(([currency]) => currency)
}

/** What cannot be told is behind everything else, in both directions. */
export function sortLines(lines: readonly Line[], { column, descending }: Sort): Line[] {
  return lines.toSorted((a, b) => {
    const [left, right] = [a[column] ?? null, b[column] ?? null]
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1
    const order =
      column === 'name'
        ? a.name.localeCompare(b.name, 'en', { numeric: true })
        : compareDecimals(String(left), String(right))
    return descending ? -order : order
  })
}

export function readSort(text: string): Sort {
  return text.startsWith('-') ? { column: text.slice(1), descending: true } : { column: text, descending: false }
}

function withRatios(line: Line): Line {
  return {
    ...line,
    net_deposits: subtractDecimals(String(line['deposit_amount']), String(line['withdraw_amount'])),
    hold: shareOf(String(line['ggr']), String(line['stake'])),
  }
}

function emptyLine(name: string): Line {
  const zeros = (columns: string[], zero: Value) => columns.map(column => [column, zero] as const)
  return { ...Object.fromEntries([...zeros([...people, ...counts], 0), ...zeros(amounts, '0')]), name }
}

function pick(row: Row, columns: string[]): Row {
  return Object.fromEntries(columns.filter(column => column in row).map(column => [column, row[column] ?? null]))
}

function isWithout(row: Row): boolean {
  return (row['currency'] ?? '') === ''
}

function isZero(value: Value | undefined): boolean {
  return compareDecimals(String(value ?? '0'), '0') === 0
}
