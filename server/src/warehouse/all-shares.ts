// What is asked of all products together, where each share of the log has a database of its own: every database is asked, and
// the answers are put together. Nothing of a product is in two of them. With one share it is that database.
//
// Pages go on in the order newest first, and by share where two rows were received in the same millisecond. A cursor of ours is
//   s <share> <received, Unix ms> <cursor of that share>
// of the last row that was shown: of the shares before it, everything of that millisecond was shown, of those behind it nothing.
// A place among new events is the list of the places in each share that is asked.

import { add } from '@datapulse/contract/decimals'
import { cursorOf } from './asking/cursor.ts'
import type { CountBy, CountQuestion, CountRow } from './asking/count-events.ts'
import type { RejectedBy, RejectedQuestion } from './asking/count-rejected.ts'
import type { Page } from './asking/list-events.ts'
import type { WarehouseStatus } from './asking/status.ts'
import { warehouseFault } from './fault.ts'
import type { Warehouse } from './warehouse.ts'

export type AllShares = Pick<
  Warehouse,
  | 'listEvents'
  | 'newEvents'
  | 'listDuplicates'
  | 'listParked'
  | 'listRejections'
  | 'groupRejections'
  | 'countEvents'
  | 'countRejected'
  | 'readKept'
  | 'importRates'
  | 'listRates'
  | 'readRates'
  | 'status'
>

export type ShareOf = (product: string) => number

/** Of groups that several shares have, so many are asked of each. */
const groupsMax = 100_000
const countsUsual = 10_000

export function overAllShares(shares: readonly Warehouse[], shareOf: ShareOf): AllShares {
  const [first] = shares
  if (first === undefined || shares.length === 1) return first as Warehouse
  /** The one share of a product, or all. */
  const among = ({ product }: { product?: string }) => {
    const own = product === undefined ? undefined : shares[shareOf(product)]
    return own === undefined ? shares : [own]
  }
  const pages =
    <Question extends PageQuestion, Row extends PageRow>(
      list: (share: Warehouse, question: Question) => Promise<Page<Row>>,
    ) =>
    (question: Question) => {
      const [only, ...more] = among(question)
      return only !== undefined && more.length === 0 ? list(only, question) : pageOf(shares, list, question)
    }
  return {
    listEvents: pages((share, question) => share.listEvents(question)),
    async newEvents(question) {
      const asked = among(question)
      const { after, limit, last, ...rest } = question
      const places = after === undefined ? null : placesOf(after, asked.length)
      const found = await Promise.all(
        asked.map((share, i) =>
          share.newEvents({
            ...rest,
            // Of a sample nothing is left for later, so it is cut when all are there.
            limit: question.sample === true ? limit : Math.ceil(limit / asked.length),
            ...(last !== undefined && { last }),
            ...(places !== null && { after: places[i]! }),
          }),
        ),
      )
      const rows = found.flatMap(one => one.rows).toSorted((a, b) => newestFirst(b, a))
      const sampled = question.sample === true ? rows.slice(0, limit) : rows
      return {
        rows: places === null ? rows.slice(-(last ?? 0) || rows.length) : sampled,
        after: Buffer.from(`p ${found.map(one => one.after).join(' ')}`).toString('base64url'),
        more: found.some(one => one.more),
        count: found.reduce((sum, one) => sum + one.count, 0),
      }
    },
    listDuplicates: pages((share, question) => share.listDuplicates(question)),
    listParked: pages((share, question) => share.listParked(question)),
    listRejections: pages((share, question) => share.listRejections(question)),
    async groupRejections(question) {
      const found = await Promise.all(among(question).map(share => share.groupRejections(question)))
      const groups = found.flat().toSorted((a, b) => b.requests - a.requests || b.violations - a.violations)
      return groups.slice(0, question.limit)
    },
    async countEvents<By extends CountBy>(question: CountQuestion<By>) {
      const { by, limit = countsUsual } = question
      const names: readonly CountBy[] = by ?? ['product', 'mode', 'event_name', 'currency']
      const wish = names.includes('product') ? question : { ...question, limit: groupsMax }
      const found = await Promise.all(among(question).map(share => share.countEvents<By>(wish)))
      return merged(found.flat() as CountRow[], names, (a, b) => ({
        ...a,
        events: a.events + b.events,
        amounts: a.amounts + b.amounts,
        sum: a.sum === null || b.sum === null ? (a.sum ?? b.sum) : add(a.sum, b.sum),
      })).slice(0, limit) as CountRow<By>[]
    },
    async countRejected<By extends RejectedBy>(question: RejectedQuestion<By>) {
      const { by, limit = countsUsual } = question
      const names: readonly string[] = by ?? ['product', 'key_id', 'code']
      const wish = names.includes('product') ? question : { ...question, limit: groupsMax }
      const found = await Promise.all(among(question).map(share => share.countRejected<By>(wish)))
      return merged(found.flat(), names, (a, b) => ({
        ...a,
        events: a.events + b.events,
        requests: a.requests + b.requests,
        last_at: a.last_at > b.last_at ? a.last_at : b.last_at,
      })).slice(0, limit)
    },
    readKept: async (request, position) =>
      (await Promise.all(shares.map(share => share.readKept(request, position)))).flat(),
    // Everywhere the same: whoever asks one has all.
    importRates: async rates => void (await Promise.all(shares.map(share => share.importRates(rates)))),
    listRates: () => first.listRates(),
    readRates: month => first.readRates(month),
    status: async () => (await Promise.all(shares.map(share => share.status()))).reduce(statusOfTwo),
  }
}

type PageQuestion = { product?: string; limit: number; cursor?: string }
type PageRow = { received_at: string }
type Reached = { share: number; receivedMs: number; cursor: string }

async function pageOf<Question extends PageQuestion, Row extends PageRow>(
  shares: readonly Warehouse[],
  list: (share: Warehouse, question: Question) => Promise<Page<Row>>,
  question: Question,
): Promise<Page<Row>> {
  const { limit, cursor, ...rest } = question
  const reached = cursor === undefined ? null : reachedOf(cursor)
  const ask = async (share: number, rows: number): Promise<Page<Row>> => {
    const from = reached === null ? undefined : cursorIn(share, reached)
    if (from === null) return { rows: [], cursor: null }
    const wish = { ...rest, limit: rows, ...(from !== undefined && { cursor: from }) } as unknown as Question
    return list(shares[share] as Warehouse, wish)
  }
  const found = await Promise.all(shares.map((_, share) => ask(share, limit)))
  const placed = found.flatMap(({ rows }, share) => rows.map(row => ({ row, share })))
  placed.sort((a, b) => (a.row.received_at === b.row.received_at ? a.share - b.share : newestFirst(a.row, b.row)))
  const shown = placed.slice(0, limit)
  const last = shown.at(-1)
  const isMore = placed.length > shown.length || found.some(page => page.cursor !== null)
  if (last === undefined || !isMore) return { rows: shown.map(({ row }) => row), cursor: null }
  const ownRows = shown.filter(({ share }) => share === last.share).length
  // Where that share goes on behind the row is known to itself alone.
  const own = ownRows === limit ? found[last.share] : await ask(last.share, ownRows)
  const next = { share: last.share, receivedMs: Date.parse(last.row.received_at), cursor: own?.cursor ?? '' }
  return { rows: shown.map(({ row }) => row), cursor: textOf(next) }
}

function newestFirst(a: PageRow, b: PageRow): number {
  return a.received_at < b.received_at ? 1 : a.received_at === b.received_at ? 0 : -1
}

/** Where a share goes on; null when it has nothing more. */
function cursorIn(share: number, { share: last, receivedMs, cursor }: Reached): string | null {
  if (share === last) return cursor === '' ? null : cursor
  // Before everything, or behind everything, of that millisecond.
  return share < last
    ? cursorOf({ receivedMs, logOffset: 0, position: -1_000_000_000 })
    : cursorOf({ receivedMs, logOffset: Number.MAX_SAFE_INTEGER, position: 0 })
}

function textOf({ share, receivedMs, cursor }: Reached): string {
  return Buffer.from(`s ${share} ${receivedMs} ${cursor}`).toString('base64url')
}

function placesOf(after: string, count: number): string[] {
  const [kind, ...places] = Buffer.from(after, 'base64url').toString('latin1').split(' ')
  if (kind === 'p' && places.length === count) return places
  throw warehouseFault(
    'WAREHOUSE_REFUSED',
    `Cannot read on because the place must be one that an answer to the same question gave: got ${after.slice(0, 64)}`,
    false,
  )
}

function reachedOf(cursor: string): Reached {
  const match = /^s (\d{1,2}) (\d{1,14}) ([\w-]*)$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  if (match === null)
    throw warehouseFault(
      'WAREHOUSE_REFUSED',
      `Cannot read on because the cursor must be one that a page ended with: got ${cursor.slice(0, 64)}`,
      false,
    )
  return { share: Number(match[1]), receivedMs: Number(match[2]), cursor: match[3] ?? '' }
}

/** Rows of the same group become one; the largest counts first. */
function merged<Row extends { events: number }>(
  rows: readonly Row[],
  names: readonly string[],
  together: (a: Row, b: Row) => Row,
): Row[] {
  const groups = new Map<string, Row>()
  for (const row of rows) {
    const key = JSON.stringify(names.map(name => (row as Record<string, unknown>)[name]))
    const known = groups.get(key)
    groups.set(key, known === undefined ? row : together(known, row))
  }
  return [...groups.values()].toSorted((a, b) => b.events - a.events)
}

function statusOfTwo(a: WarehouseStatus, b: WarehouseStatus): WarehouseStatus {
  return {
    events: {
      rows: a.events.rows + b.events.rows,
      bytes: a.events.bytes + b.events.bytes,
      parts: a.events.parts + b.events.parts,
    },
    lastLoad: latest(a.lastLoad, b.lastLoad),
    eventsMissing: a.eventsMissing + b.eventsMissing,
    engine: a.engine === b.engine ? a.engine : `${a.engine}, ${b.engine}`,
  }
}

function latest(a: WarehouseStatus['lastLoad'], b: WarehouseStatus['lastLoad']): WarehouseStatus['lastLoad'] {
  if (a === null || b === null) return a ?? b
  return a.loadedMs >= b.loadedMs ? a : b
}
