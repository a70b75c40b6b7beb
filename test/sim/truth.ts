// What must hold at the end of every run, told from what partners sent and what they were answered:
// acknowledged means there exactly once, as an event, a duplicate of one, or parked, or deleted for good and counted; of a
// request that was not acknowledged everything is there or nothing; nothing is there that nobody sent, nor anything of a
// user who was erased; of one transaction one event stands, of those that an operator decided about the right one;
// conflicts are those that differ; the index knows what stands and nothing else; and the books balance.

import assert from 'node:assert/strict'
import { entriesOfStored, outcomeMarks } from '../../server/src/pipeline/index/entry-of-row.ts'
import { identityRow } from '../../server/src/pipeline/testing/memory-warehouse.ts'
import { erasedReason, expiredReason, withErased } from '../../server/src/steps/erasure.ts'
import { withoutUsers } from '../../server/src/steps/without-users.ts'
import type { Origin, ParkedRow } from '../../server/src/warehouse/load.ts'
import type { World } from './world.ts'

type Outcome = 'event' | 'duplicate' | 'parked' | 'erased'
/** By place: the request's id and the position in it. */
type Outcomes = Map<string, Outcome>

export function checkTruth(world: World): void {
  assert.deepEqual(world.bugs, [], 'no bug was met')
  assert(world.isDone, `everything is processed in the end: ${JSON.stringify(world.status)}`)
  const outcomes = outcomesByPlace(world)
  const ghosts = checkRequests(world, outcomes)
  checkErased(world)
  const isGone = goneFrom(world, outcomes)
  checkStanding(world, isGone)
  checkDecisions(world, outcomes, isGone)
  checkClaims(world)
  checkIndex(world)
  checkBooks(world, ghosts)
}

function outcomesByPlace({ tables, attempts, suppression }: World): Outcomes {
  const sent = new Map(attempts.map(attempt => [attempt.requestId, attempt.body]))
  const outcomes: Outcomes = new Map()
  const addRow = ({ origin, raw }: { origin: Origin; raw: string }, outcome: Outcome) => {
    const body = sent.get(origin.requestId)
    assert(body !== undefined, `${origin.requestId} is ${outcome} and nobody sent it`)
    const text = body.texts[origin.position] ?? ''
    assert.equal(raw, outcome === 'erased' ? '' : text, `${outcome}: as it was sent`)
    if (outcome === 'erased') assert(suppression.holds(body.product, userOf(text)), `${text} is erased by mistake`)
    assert.equal(origin.product, body.product)
    assert.equal(origin.mode, body.mode)
    const place = placeOf(origin)
    assert(!outcomes.has(place), `${place} is ${outcomes.get(place)} and ${outcome}: it has two outcomes`)
    outcomes.set(place, outcome)
  }
  for (const { row } of tables.events) addRow(row, 'event')
  for (const { row } of tables.duplicates) addRow(row, 'duplicate')
  for (const { row } of tables.parked)
    if (row.origin.position >= 0) addRow(row, row.reason === erasedReason ? 'erased' : 'parked')
  return outcomes
}

function placeOf({ requestId, position }: Pick<Origin, 'requestId' | 'position'>): string {
  return `${requestId}/${position}`
}

function userOf(text: string): string {
  return String((JSON.parse(text) as { client_user_id?: unknown }).client_user_id)
}

/**
 * Tells how many events may be both there and parked: of a request whose stretch of the log was damaged after a load
 * brought some of it and was cut off before its note, nobody can tell that it was there already.
 */
function checkRequests(world: World, outcomes: Outcomes): number {
  let [lost, perhapsLost, ghosts, expired, perhapsExpired] = [0, 0, 0, 0, 0]
  for (const attempt of world.attempts) {
    const { requestId, body, acknowledged } = attempt
    const all = body.texts.length
    const there = body.texts.filter((_, position) => outcomes.has(placeOf({ requestId, position }))).length
    const mayExpire = isExpirable(world, attempt)
    if (world.damagedRequests.has(requestId)) {
      if (there < all && !mayExpire) lost += all
      else perhapsLost += all
      if (mayExpire) perhapsExpired += all
      ghosts += mayExpire ? all : there
    } else if (!acknowledged && !world.logged.has(requestId))
      assert(there === 0 || there === all, `${requestId} was not acknowledged: all or nothing is there`)
    else if (mayExpire) expired += all - there
    else assert.equal(there, all, `${requestId} was acknowledged: all of it is there`)
  }
  const sumOf = (isOne: (row: ParkedRow) => boolean) =>
    world.tables.parked.reduce((sum, { row }) => sum + (isOne(row) ? row.events : 0), 0)
  const parked = sumOf(({ origin, reason }) => origin.position < 0 && reason !== expiredReason)
  const isTold = parked >= lost && parked <= lost + perhapsLost
  assert(isTold, `what damage swallowed is parked, to the event: ${parked} parked, ${lost} lost`)
  const counted = sumOf(({ reason }) => reason === expiredReason)
  const isCounted = counted >= expired && counted <= expired + perhapsExpired
  assert(isCounted, `what expired is counted, to the event: ${counted} counted, ${expired} are gone`)
  return ghosts
}

/** Whether something that was received then and there has expired. */
function isExpirable({ tables }: World, { receivedMs, body }: World['attempts'][number]): boolean {
  return tables.parked.some(
    ({ row: { origin, reason } }) =>
      reason === expiredReason &&
      origin.product === body.product &&
      origin.mode === body.mode &&
      receivedMs <= origin.receivedMs,
  )
}

/** Nothing is left of a user who was erased. */
function checkErased({ tables, suppression }: World): void {
  for (const { row } of [...tables.events, ...tables.duplicates])
    assert(!suppression.holds(row.origin.product, row.event.userId), `${row.raw} is of a user who was erased`)
  for (const { row } of tables.parked) {
    const left = withoutUsers(row.raw, userId => suppression.holds(row.origin.product, userId))
    assert.equal(left, null, `${row.reason}: ${row.raw} names a user who was erased`)
  }
}

type IsGone = (place: Pick<Origin, 'requestId' | 'position'>) => boolean

/** Which places held something that was deleted for good. */
function goneFrom(world: World, outcomes: Outcomes): IsGone {
  const attempts = new Map(world.attempts.map(attempt => [attempt.requestId, attempt]))
  return place => {
    const outcome = outcomes.get(placeOf(place))
    const attempt = attempts.get(place.requestId)
    return outcome === undefined ? attempt !== undefined && isExpirable(world, attempt) : outcome === 'erased'
  }
}

function checkStanding({ tables }: World, isGone: IsGone): void {
  const standing = new Map<string, (typeof tables.events)[number]['row']>()
  for (const { row } of tables.events) {
    assert(!standing.has(row.identity), `${row.identity} (${row.raw}) stands twice`)
    standing.set(row.identity, row)
  }
  for (const { row } of tables.duplicates) {
    const first = { requestId: row.firstRequestId, position: row.firstPosition }
    if (isGone(first)) continue
    const stands = standing.get(row.identity)
    assert(stands !== undefined, `the duplicate ${row.raw} has a first`)
    assert.equal(placeOf(first), placeOf(stands.origin), `the first of ${row.raw} stands`)
    const differs = (['amount', 'currency', 'userId'] as const).some(name => row.event[name] !== stands.event[name])
    assert.equal(row.conflict, differs, `conflict of ${row.raw} with ${stands.raw}`)
  }
}

/** Of two events that an operator decided about, one stands, and the other is a conflict. */
function checkDecisions({ tables }: World, outcomes: Outcomes, isGone: IsGone): void {
  const done = new Set(tables.resolutions.flatMap(one => (one.state === 'done' ? [one.resolution.id] : [])))
  const last = new Map<string, (typeof tables.resolutions)[number]['resolution']>()
  for (const { resolution, state } of tables.resolutions) {
    assert(done.has(resolution.id), `what was decided about ${resolution.requestId} is done`)
    if (state === 'decided' && resolution.stands === 'later') last.set(resolution.identity, resolution)
  }
  const conflicts = new Set(tables.duplicates.flatMap(({ row }) => (row.conflict ? [placeOf(row.origin)] : [])))
  for (const resolution of last.values()) {
    const first = { requestId: resolution.firstRequestId, position: resolution.firstPosition }
    if (isGone(resolution) || isGone(first)) continue
    assert.equal(outcomes.get(placeOf(resolution)), 'event', 'the later one stands, as was decided')
    assert(conflicts.has(placeOf(first)), 'the first one is a conflict, as was decided')
  }
}

/** Of the events that are told by their request's Idempotency-Key, one at each position of each key is not flagged. */
function checkClaims({ tables }: World): void {
  const claims = new Map<string, { product: string; all: number; unflagged: number }>()
  for (const { row } of tables.events) {
    const { product, mode, idempotencyKey, position } = row.origin
    const isReused = row.event.flags.includes('idempotency_reused')
    if (idempotencyKey === undefined || row.event.transactionId !== '' || row.event.messageId !== '') {
      assert(!isReused, `${row.raw} is not told by its request's key`)
      continue
    }
    const name = [product, mode, idempotencyKey, position].join(' ')
    const claim = claims.get(name) ?? { product, all: 0, unflagged: 0 }
    claims.set(name, { product, all: claim.all + 1, unflagged: claim.unflagged + (isReused ? 0 : 1) })
  }
  const deleted = new Set(tables.parked.flatMap(({ row }) => (isPlace(row) ? [row.origin.product] : [])))
  for (const [name, { product, all, unflagged }] of claims) {
    // The one that came first may be gone.
    const isRight = unflagged === 1 || (unflagged === 0 && deleted.has(product))
    assert(isRight, `of ${all} events that claim ${name} one came first: ${unflagged} are not flagged`)
  }
}

/** What stood for an event is gone from the index with it, and what stands is there. */
function checkIndex({ tables, disk }: World): void {
  const marks = new Set<string>(Object.values(outcomeMarks))
  const rows = tables.events.map(({ row }) => identityRow(row))
  const own = new Map(rows.map(row => [row.identity, entriesOfStored(row)[0]!]))
  const places = new Set(rows.map(placeOf))
  for (const [identity, { requestId, position, fingerprint }] of own) {
    const entry = disk.entries.get(identity)
    const found = entry && { place: placeOf(entry), fingerprint: entry.fingerprint }
    assert.deepEqual(found, { place: placeOf({ requestId, position }), fingerprint }, 'the index knows what stands')
  }
  for (const entry of disk.entries.values())
    assert(
      marks.has(entry.fingerprint) || places.has(placeOf(entry)),
      `the index knows ${placeOf(entry)}, and it is gone`,
    )
}

function isPlace({ reason }: ParkedRow): boolean {
  return reason === erasedReason || reason === expiredReason
}

function checkBooks({ tables, logHead, tallies, status, erased }: World, ghosts: number): void {
  const { totals } = tables.notes.at(-1)!
  const shown = withErased(totals, erased)
  const uncounted = tables.events.length - shown.stored
  assert(uncounted >= 0 && uncounted <= ghosts, `${uncounted} events are there that no note counts`)
  const { accepted, duplicate, conflict, parked, rejected } = shown
  // Notes count what was a conflict when it came: another event that stands makes others conflicts, or none.
  const isMarkedAnew = tables.resolutions.some(({ resolution }) => resolution.stands === 'later')
  const conflicts = tables.duplicates.filter(({ row }) => row.conflict).length
  if (!isMarkedAnew) assert.equal(conflict, conflicts)
  assert.deepEqual(
    { accepted, duplicate, parked },
    {
      accepted: logHead!.events,
      duplicate: tables.duplicates.length,
      parked: tables.parked.reduce((sum, { row }) => sum + (isPlace(row) ? 0 : row.events), 0),
    },
    'the totals of the last note, less what was deleted, are those of the log and of the tables',
  )
  assert.equal(accepted, shown.stored + duplicate + parked + shown.erased)
  assert.equal(status!.acceptedBefore, 0, 'there was one log, and it was never rolled back')
  const rows = tables.rejected.reduce((sum, { row }) => sum + row.events, 0)
  assert.equal(rejected, rows)
  assert(rows <= tallies.written + tallies.unsure, `${rows} rejected events, ${tallies.written} were written down`)
}
