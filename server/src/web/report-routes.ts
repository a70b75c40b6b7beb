// The admin API's reports: /api/reports/:id, where the id is the report's name. Amounts are decimal text, each report is
// an array of flat rows. What the numbers mean: docs/reference/reports.md.

import { shareOf, subtract } from '../steps/conversion.ts'
import type { ReportNumbers, ReportQuestion, WebNeeds } from './needs.ts'
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
type Asked = Omit<ReportQuestion, 'bucket' | 'dimension'> & { effects?: boolean }
type Read = (needs: WebNeeds, question: Asked) => Promise<Row[]>

/** By name. */
const reports: Record<string, Read> = {
  daily: async (needs, question) =>
    (await needs.readReport({ ...question, bucket: 'day' })).map(row => timed('day', row, question)),
  hourly: async (needs, question) =>
    (await needs.readReport({ ...question, bucket: 'hour' })).map(row => timed('hour', row, question)),
  summary: async (needs, question) =>
    (await needs.readReport({ ...question, bucket: 'none' })).map(row => ({
      ...numbersOf(row, question),
      ...ratiosOf(row),
    })),
  clicks: byDimension('click_id'),
  games: byDimension('game_type'),
  providers: byDimension('game_provider'),
  funnel: async (needs, question) =>
    (await needs.readFunnel({ ...question, byClick: false })).map(({ click_id: _, ...row }) => withShares(row)),
  'funnel-clicks': async (needs, question) =>
    (await needs.readFunnel({ ...question, byClick: true }))
      .slice(0, question.dimensionsMax)
      .map(row => withShares(row)),
  late: readLate,
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
        const read = Object.hasOwn(reports, id) ? reports[id] : undefined
        if (read === undefined)
          throw new Refusal('NOT_FOUND', `There is no such report: there are ${reportNames.join(', ')}`)
        const { product, from, to, tz, converted, received_before, limit, effects } = values
        if (limit !== null && !limited.has(id))
          throw badParameters([{ name: 'limit', message: `limit is for the reports ${[...limited].join(', ')}` }])
        if (effects !== null && id !== 'late')
          throw badParameters([{ name: 'effects', message: 'effects is for the report late' }])
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
        return { body: { report: id, rows: await read(needs, question) } }
      },
    },
  ]
}

/** What came to each day, and with `effects` what it lost by others that came: in the order of days. */
async function readLate(needs: WebNeeds, { effects = false, ...question }: Asked): Promise<Row[]> {
  if (!effects) return needs.readLate(question)
  const [came, lost] = await Promise.all([needs.readLate(question), needs.readLateEffects(question)])
  const added = came.map(row => ({ ...row, effect: 'added', first_event_day: row.day, last_event_day: row.day }))
  return [...added, ...lost].toSorted((a, b) => (a.day < b.day ? -1 : a.day === b.day ? 0 : 1))
}

function byDimension(dimension: 'click_id' | 'game_type' | 'game_provider'): Read {
  return async (needs, question) => {
    const rows = await needs.readReport({ ...question, bucket: 'none', dimension })
    return rows.map(row => ({ [dimension]: row.dimension, ...numbersOf(row, question) }))
  }
}

function timed(name: 'day' | 'hour', row: ReportNumbers, question: { converted?: boolean }): Row {
  return { [name]: row.time, ...numbersOf(row, question) }
}

/** `unconverted_count` is there where something was to be converted. */
function numbersOf(row: ReportNumbers, { converted }: { converted?: boolean }): Row {
  const { time: _time, dimension: _dimension, currency, unconverted_count, ...numbers } = row
  return { currency, ...numbers, ...(converted === true && { unconverted_count }) }
}

/** Shares have six digits after the point; null where there is nothing to divide by. */
function ratiosOf({ deposit_amount, withdraw_amount, ggr, stake }: ReportNumbers): Row {
  return {
    net_deposits: subtract(deposit_amount, withdraw_amount),
    hold: shareOf(ggr, stake),
  }
}

function withShares(row: { registered: number; deposited_once: number; deposited_twice: number }): Row {
  const { registered, deposited_once, deposited_twice } = row
  return {
    ...row,
    deposited_once_rate: shareOf(String(deposited_once), String(registered)),
    repeat_rate: shareOf(String(deposited_twice), String(deposited_once)),
  }
}
