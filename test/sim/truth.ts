// What must hold at the end of every run, told from what partners sent and what they were answered:
// acknowledged means there exactly once, as an event, a duplicate of one, or parked; of a request that was not
// acknowledged everything is there or nothing; nothing is there that nobody sent; of one transaction one event stands;
// conflicts are those that differ; and the books balance.

import assert from 'node:assert/strict'
import type { Origin } from '../../server/src/warehouse/load.ts'
import type { World } from './world.ts'

export function checkTruth(world: World): void {
  assert.deepEqual(world.bugs, [], 'no bug was met')
  assert(world.isDone, `everything is processed in the end: ${JSON.stringify(world.status)}`)
  const outcomes = outcomesByPlace(world)
  const ghosts = checkRequests(world, outcomes)
  checkStanding(world)
  checkClaims(world)
  checkBooks(world, ghosts)
}

function outcomesByPlace({ tables, attempts }: World): Map<string, string> {
  const sent = new Map(attempts.map(attempt => [attempt.requestId, attempt.body]))
  const outcomes = new Map<string, string>()
  const add = (origin: Origin, position: number, outcome: string) => {
    const place = `${origin.requestId}/${position}`
    assert(!outcomes.has(place), `${place} is ${outcomes.get(place)} and ${outcome}: it has two outcomes`)
    outcomes.set(place, outcome)
  }
  const addRow = ({ origin, raw }: { origin: Origin; raw: string }, outcome: string) => {
    const body = sent.get(origin.requestId)
    assert(body !== undefined, `${origin.requestId} is ${outcome} and nobody sent it`)
    assert.equal(raw, body.texts[origin.position], `${outcome}: as it was sent`)
    assert.equal(origin.product, body.product)
    assert.equal(origin.mode, body.mode)
    add(origin, origin.position, outcome)
  }
  for (const { row } of tables.events) addRow(row, 'event')
  for (const { row } of tables.duplicates) addRow(row, 'duplicate')
  for (const { row } of tables.parked) if (row.origin.position >= 0) addRow(row, 'parked')
  return outcomes
}

/**
 * Tells how many events may be both there and parked: of a request whose stretch of the log was damaged after a load
 * brought some of it and was cut off before its note, nobody can tell that it was there already.
 */
function checkRequests(world: World, outcomes: Map<string, string>): number {
  let [lost, perhapsLost, ghosts] = [0, 0, 0]
  for (const { requestId, body, acknowledged } of world.attempts) {
    const all = body.texts.length
    const there = body.texts.filter((_, position) => outcomes.has(`${requestId}/${position}`)).length
    if (world.damagedRequests.has(requestId)) {
      if (there < all) lost += all
      else perhapsLost += all
      ghosts += there
    } else if (acknowledged) assert.equal(there, all, `${requestId} was acknowledged: all of it is there`)
    else assert(there === 0 || there === all, `${requestId} was not acknowledged: all or nothing is there`)
  }
  const gaps = world.tables.parked.filter(({ row }) => row.origin.position < 0)
  const parked = gaps.reduce((sum, { row }) => sum + row.events, 0)
  const isTold = parked >= lost && parked <= lost + perhapsLost
  assert(isTold, `what damage swallowed is parked, to the event: ${parked} parked, ${lost} lost`)
  return ghosts
}

function checkStanding({ tables }: World): void {
  const standing = new Map<string, (typeof tables.events)[number]['row']>()
  for (const { row } of tables.events) {
    assert(!standing.has(row.identity), `${row.identity} (${row.raw}) stands twice`)
    standing.set(row.identity, row)
  }
  for (const { row } of tables.duplicates) {
    const first = standing.get(row.identity)
    assert(first !== undefined, `the duplicate ${row.raw} has a first`)
    assert.equal(row.firstRequestId, first.origin.requestId)
    assert.equal(row.firstPosition, first.origin.position)
    const differs = (['amount', 'currency', 'userId'] as const).some(name => row.event[name] !== first.event[name])
    assert.equal(row.conflict, differs, `conflict of ${row.raw} with ${first.raw}`)
  }
}

/** Of the events that are told by their request's Idempotency-Key, one at each position of each key is not flagged. */
function checkClaims({ tables }: World): void {
  const claims = new Map<string, { all: number; unflagged: number }>()
  for (const { row } of tables.events) {
    const { product, mode, idempotencyKey, position } = row.origin
    const isReused = row.event.flags.includes('idempotency_reused')
    if (idempotencyKey === undefined || row.event.transactionId !== '' || row.event.messageId !== '') {
      assert(!isReused, `${row.raw} is not told by its request's key`)
      continue
    }
    const name = [product, mode, idempotencyKey, position].join(' ')
    const claim = claims.get(name) ?? { all: 0, unflagged: 0 }
    claims.set(name, { all: claim.all + 1, unflagged: claim.unflagged + (isReused ? 0 : 1) })
  }
  for (const [name, { all, unflagged }] of claims) {
    assert.equal(unflagged, 1, `of ${all} events that claim ${name} one came first: ${unflagged} are not flagged`)
  }
}

function checkBooks({ tables, logHead, tallies, status }: World, ghosts: number): void {
  const totals = tables.notes.at(-1)!.totals
  const { accepted, stored, duplicate, conflict, parked, rejected } = totals
  const uncounted = tables.events.length - stored
  assert(uncounted >= 0 && uncounted <= ghosts, `${uncounted} events are there that no note counts`)
  assert.deepEqual(
    { accepted, duplicate, conflict, parked },
    {
      accepted: logHead!.events,
      duplicate: tables.duplicates.length,
      conflict: tables.duplicates.filter(({ row }) => row.conflict).length,
      parked: tables.parked.reduce((sum, { row }) => sum + row.events, 0),
    },
    'the totals of the last note are those of the log and of the tables',
  )
  assert.equal(accepted, stored + duplicate + parked)
  assert.equal(status!.acceptedBefore, 0, 'there was one log, and it was never rolled back')
  const rows = tables.rejected.reduce((sum, { row }) => sum + row.events, 0)
  assert.equal(rejected, rows)
  assert(rows <= tallies.written + tallies.unsure, `${rows} rejected events, ${tallies.written} were written down`)
}
