// A warehouse in memory for tests, with the real one's habits: a load goes in table by table, each under the load's
// token, the note last; a token that a table has seen adds nothing; what is refused is refused before anything of that
// table is in; `forgetAfter` leaves the events alone and makes the tokens of the other tables new.

import type {
  DuplicateRow,
  EventRow,
  IdentityRow,
  Load,
  LoadingWarehouse,
  LoadNote,
  ParkedRow,
  RejectedRow,
} from '../../warehouse/load.ts'

type Loaded<Row> = { seq: number; row: Row }

export type WarehouseTables = {
  id: string
  events: Loaded<EventRow>[]
  duplicates: Loaded<DuplicateRow>[]
  parked: Loaded<ParkedRow>[]
  rejected: Loaded<RejectedRow>[]
  notes: LoadNote[]
  tokens: Set<string>
  undoings: number
}

export type MemoryWarehouse = LoadingWarehouse & { readonly tables: WarehouseTables }

/** `onTable` is called before each table of a load and may throw; `refuses` says which rows the warehouse cannot take. */
export function openMemoryWarehouse(
  tables: WarehouseTables,
  seams: { onTable?: (name: string) => void | Promise<void>; refuses?: (row: { raw: string }) => boolean } = {},
): MemoryWarehouse {
  async function insert<Row>(name: string, into: Loaded<Row>[], rows: Row[], load: Load, token: string): Promise<void> {
    if (rows.length === 0) return
    await seams.onTable?.(name)
    for (const row of rows) if (seams.refuses?.(row as { raw: string })) throw refusal(`${name}: a row is refused`)
    if (tables.tokens.has(`${token} ${name}`)) return
    tables.tokens.add(`${token} ${name}`)
    for (const row of rows) into.push({ seq: load.note.seq, row })
  }
  return {
    tables,
    id: async () => tables.id,
    lastNote: async () => tables.notes.at(-1) ?? null,
    async load(load) {
      const { token } = load.note
      const undone = `${token} ${tables.undoings}`
      await insert('duplicates', tables.duplicates, load.duplicates, load, undone)
      await insert('parked', tables.parked, load.parked, load, undone)
      await insert('rejected', tables.rejected, load.rejected, load, undone)
      await insert('events', tables.events, load.events, load, token)
      await seams.onTable?.('notes')
      if (tables.notes.every(note => note.token !== token)) tables.notes.push(load.note)
    },
    async forgetAfter(note) {
      await seams.onTable?.('undo')
      const seq = note?.seq ?? 0
      tables.undoings++
      tables.duplicates = tables.duplicates.filter(row => row.seq <= seq)
      tables.parked = tables.parked.filter(row => row.seq <= seq)
      tables.rejected = tables.rejected.filter(row => row.seq <= seq)
    },
    async *identities() {
      for (let at = 0; at < tables.events.length; at += pageRows) {
        yield tables.events.slice(at, at + pageRows).map(({ row }) => identityRow(row))
      }
    },
  }
}

export function emptyTables(id: string): WarehouseTables {
  return { id, events: [], duplicates: [], parked: [], rejected: [], notes: [], tokens: new Set(), undoings: 0 }
}

const pageRows = 100

function identityRow({ identity, origin, event }: EventRow): IdentityRow {
  const { requestId, position } = origin
  const { amount, currency, userId } = event
  return { identity, requestId, position, amount, currency, userId }
}

function refusal(message: string): Error {
  return Object.assign(new Error(message), { code: 'WAREHOUSE_REFUSED', retry: false })
}
