// A decision about a conflict that dies after any of its statements, and is carried out again: in the end each event is in
// one place, and each duplicate is a conflict or none by what stands.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connect, type Connection } from './connection.ts'
import type { DuplicateRow, EventRow, Resolution } from './load.ts'
import { resolvingOver } from './resolving.ts'
import { type EngineProcess, silentLogger, startEngine } from './testing/engine-process.ts'
import { eventRow, madeLoad, startMs, uuidOf } from './testing/made-loads.ts'
import type { Warehouse } from './warehouse.ts'

let engine: EngineProcess
let warehouse: Warehouse
let connection: Connection
before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
  connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
})
after(async () => {
  await connection.close()
  await warehouse.close()
  await engine.remove()
})

/** More statements than a decision has. */
const statementsMax = 20
const amounts = ['10', '11', '11', '10', '11', '12']

/** One deposit, sent once for each amount: of two months, so that they are in several parts. */
function sent(transaction: string): EventRow[] {
  return amounts.map((amount, n) =>
    eventRow(
      { requestId: uuidOf(`${transaction} ${n}`), receivedMs: startMs + n * 1_000 + (n % 2) * 40 * 86_400_000 },
      { transactionId: transaction, amount, currency: 'USD', currencySent: 'USD' },
      { identity: uuidOf(transaction).replaceAll('-', '') },
    ),
  )
}

/** Throws in place of the statement that comes after so many. */
function dying(statements: number): Connection {
  let left = statements
  const counted =
    <Args extends unknown[], Answer>(run: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      left -= 1
      if (left < 0) throw new Error('died')
      return run(...args)
    }
  return { ...connection, command: counted(connection.command), insert: counted(connection.insert) }
}

async function tableOf(transaction: string) {
  const events = await warehouse.listEvents({ transaction, limit: 20 })
  const duplicates = await warehouse.listDuplicates({ transaction, limit: 20 })
  const shown = (rows: { request_id: string }[]) => rows.map(row => row.request_id)
  const marks = duplicates.rows.map(row => [row.request_id, row.first_request_id, row.conflict, row.differs.join()])
  return { stored: shown(events.rows), duplicates: inOrder(marks) }
}

function inOrder<Mark extends unknown[]>(marks: Mark[]): Mark[] {
  return marks.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}

/** The second one stands, and those with another amount than it are in conflict. */
function expected(rows: readonly EventRow[]) {
  const [first, stands, ...others] = rows as [EventRow, EventRow, ...EventRow[]]
  const marks = [first, ...others].map(({ origin, event }) => {
    const conflict = event.amount !== stands.event.amount
    return [origin.requestId, stands.origin.requestId, conflict, conflict ? 'amount' : '']
  })
  return { stored: [stands.origin.requestId], duplicates: inOrder(marks) }
}

test('whichever statement it dies at, it ends the same when it is carried out again', async () => {
  for (let statements = 0; statements < statementsMax; statements++) {
    const transaction = `t${statements}`
    const rows = sent(transaction)
    const [first, later] = rows as [EventRow, EventRow]
    const { product, mode, requestId: firstRequestId } = first.origin
    const again = rows.slice(1).map(
      (row): DuplicateRow => ({
        ...row,
        firstRequestId,
        firstPosition: 0,
        conflict: row.event.amount !== first.event.amount,
      }),
    )
    await warehouse.loading.load(madeLoad(statements + 1, [first], { duplicates: again }))
    const place = { product, mode, requestId: later.origin.requestId, position: 0, firstRequestId, firstPosition: 0 }
    const resolution: Resolution = {
      id: uuidOf(`decision ${statements}`),
      ...place,
      identity: first.identity,
      stands: 'later',
      reason: '',
      decidedMs: startMs,
    }
    const row = { ...later, loadSeq: statements + 1 }
    const swap = (over: Connection) => resolvingOver(over, question => question()).swap(resolution, row)
    const died = await swap(dying(statements)).then(
      () => false,
      error => (error as Error).message === 'died',
    )
    await swap(connection)
    assert.deepEqual(await tableOf(transaction), expected(rows), `died at ${statements}`)
    if (!died) return assert.ok(statements > 5)
  }
  assert.fail('it never ended')
})
