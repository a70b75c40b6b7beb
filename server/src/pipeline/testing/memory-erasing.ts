// Deleting for good over the tables in memory, step by step as the real one does it (warehouse/erasing.ts), and a seam at
// each step: rows that say where something was go in part by part, before anything is deleted; a deletion is whole.

import { erasedReason, type ErasedCounts, expiredReason, nothingErased } from '../../steps/erasure.ts'
import { rejectedReason } from '../../steps/rejection.ts'
import type { DuplicateRow, ErasingWarehouse, EventRow, KeptText, Origin, ParkedRow } from '../../warehouse/load.ts'
import { identityRow, insertingOver, type Loaded, type Seams, type WarehouseTables } from './memory-warehouse.ts'

type Outcome = { origin: Origin }
type Removed = (row: Loaded<Outcome>) => boolean

export function openMemoryErasing(tables: WarehouseTables, seams: Seams = {}): ErasingWarehouse {
  const { whole } = insertingOver(tables, seams)

  async function remove(name: 'events' | 'duplicates' | 'parked', isRemoved: Removed): Promise<void> {
    await seams.onTable?.(name)
    const left = (tables[name] as Loaded<Outcome>[]).filter(row => !isRemoved(row))
    Object.assign(tables, { [name]: left })
  }

  /** Those for which no row stands yet. */
  function unplaced<Row extends Outcome>(rows: Loaded<Row>[]): Loaded<Row>[] {
    const there = new Set(tables.parked.flatMap(({ row }) => (row.reason === erasedReason ? [placeOf(row)] : [])))
    return rows.filter(({ row }) => !there.has(placeOf(row)))
  }

  /** One row for each that has none; odd and even positions are two blocks. */
  async function leavePlaces<Row extends Outcome>(rows: Loaded<Row>[], was: (row: Row) => string): Promise<void> {
    const absent = unplaced(rows)
    for (const parity of [0, 1]) {
      const some = absent.filter(({ row }) => (row.origin.position & 1) === parity)
      if (some.length === 0) continue
      await seams.onTable?.('parked')
      for (const { seq, row } of some) tables.parked.push({ seq, row: placeRow(row.origin, 1, erasedReason, was(row)) })
    }
  }

  async function* pagesOf<Row, Page>(rows: Row[], page: (some: Row[]) => Page): AsyncIterable<Page> {
    await seams.onTable?.('asked')
    for (let at = 0; at < rows.length; at += pageRows) {
      yield page(rows.slice(at, at + pageRows))
      await seams.onTable?.('asked')
    }
  }

  const identitiesOf = (isWanted: (row: Loaded<EventRow>) => boolean) =>
    pagesOf(tables.events.filter(isWanted), some => some.map(({ row }) => identityRow(row)))

  /** What the last row that was written for a kind covers. */
  const isCounted = ({ was, isOf }: Kind, product: string, mode: Origin['mode']): Removed => {
    const last = tables.parked
      .filter(({ row: { origin, reason, detail } }) => {
        return reason === expiredReason && detail === was && origin.product === product && origin.mode === mode
      })
      .sort((a, b) => b.seq - a.seq || b.row.origin.receivedMs - a.row.origin.receivedMs)[0]
    if (last === undefined) return () => false
    return covers({ product, mode, seq: last.seq, beforeMs: last.row.origin.receivedMs + 1, isOf })
  }

  async function countKind(
    { table, was, isOf }: Kind,
    expired: Expired,
    id: (kind: string) => string,
  ): Promise<number> {
    const { product, mode, seq, beforeMs } = expired
    const found = unplaced((tables[table] as Loaded<Outcome>[]).filter(covers({ ...expired, isOf })))
    const events = found.reduce((sum, { row }) => sum + ((row as Partial<ParkedRow>).events ?? 1), 0)
    if (events === 0) return 0
    const requestId = id(`${table} ${was} ${mode} ${seq}`)
    const origin = { product, mode, keyId: '', requestId, position: -1, receivedMs: beforeMs - 1, logOffset: 0 }
    const place = { seq, row: placeRow(origin, events, expiredReason, was) }
    const isThere = ({ row }: Loaded<ParkedRow>) => row.origin.requestId === requestId
    await whole('parked', `expired ${requestId}`, () => tables.parked, [place], isThere)
    return events
  }

  return {
    users: product =>
      pagesOf(
        [...new Set([...tables.events, ...tables.duplicates].flatMap(({ row }) => usersOf(row, product)))],
        some => some,
      ),
    identitiesOfUser: (product, user) => identitiesOf(({ row }) => usersOf(row, product)[0] === user),
    async *identitiesExpired(product) {
      for (const mode of modes) yield* identitiesOf(isCounted(expiring[0], product, mode))
    },
    keptTexts: product =>
      pagesOf(
        tables.parked.filter(({ row }) => row.origin.product === product && row.raw !== ''),
        some => some.map(({ row: { origin, reason, detail, raw } }): KeptText => ({ ...origin, reason, detail, raw })),
      ),
    async eraseUser(product, user) {
      const isOf = ({ row }: Loaded<EventRow>) => usersOf(row, product)[0] === user
      const [events, duplicates] = [tables.events.filter(isOf), tables.duplicates.filter(isOf)]
      await leavePlaces(events, () => 'stored')
      await leavePlaces(duplicates, ({ conflict }) => (conflict ? 'conflict' : 'duplicate'))
      if (events.length > 0) await remove('events', row => isOf(row as Loaded<EventRow>))
      if (duplicates.length > 0) await remove('duplicates', row => isOf(row as Loaded<EventRow>))
      return { stored: events.length, duplicate: duplicates.length }
    },
    async blankTexts(texts) {
      if (texts.length === 0) return
      await seams.onTable?.('parked')
      const places = new Set(texts.map(({ requestId, position }) => `${requestId} ${position}`))
      tables.parked = tables.parked.map(({ seq, row }) => {
        const isBlank = places.has(placeOf(row)) && row.reason !== rejectedReason
        return { seq, row: isBlank ? { ...row, reason: erasedReason, detail: 'parked', raw: '' } : row }
      })
    },
    async replaceText({ requestId, position, raw }, other) {
      const isAt = ({ row: { origin } }: Loaded<ParkedRow>) =>
        origin.requestId === requestId && origin.position === position
      const found = tables.parked.find(isAt)
      if (found === undefined) return
      const changed = { seq: found.seq, row: { ...found.row, ...other } }
      const isThere = (old: Loaded<ParkedRow>) => isAt(old) && old.row.raw.length === other.raw.length
      await whole(
        'parked',
        `without ${requestId} ${position} ${other.raw.length}`,
        () => tables.parked,
        [changed],
        isThere,
      )
      await remove('parked', row => isAt(row as Loaded<ParkedRow>) && (row.row as ParkedRow).raw.length === raw.length)
    },
    async countExpired(product, beforeMs, id) {
      const seq = tables.notes.at(-1)?.seq ?? 0
      let events = 0
      for (const kind of expiring)
        for (const mode of modes) events += await countKind(kind, { product, mode, seq, beforeMs }, id)
      const isRejection = ({ row }: Loaded<Outcome>) =>
        isOld(row.origin, product, beforeMs) && (row as ParkedRow).reason === rejectedReason
      const rejectedRequests = tables.parked.filter(isRejection).length
      if (rejectedRequests > 0) await remove('parked', isRejection)
      return { events, rejectedRequests }
    },
    async deleteExpired(product) {
      for (const kind of expiring)
        for (const mode of modes) {
          const isRemoved = isCounted(kind, product, mode)
          if ((tables[kind.table] as Loaded<Outcome>[]).some(isRemoved)) await remove(kind.table, isRemoved)
        }
    },
    async dropRebuilt() {},
    async countErased() {
      const counts: ErasedCounts = { ...nothingErased }
      for (const { row } of tables.parked) if (isPlace(row)) counts[row.detail as keyof ErasedCounts] += row.events
      return counts
    },
  }
}

/** As the real one goes through them. */
const expiring = [
  { table: 'events', was: 'stored', isOf: () => true },
  { table: 'duplicates', was: 'duplicate', isOf: (row: Outcome) => !(row as DuplicateRow).conflict },
  { table: 'duplicates', was: 'conflict', isOf: (row: Outcome) => (row as DuplicateRow).conflict },
  {
    table: 'parked',
    was: 'parked',
    isOf: (row: Outcome) => !isPlace(row as ParkedRow) && (row as ParkedRow).reason !== rejectedReason,
  },
] as const

type Kind = (typeof expiring)[number]
/** Of one product and mode: received before that, and loaded by then. */
type Expired = { product: string; mode: Origin['mode']; seq: number; beforeMs: number }

const modes = ['live', 'test'] as const

function covers({ product, mode, seq, beforeMs, isOf }: Expired & Pick<Kind, 'isOf'>): Removed {
  return one =>
    isOld(one.row.origin, product, beforeMs) && one.row.origin.mode === mode && one.seq <= seq && isOf(one.row)
}

const pageRows = 100

/** What stands for what was deleted. */
function isPlace({ reason }: ParkedRow): boolean {
  return reason === erasedReason || reason === expiredReason
}

function placeRow(origin: Origin, events: number, reason: string, detail: string): ParkedRow {
  return { origin, events, reason, detail, raw: '' }
}

function placeOf({ origin: { requestId, position } }: Outcome): string {
  return `${requestId} ${position}`
}

function isOld(origin: Origin, product: string, beforeMs: number): boolean {
  return origin.product === product && origin.receivedMs < beforeMs
}

function usersOf({ origin, event }: EventRow, product: string): string[] {
  return origin.product === product ? [event.userId] : []
}
