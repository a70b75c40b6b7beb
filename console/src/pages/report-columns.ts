// Which columns each report of the console has, how each is told, and what its chart can show.

import type { Words } from '../words/en.ts'
import type { Tell } from '../words/language.tsx'

export const reportNames = ['daily', 'games', 'providers', 'clicks', 'funnel-clicks'] as const
export type ReportName = (typeof reportNames)[number]
export type Column = keyof Words['reports']['columns']
export type Metric = Column | 'money'

const of = (...columns: Column[]) => columns
const players = of('registrations', 'active_users')
const deposits = of('ftd_count', 'ftd_amount', 'deposit_count', 'deposit_amount')
const withdrawals = of('withdraw_count', 'withdraw_amount', 'net_deposits')
const bets = of('bet_count', 'stake', 'ggr', 'hold')
const all = [...players, ...deposits, ...withdrawals, ...bets]
const steps = of('registered', 'deposited_once', 'deposited_once_rate', 'deposited_twice', 'repeat_rate')

export const columnsOf: Record<ReportName, Column[]> = {
  daily: all,
  games: ['active_users', ...bets],
  providers: ['active_users', ...bets],
  clicks: all,
  'funnel-clicks': steps,
}

const common = new Set(of('registrations', 'ftd_count', 'deposit_amount', 'withdraw_amount', 'stake', 'ggr', 'hold'))

/** Those that were chosen, in the table's order; without a choice what fits on a screen. */
export function shownColumns(report: ReportName, chosen: string | null): Column[] {
  const columns = columnsOf[report]
  const wanted = chosen === null ? [] : columns.filter(column => chosen.split(',').includes(column))
  if (wanted.length > 0) return wanted
  return columns === all ? all.filter(column => common.has(column)) : columns
}

/** The first is shown when none was chosen. */
export const metricsOf: Record<ReportName, Metric[]> = {
  daily: ['money', 'ggr', 'hold', 'stake', 'ftd_count', 'registrations', 'active_users'],
  games: ['ggr', 'stake', 'hold', 'bet_count'],
  providers: ['ggr', 'stake', 'hold', 'bet_count'],
  clicks: ['deposit_amount', 'ftd_count', 'registrations', 'ggr'],
  'funnel-clicks': ['registered', 'deposited_once', 'deposited_twice'],
}

export const dimensionOf: Record<ReportName, string> = {
  daily: 'day',
  games: 'game_type',
  providers: 'game_provider',
  clicks: 'click_id',
  'funnel-clicks': 'click_id',
}

export const sortOf: Record<ReportName, string> = {
  daily: 'name',
  games: '-stake',
  providers: '-stake',
  clicks: '-deposit_amount',
  'funnel-clicks': '-registered',
}

/** In the file: more than on the screen. */
export function savedColumnsOf(report: ReportName, converted: boolean): string[] {
  if (report === 'funnel-clicks') return steps
  const money = [...withdrawals, 'bet_count', 'stake', 'player_result', 'ggr', 'hold']
  const saved = ['registrations', 'logins', 'active_users', ...deposits, 'depositors', ...money]
  return ['currency', ...saved, ...(converted ? ['unconverted_count'] : [])]
}

const amounts = new Set(of('ftd_amount', 'deposit_amount', 'withdraw_amount', 'net_deposits', 'stake', 'ggr'))
const shares = new Set(of('hold', 'deposited_once_rate', 'repeat_rate'))

export function isAmount(column: string): boolean {
  return amounts.has(column as Column)
}

export function isShare(column: string): boolean {
  return shares.has(column as Column)
}

type Value = string | number | null | undefined

export function tellValue(column: string, value: Value, currency: string, tell: Tell): string {
  if (value === null || value === undefined) return '–'
  if (isShare(column)) return tell.share(Number(value))
  return isAmount(column) ? tell.amount(String(value), currency) : tell.number(Number(value))
}
