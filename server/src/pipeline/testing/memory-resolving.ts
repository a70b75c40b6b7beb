// Decisions about conflicts over the tables in memory, step by step as the real ones are carried out
// (warehouse/resolving.ts), and a seam at each step.

import { erasedReason, expiredReason } from '../../steps/erasure.ts'
import type { Conflict, DuplicateRow, EventRow, Origin, Resolution, ResolvingWarehouse } from '../../warehouse/load.ts'
import { insertingOver, type Loaded, type Seams, type WarehouseTables } from './memory-warehouse.ts'

export function openMemoryResolving(tables: WarehouseTables, seams: Seams = {}): ResolvingWarehouse {
  const { whole } = insertingOver(tables, seams)

  async function note(resolution: Resolution, state: 'decided' | 'done'): Promise<void> {
    await seams.onTable?.('resolutions')
    const isThere = tables.resolutions.some(one => one.resolution.id === resolution.id && one.state === state)
    if (!isThere) tables.resolutions.push({ resolution, state })
  }

  /** A row stands for it already. */
  function isDeleted({ seq, row: { origin } }: Loaded<EventRow>): boolean {
    const isAt = placeIs(origin.requestId, origin.position)
    return tables.parked.some(
      ({ seq: counted, row }) =>
        (row.reason === erasedReason && isAt({ row })) ||
        (row.reason === expiredReason &&
          row.origin.product === origin.product &&
          row.origin.mode === origin.mode &&
          row.origin.receivedMs >= origin.receivedMs &&
          counted >= seq),
    )
  }

  return {
    async findConflict(requestId, position) {
      await seams.onTable?.('asked')
      const at = placeIs(requestId, position)
      const found = tables.duplicates.find(one => at(one) && one.row.conflict)
      if (found !== undefined) {
        const { firstRequestId, firstPosition } = found.row
        const first = tables.events.find(placeIs(firstRequestId, firstPosition))
        const isOpen = first !== undefined && !isDeleted(first) && !isDeleted(found)
        return conflictOf(found, { firstRequestId: isOpen ? firstRequestId : null, firstPosition })
      }
      const moved = tables.events.find(at)
      return moved === undefined ? null : conflictOf(moved, { firstRequestId: null, firstPosition: 0 })
    },
    async lastResolution(requestId, position) {
      await seams.onTable?.('asked')
      const isOf = ({ resolution }: { resolution: Resolution }) =>
        resolution.requestId === requestId && resolution.position === position
      return tables.resolutions.findLast(one => one.state === 'done' && isOf(one))?.resolution ?? null
    },
    decide: resolution => note(resolution, 'decided'),
    async swap({ id, requestId, position, firstRequestId, firstPosition, identity }, { loadSeq, ...later }) {
      const [isFirst, isSecond] = [placeIs(firstRequestId, firstPosition), placeIs(requestId, position)]
      await seams.onTable?.('duplicates')
      const place = { firstRequestId: requestId, firstPosition: position, conflict: true }
      if (!tables.duplicates.some(isFirst))
        for (const { seq, row } of tables.events.filter(isFirst))
          tables.duplicates.push({ seq, row: { ...row, ...place } })
      await whole('events', `resolution ${id}`, () => tables.events, [{ seq: loadSeq, row: later }], isSecond)
      await seams.onTable?.('events')
      tables.events = tables.events.filter(one => !isFirst(one))
      await seams.onTable?.('duplicates')
      const isOfFirst = ({ row }: Loaded<DuplicateRow>) =>
        row.identity === identity && row.firstRequestId === firstRequestId && row.firstPosition === firstPosition
      tables.duplicates = tables.duplicates.map(one =>
        isOfFirst(one) ? { ...one, row: { ...one.row, ...place, conflict: differs(one.row.event, later.event) } } : one,
      )
      await seams.onTable?.('duplicates')
      tables.duplicates = tables.duplicates.filter(one => !isSecond(one))
    },
    done: resolution => note(resolution, 'done'),
    async unfinished() {
      await seams.onTable?.('asked')
      const done = new Set(tables.resolutions.flatMap(one => (one.state === 'done' ? [one.resolution.id] : [])))
      return tables.resolutions.flatMap(({ resolution }) => (done.has(resolution.id) ? [] : [resolution]))
    },
  }
}

function placeIs(requestId: string, position: number): (one: { row: { origin: Origin } }) => boolean {
  return ({ row: { origin } }) => origin.requestId === requestId && origin.position === position
}

function differs(a: EventRow['event'], b: EventRow['event']): boolean {
  return a.amount !== b.amount || a.currency !== b.currency || a.userId !== b.userId
}

function conflictOf(
  { seq: loadSeq, row }: Loaded<EventRow>,
  first: Pick<Conflict, 'firstRequestId' | 'firstPosition'>,
): Conflict {
  const { origin, identity, raw, event } = row
  const { amount, currency, userId, flags } = event
  const { firstRequestId, firstPosition } = first
  return { origin, identity, loadSeq, flags, raw, amount, currency, userId, firstRequestId, firstPosition }
}
