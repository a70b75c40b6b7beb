// Exchange rates by month. Every import is kept; of a month, the last one counts, as a whole. Amounts are converted when
// they are asked for, so a rate that comes late needs nothing rewritten.

import { randomUUID } from 'node:crypto'
import { baseCurrency, type MonthRates } from '../steps/rates-file.ts'
import type { Connection } from './connection.ts'
import { insertWhole } from './insert-whole.ts'
import { rates as table } from './schema.ts'
import { field, time } from './tab-rows.ts'

/** A month that has rates. Times are Unix milliseconds. */
export type RatesMonth = {
  month: string
  currencies: number
  generatedMs: number
  importedMs: number
}

/** In effect once it resolves; the month's earlier rates no longer count. */
export async function importRates(connection: Connection, month: MonthRates, nowMs: number): Promise<void> {
  const importId = randomUUID()
  const lines = month.rates.map(({ currency, rate }) => {
    const times = `${time(month.generatedMs)}\t${time(nowMs)}`
    return `${numberOf(month.month)}\t${baseCurrency}\t${field(currency)}\t${rate}\t${times}\t${importId}\n`
  })
  const rows = {
    table,
    count: lines.length,
    keys: () => month.rates.map(({ currency }) => currency),
    lines: (isWanted?: (key: string) => boolean) =>
      Buffer.from(lines.filter((_, i) => isWanted?.(month.rates[i]!.currency) ?? true).join('')),
    sql: 'SELECT currency AS key FROM rates WHERE import_id = {importId:UUID}',
    params: { importId },
  }
  await insertWhole(connection, rows, `rates ${importId}`, false)
}

/** Months, the last first. */
export async function listRates(connection: Connection): Promise<RatesMonth[]> {
  const sql = `SELECT formatDateTime(toDate(concat(toString(month), '01')), '%Y-%m') AS month, count() AS currencies,
      toUnixTimestamp64Milli(max(generated_at)) AS generatedMs, toUnixTimestamp64Milli(max(imported_at)) AS importedMs
    FROM (${ratesNowSql}) GROUP BY month ORDER BY month DESC`
  return connection.select<RatesMonth>('ask', sql)
}

/** The rates of one month that count, by currency; empty when there are none. */
export async function readRates(connection: Connection, month: string): Promise<MonthRates['rates']> {
  const sql = `SELECT currency, rate FROM (${ratesNowSql}) WHERE month = {month:UInt32} ORDER BY currency`
  return connection.select<MonthRates['rates'][number]>('ask', sql, { month: numberOf(month) })
}

export type RateWish = { eventMs: number; currency: string }

/** Gives for each wish the rate of its month, or null. One question, and none for nothing but dollars. */
export async function findRates(connection: Connection, wishes: readonly RateWish[]): Promise<(string | null)[]> {
  const keys = wishes.map(({ eventMs, currency }) => `${monthOf(eventMs)} ${currency}`)
  const others = wishes.filter(({ currency }) => currency !== '' && currency !== baseCurrency)
  if (others.length === 0) return wishes.map(({ currency }) => (currency === baseCurrency ? '1' : null))
  const sql = `SELECT month, currency, rate FROM (${ratesNowSql})
    WHERE month IN {months:Array(UInt32)} AND currency IN {currencies:Array(String)}`
  const found = await connection.select<{ month: number; currency: string; rate: string }>('ask', sql, {
    months: [...new Set(others.map(({ eventMs }) => monthOf(eventMs)))],
    currencies: [...new Set(others.map(({ currency }) => currency))],
  })
  const known = new Map(found.map(({ month, currency, rate }) => [`${month} ${currency}`, rate]))
  return wishes.map(({ currency }, i) => (currency === baseCurrency ? '1' : (known.get(keys[i] as string) ?? null)))
}

/** The rows that count: of each month, those of its last import. */
export const ratesNowSql = `SELECT * FROM rates WHERE (month, import_id) IN (
    SELECT month, argMax(import_id, (imported_at, import_id)) FROM rates GROUP BY month)`

/** 202606 */
function numberOf(month: string): number {
  return Number(month.replace('-', ''))
}

function monthOf(ms: number): number {
  const date = new Date(ms)
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1
}
