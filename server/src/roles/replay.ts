// Sends again what was rejected or parked: as it was sent, or with keys under other names. Checked by the door's own
// check; a dry run goes no further. What is sent is a request of its own in the log, which remembers of which one it is,
// so that an event without an id of its own is the same event however often it is sent again; and its key id says that it
// is no traffic of the partner's.

import { checkDryRun, type EventErrors } from '@datapulse/contract'
import { type Derive, processEvent } from '../steps/derive.ts'
import { replayKeyId } from '../steps/replay-key.ts'
import { eventsToReplay, renameKeys } from '../steps/replay.ts'
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
  /** The request that they came in; null in a dry run, or where nothing was sent. */
  requestId: string | null
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
  const isBatch = one.head?.kind === 'batch' || (one.position === -1 && one.raw.trimStart().startsWith('['))
  const source = {
    kind: isBatch ? ('batch' as const) : ('event' as const),
    raw: one.raw,
    only: one.head?.refused ?? null,
    firstPosition: Math.max(0, one.position),
  }
  const taken = eventsToReplay(source)
  if (!taken.ok) return `What was sent cannot be taken apart, so it cannot be sent again: ${taken.reason}`
  const texts = taken.texts.map(text => renameKeys(text, wish.mapping))
  const batch = Buffer.from(`[${texts.join(',')}]`)
  const outcome = checkDryRun(batch, 'batch', parts.now())
  if (!outcome.ok) return `What was sent cannot be sent again: ${outcome.message}`
  const placeOf = (index: number) => taken.positions[index] as number
  const errors = outcome.errors.map(({ index, violations }) => ({ index: placeOf(index), violations }))
  const good = outcome.positions ?? texts.map((_, i) => i)
  const report: ReplayReport = {
    replayOf: one.requestId,
    product: one.product,
    dryRun: wish.dryRun,
    events: texts.length,
    accepted: good.length,
    errors,
    withoutId: good.filter(i => !hasId(texts[i] as string, one, parts)).length,
    requestId: null,
  }
  if (wish.dryRun || good.length === 0 || (errors.length > 0 && !wish.partial)) return report
  const { product, mode, idempotencyKey, requestId: replayOf } = one
  const keyId = replayKeyId(one.keyId)
  const positions = good.map(placeOf)
  const head: ReplayHead = { product, keyId, mode, events: good.length, positions, replayOf, idempotencyKey }
  return { ...report, requestId: await parts.send(head, outcome.kept ?? batch) }
}

function hasId(text: string, { idempotencyKey }: Kept, { derive, now }: ReplayParts): boolean {
  const { event } = processEvent(JSON.parse(text), text, now(), derive)
  return event.transactionId !== '' || event.messageId !== '' || idempotencyKey !== ''
}
