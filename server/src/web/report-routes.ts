// The admin API's reports: /api/reports/:id, where the id is the report's name. Amounts are decimal text, each report is
// an array of flat rows, and names their columns, so that one without rows has them too. What the numbers mean:
// docs/reference/reports.md.

import { shareOf, subtract } from '@datapulse/contract/decimals'
import { checkProduct } from './known-product.ts'
import type { FunnelRow, ReportNumbers, ReportQuestion, WebNeeds } from './needs.ts'
import { dayText, flag, integer, past, productId, readQuery, required, timeZone } from './parameters.ts'
import { badParameters, Refusal } from './problem.ts'
import type { Route } from './routes.ts'

/** Values of the dimension that one report tells of. */
const clicksMax = 10_000
const clicksDefault = 1_000

const parameters = {
  product: required(productId, 'a report is of one product'),
  from: required(dayText, 'the first day'),
  to: required(dayText, 'the day behind the last'),
  tz: timeZone,
  converted: flag,
  received_before: past,
  limit: integer(1, clicksMax),
  effects: flag,
}

type Row = Record<string, string | number | null>
type Question = Omit<ReportQuestion, 'bucket' | 'dimension'> & { effects?: boolean }
/** `columns` are those of each row, in their order. */
type Report = {
  columns: (question: Pick<Question, 'converted' | 'effects'>) => string[]
  read: (needs: WebNeeds, question: Question) => Promise<Row[]>
}

/** Every number of a report, in the order of its columns. */
const numbers = Object.keys({
  registrations: true,
  logins: true,
  active_users: true,
  ftd_count: true,
  ftd_amount: true,
  deposit_count: true,
  deposit_amount: true,
  depositors: true,
  withdraw_count: true,
  withdraw_amount: true,
  bet_count: true,
  stake: true,
  player_result: true,
  ggr: true,
} satisfies Record<keyof Omit<ReportNumbers, 'time' | 'dimension' | 'currency' | 'unconverted_count'>, true>)

/** `unconverted_count` is there where something was to be converted. */
const numbersAfter =
  (...first: string[]): Report['columns'] =>
  ({ converted }) => [...first, 'currency', ...numbers, ...(converted === true ? ['unconverted_count'] : [])]

const funnelColumns = ['registered', 'deposited_once', 'deposited_twice', 'deposited_once_rate', 'repeat_rate']
const lateColumns = ['day', 'event_name', 'currency', 'events', 'amount', 'first_received_at', 'last_received_at']

/** By name. */
const reports: Record<string, Report> = {
  daily: byTime('day'),
  hourly: byTime('hour'),
  summary: {
    columns: question => [...numbersAfter()(question), 'net_deposits', 'hold'],
    read: async (needs, question) =>
      (await needs.readReport({ ...question, bucket: 'none' })).map(row => ({ ...row, ...ratiosOf(row) })),
  },
  clicks: byDimension('click_id'),
  games: byDimension('game_type'),
  providers: byDimension('game_provider'),
  funnel: {
    columns: () => funnelColumns,
    read: async (needs, question) => (await needs.readFunnel({ ...question, byClick: false })).map(withShares),
  },
  'funnel-clicks': {
    columns: () => ['click_id', ...funnelColumns],
    read: async (needs, question) => (await needs.readFunnel({ ...question, byClick: true })).map(withShares),
  },
  late: {
    columns: ({ effects }) => [
      ...lateColumns,
      ...(effects === true ? ['effect', 'first_event_day', 'last_event_day'] : []),
    ],
    read: readLate,
  },
}

/** Those whose rows could be without end. */
const limited = new Set(['clicks', 'games', 'providers', 'funnel-clicks'])

export const reportNames = Object.keys(reports)

export function reportRoutes(needs: WebNeeds): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/reports/:id',
      async answer({ query, id, now }) {
        const values = readQuery(query, parameters, now)
        const report = Object.hasOwn(reports, id) ? reports[id] : undefined
        if (report === undefined)
          throw new Refusal('NOT_FOUND', `There is no such report: there are ${reportNames.join(', ')}`)
        const { product, from, to, tz, converted, received_before, limit, effects } = values
        if (limit !== null && !limited.has(id))
          throw badParameters([{ name: 'limit', message: `limit is for the reports ${[...limited].join(', ')}` }])
        if (effects !== null && id !== 'late')
          throw badParameters([{ name: 'effects', message: 'effects is for the report late' }])
        checkProduct(needs.accounts, product)
        if (from! >= to!) throw badParameters([{ name: 'to', message: 'to must be later than from' }])
        const question = {
          product: product!,
          from: from!,
          to: to!,
          ...(tz !== null && { timeZone: tz }),
          ...(converted === true && { converted }),
          ...(effects === true && { effects }),
          ...(received_before !== null && { receivedBeforeMs: received_before }),
          ...(limited.has(id) && { dimensionsMax: limit ?? clicksDefault }),
        }
        const columns = report.columns(question)
        const rows = await report.read(needs, question)
        const body = { report: id, columns, rows: rows.map(row => inColumns(row, columns)) }
        return { body: question.dimensionsMax === undefined ? body : { ...body, at_limit: isAtLimit(body, question) } }
      },
    },
  ]
}

/** Whether there may be more than are told of: clicks, games or providers, which the first column names. */
function isAtLimit({ columns, rows }: { columns: string[]; rows: Row[] }, { dimensionsMax }: Question): boolean {
  return new Set(rows.map(row => row[columns[0] ?? ''])).size === dimensionsMax
}

/** What came to each day, and with `effects` what it lost by others that came: in the order of days. */
async function readLate(needs: WebNeeds, { effects = false, ...question }: Question): Promise<Row[]> {
  if (!effects) return needs.readLate(question)
  const [came, lost] = await Promise.all([needs.readLate(question), needs.readLateEffects(question)])
  const added = came.map(row => ({ ...row, effect: 'added', first_event_day: row.day, last_event_day: row.day }))
  return [...added, ...lost].toSorted((a, b) => (a.day < b.day ? -1 : a.day === b.day ? 0 : 1))
}

function byTime(bucket: 'day' | 'hour'): Report {
  return {
    columns: numbersAfter(bucket),
    read: async (needs, question) =>
      (await needs.readReport({ ...question, bucket })).map(row => ({ ...row, [bucket]: row.time })),
  }
}

function byDimension(dimension: 'click_id' | 'game_type' | 'game_provider'): Report {
  return {
    columns: numbersAfter(dimension),
    read: async (needs, question) => {
      const rows = await needs.readReport({ ...question, bucket: 'none', dimension })
      return rows.map(row => ({ ...row, [dimension]: row.dimension }))
    },
  }
}

function inColumns(row: Row, columns: readonly string[]): Row {
  const told: Row = {}
  for (const name of columns) told[name] = row[name] ?? null
  return told
}

/** Shares have six digits after the point; null where there is nothing to divide by. */
function ratiosOf({ deposit_amount, withdraw_amount, ggr, stake }: ReportNumbers): Row {
  return {
    net_deposits: subtract(deposit_amount, withdraw_amount),
    hold: shareOf(ggr, stake),
  }
}

function withShares(row: FunnelRow): Row {
  const { registered, deposited_once, deposited_twice } = row
  return {
    ...row,
    deposited_once_rate: shareOf(String(deposited_once), String(registered)),
    repeat_rate: shareOf(String(deposited_twice), String(deposited_once)),
  }
}
