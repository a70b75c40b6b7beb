// Sends again what was rejected or parked: as it was sent, or with keys under other names. Checked by the door's own
// check; a dry run goes no further. What is sent is a request of its own in the log (several, where there are too many for
// one), which remembers of which one it is, so that an event without an id of its own is the same event however often it is
// sent again; and its key id says that it is no traffic of the partner's.

import { checkDryRun, type EventErrors, limits as wire } from '@datapulse/contract'
import { limits } from '../limits.ts'
import { type Derive, processEvent } from '../steps/derive.ts'
import { replayKeyId } from '../steps/replay-key.ts'
import { eventsToReplay, renameKeys, type ReplayEvents } from '../steps/replay.ts'
import type { Kept } from '../warehouse/asking/rejections.ts'
import type { ReplayHead } from './answers.ts'

export type ReplayWish = {
  request: string
  /** Picks one of several parked events of a request. */
  position?: number
  /** Keys as they were sent, and what they are to be called. */
  mapping: ReadonlyMap<string, string>
  /** Send the good events even where others are bad. */
  partial: boolean
  dryRun: boolean
}

export type ReplayReport = {
  replayOf: string
  product: string
  dryRun: boolean
  /** Events that were looked at; of these good, and bad with what is wrong by their position in the request. */
  events: number
  accepted: number
  errors: EventErrors[]
  /** Of the good ones: without an id of their own, so that nobody can tell whether they were sent in another request. */
  withoutId: number
  /** Taken out of the request with their users, and not looked at. */
  erased: number
  /** The requests that they came in, more than one where one cannot take so many; none in a dry run, or where nothing was sent. */
  requestIds: string[]
}

export type ReplayParts = {
  readKept(request: string, position?: number): Promise<Kept[]>
  send(head: ReplayHead, batch: Uint8Array): Promise<string>
  derive: Derive
  now: () => number
}

/** null when nothing is kept of the request, a sentence when what is kept cannot be sent. */
export async function replay(parts: ReplayParts, wish: ReplayWish): Promise<ReplayReport | string | null> {
  const kept = await parts.readKept(wish.request, wish.position)
  const [one] = kept
  if (one === undefined) return null
  if (kept.length > 1)
    return `Several things are kept of this request: name a position of ${kept.map(({ position }) => position).join(', ')}`
  const taken = takenApart(one)
  if (typeof taken === 'string') return taken
  const texts = taken.texts.map(text => renameKeys(text, wish.mapping))
  const checked = checkInParts(texts, taken.positions, parts.now())
  const report = reportOf(one, wish, taken, checked, parts)
  const isWanted = report.accepted > 0 && (report.errors.length === 0 || wish.partial)
  if (wish.dryRun || !isWanted) return report
  // Dying in between leaves some of them sent: sending all again counts once.
  for (const { batch, positions } of checked) {
    if (positions.length === 0) continue
    const { product, mode, idempotencyKey, requestId: replayOf } = one
    const keyId = replayKeyId(one.keyId)
    const head: ReplayHead = { product, keyId, mode, events: positions.length, positions, replayOf, idempotencyKey }
    report.requestIds.push(await parts.send(head, batch))
  }
  return report
}

type Taken = Extract<ReplayEvents, { ok: true }>

/** The events that are wanted of it, or a sentence why it cannot be sent. */
function takenApart({ head, position, raw, exact }: Kept): Taken | string {
  if (!exact)
    return 'What was sent cannot be sent again, because bytes of it are not UTF-8 and were replaced when it was kept: two users or transactions could become one, so only its sender can send it again'
  const kind = head?.kind ?? 'event'
  const taken = eventsToReplay({ kind, raw, only: head?.refused ?? null, firstPosition: Math.max(0, position) })
  if (!taken.ok) return `What was sent cannot be sent again, because it cannot be taken apart. ${taken.reason}`
  const { texts, erased } = taken
  if (texts.length > limits.replayEventsMax)
    return `What was sent cannot be sent again, because it must be at most ${limits.replayEventsMax} events: got ${texts.length}`
  if (texts.length === 0)
    return `What was sent cannot be sent again, because ${erased > 0 ? 'all of it was erased with its users' : 'there is no event in it'}`
  return taken
}

/** Events that fit into one request: `batch` holds the good of them, `positions` says where these stood. */
type Part = { batch: Uint8Array; positions: number[]; good: string[]; errors: EventErrors[] }

/** What the door says of the events: in one request where it takes so many, else in halves of them. */
function checkInParts(texts: string[], positions: number[], nowMs: number): Part[] {
  if (texts.length > wire.batchEventsMax) return inTwo(wire.batchEventsMax)
  const batch = Buffer.from(`[${texts.join(',')}]`)
  const outcome = checkDryRun(batch, 'batch', nowMs)
  if (!outcome.ok && texts.length > 1) return inTwo(texts.length >> 1)
  if (!outcome.ok) {
    const { violations } = outcome
    return [{ batch, positions: [], good: [], errors: [{ index: positions[0] as number, violations }] }]
  }
  const indices = outcome.positions ?? texts.map((_, i) => i)
  return [
    {
      batch: outcome.kept ?? batch,
      positions: indices.map(i => positions[i] as number),
      good: indices.map(i => texts[i] as string),
      errors: outcome.errors.map(({ index, violations }) => ({ index: positions[index] as number, violations })),
    },
  ]

  function inTwo(first: number): Part[] {
    return [
      ...checkInParts(texts.slice(0, first), positions.slice(0, first), nowMs),
      ...checkInParts(texts.slice(first), positions.slice(first), nowMs),
    ]
  }
}

function reportOf(one: Kept, wish: ReplayWish, taken: Taken, checked: Part[], parts: ReplayParts): ReplayReport {
  const good = checked.flatMap(part => part.good)
  return {
    replayOf: one.requestId,
    product: one.product,
    dryRun: wish.dryRun,
    events: taken.texts.length,
    accepted: good.length,
    errors: checked.flatMap(part => part.errors),
    erased: taken.erased,
    withoutId: good.filter(text => !hasId(text, one, parts)).length,
    requestIds: [],
  }
}

function hasId(text: string, { idempotencyKey }: Kept, { derive, now }: ReplayParts): boolean {
  const { event } = processEvent(JSON.parse(text), text, now(), derive)
  return event.transactionId !== '' || event.messageId !== '' || idempotencyKey !== ''
}
