// A warehouse in memory for tests, with the real one's habits: a load goes in table by table and in each table part by
// part (months there, odd and even positions here), the note last; a part's token is there before the part is, and a part
// whose token is there is ignored; a load that is repeated brings what is absent under the token's next. What is refused
// is refused before anything of that table is in; `forgetAfter` leaves the events alone. Deleting for good and deciding
// about conflicts are memory-erasing.ts and memory-resolving.ts, over the same tables.

import assert from 'node:assert/strict'
import type {
  DuplicateRow,
  EventRow,
  IdentityRow,
  Load,
  LoadingWarehouse,
  LoadNote,
  Origin,
  OutcomeRow,
  ParkedRow,
  RejectedRow,
  Resolution,
} from '../../warehouse/load.ts'
import { identityOfEvent } from '../../steps/identity.ts'

export type Loaded<Row> = { seq: number; row: Row }

export type WarehouseTables = {
  id: string
  events: Loaded<EventRow>[]
  duplicates: Loaded<DuplicateRow>[]
  parked: Loaded<ParkedRow>[]
  rejected: Loaded<RejectedRow>[]
  notes: LoadNote[]
  tokens: Set<string>
  resolutions: { resolution: Resolution; state: 'decided' | 'done' }[]
}

export type MemoryWarehouse = LoadingWarehouse & { readonly tables: WarehouseTables }

export type Seams = {
  /** Called before each part of a load; may throw. */
  onTable?: (name: string) => void | Promise<void>
  /** Called when a part's token is there and the part is not; may throw. */
  onToken?: (name: string) => void | Promise<void>
  /** Rows that the warehouse cannot take. */
  refuses?: (row: { raw: string }) => boolean
  /** Rows that end the engine, after the first part of their table. */
  kills?: (row: { raw: string }) => boolean
}

/** Inserts as insert-whole.ts does; `isOld` says which rows of the table are looked at. */
export function insertingOver(tables: WarehouseTables, seams: Seams) {
  async function part<Row>(name: string, token: string, into: () => Row[], rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return
    await seams.onTable?.(name)
    if (tables.tokens.has(token)) return
    tables.tokens.add(token)
    // Others see both at one moment, under the lock of the table's parts; a crash in between leaves the token alone.
    if (seams.onToken !== undefined) await seams.onToken(name)
    into().push(...rows)
  }
  async function whole<Row>(
    name: string,
    token: string,
    into: () => Loaded<Row>[],
    rows: readonly Loaded<Row>[],
    isOld: ((old: Loaded<Row>) => boolean) | null,
  ): Promise<void> {
    if (rows.length === 0) return
    await seams.onTable?.(name)
    for (const { row } of rows) if (seams.refuses?.(row as { raw: string })) throw refusal(`${name}: a row is refused`)
    for (let again = 0; ; again++) {
      const there = new Set(isOld === null ? [] : into().flatMap(old => (isOld(old) ? [keyOf(old.row)] : [])))
      const absent = rows.filter(({ row }) => !there.has(keyOf(row)))
      if (absent.length === 0) return
      for (const parity of [0, 1]) {
        const some = absent.filter(({ row }) => (positionOf(row) & 1) === parity)
        if (some.some(({ row }) => seams.kills?.(row as { raw: string }))) throw away()
        await part(name, `${token}${again === 0 ? '' : ` again ${again}`} ${parity}`, into, some)
      }
      if (isOld === null) return
    }
  }
  return { part, whole }
}

export function openMemoryWarehouse(tables: WarehouseTables, seams: Seams = {}): MemoryWarehouse {
  const { part, whole } = insertingOver(tables, seams)
  const insert = <Row>(
    name: string,
    into: () => Loaded<Row>[],
    rows: Row[],
    { note: { seq, token } }: Load,
    isRepeated: boolean,
  ) =>
    whole(
      name,
      `${token} ${name}`,
      into,
      rows.map(row => ({ seq, row })),
      isRepeated ? old => old.seq === seq : null,
    )
  return {
    tables,
    id: async () => tables.id,
    lastNote: async () => tables.notes.at(-1) ?? null,
    async load(load, isRepeated = false, onSent = undefined) {
      const { note, lines } = load
      // Whatever was made beforehand and goes by the load's number must be of its very events.
      if (lines?.seq === note.seq) assert.deepEqual(lines.bytes, identitiesAsBytes(load.events))
      onSent?.()
      await insert('duplicates', () => tables.duplicates, load.duplicates, load, isRepeated)
      await insert('parked', () => tables.parked, load.parked, load, isRepeated)
      await insert('rejected', () => tables.rejected, load.rejected, load, isRepeated)
      await insert('events', () => tables.events, load.events, load, isRepeated)
      for (let again = 0; again === 0 || (isRepeated && tables.notes.at(-1)?.token !== note.token); again++)
        await part('notes', `${note.token} notes ${again}`, () => tables.notes, [note])
    },
    linesOf: async (events, seq) => ({ seq, bytes: identitiesAsBytes(events) }),
    async forgetAfter(note) {
      await seams.onTable?.('undo')
      const seq = note?.seq ?? 0
      tables.duplicates = tables.duplicates.filter(row => row.seq <= seq)
      tables.parked = tables.parked.filter(row => row.seq <= seq)
      tables.rejected = tables.rejected.filter(row => row.seq <= seq)
    },
    async *identities(upTo = Number.MAX_SAFE_INTEGER) {
      const events = tables.events.filter(({ seq }) => seq <= upTo)
      for (let at = 0; at < events.length; at += pageRows) {
        yield events.slice(at, at + pageRows).map(({ row }) => identityRow(row))
      }
    },
    identitiesAfter: async note =>
      tables.events.filter(({ seq }) => seq > (note?.seq ?? 0)).map(({ row }) => identityRow(row)),
    async *outcomes() {
      yield tables.duplicates.map(({ row: { origin, conflict } }): OutcomeRow => {
        return { ...origin, outcome: conflict ? 'conflict' : 'duplicate' }
      })
      yield tables.parked.map(({ row: { origin } }): OutcomeRow => ({ ...origin, outcome: 'parked' }))
      yield tables.rejected.map(({ row }): OutcomeRow => ({ outcome: 'rejected', row }))
    },
  }
}

export function emptyTables(id: string): WarehouseTables {
  return { id, events: [], duplicates: [], parked: [], rejected: [], notes: [], tokens: new Set(), resolutions: [] }
}

const pageRows = 100

function keyOf(row: unknown): string {
  const { requestId = '', position, logOffset } = placeOf(row)
  return `${requestId} ${position} ${logOffset}`
}

function positionOf(row: unknown): number {
  return placeOf(row).position
}

function placeOf(row: unknown): { requestId?: string; position: number; logOffset: number } {
  const { origin } = row as { origin?: Origin }
  return origin ?? (row as RejectedRow)
}

export function identityRow({ identity, origin, event, raw }: EventRow): IdentityRow {
  const { product, mode, requestId, position, idempotencyKey = '' } = origin
  const { amount, currency, userId } = event
  const isClaimed = identityOfEvent(event, origin, raw).claim !== null
  const claim = isClaimed ? { product, mode, idempotencyKey } : null
  return { identity, requestId, position, amount, currency, userId, claim }
}

function refusal(message: string): Error {
  return Object.assign(new Error(message), { code: 'WAREHOUSE_REFUSED', retry: false })
}

function away(): Error {
  return Object.assign(new Error('the engine ended'), { code: 'WAREHOUSE_AWAY', retry: true })
}

function identitiesAsBytes(events: readonly EventRow[]): Buffer {
  return Buffer.from(events.map(({ identity }) => identity).join())
}
