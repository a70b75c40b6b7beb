// One batch, until each of its events has an outcome. It is sent as a partial batch: good events are taken, and each bad one
// comes back with what is wrong with it. What may pass is tried again, after as long as the server says, or else after a wait
// drawn evenly below a bound that doubles each time. A batch that is too much is halved. Where the server refuses the client
// as such, an event in memory is given back to its caller, and one on a disk stays there and is tried again later. What
// something in between lets through not even alone is held (held.ts), and the others go on.

import { limits } from '@datapulse/contract'
import { DataPulseError } from './error.ts'
import type { Held } from './held.ts'
import type { Tell } from './notice.ts'
import type { BatchLimit, Item, Outcome } from './outbox.ts'
import type { Pace } from './pace.ts'
import type { Totals } from './totals.ts'
import type { Attempt, Transport } from './transport.ts'
import { type EventFault, judge, type Verdict } from './verdict.ts'
import { sleep, type World } from './world.ts'

export type DeliveryNeeds = {
  world: World
  transport: Transport
  pace: Pace
  tell: Tell
  totals: Totals
  /** Aborted when the client ends and waits no longer. */
  closing: AbortSignal
  /** Resolves after `ms`, or sooner when somebody wants to know now. */
  waitRefused(ms: number): Promise<void>
  backoff: { baseMs: number; maxMs: number }
  giveUpMs: number
  /** Events without an outcome stay somewhere: see Outbox. */
  keeps: boolean
  held: Held
  /** The server refuses this client, or something in between an event. */
  onRefused: (error: DataPulseError) => void
}

/** Values of one body: the server's limit, which counts the array too. */
export const batchValuesMax: BatchLimit['values'] = limits.bodyValuesMax - 1

const refusedAgainMs = 30_000

export async function deliver(items: Item[], needs: DeliveryNeeds): Promise<void> {
  const left = [items]
  for (let batch = left.pop(); batch !== undefined; batch = left.pop()) {
    const verdict = await verdictOn(batch, needs)
    if (verdict instanceof DataPulseError) {
      for (const each of [batch, ...left.toReversed()]) giveBack(each, verdict, needs)
      return
    }
    if (verdict.is === 'blocked') left.push(...(await hold(batch, verdict, needs)))
    else left.push(...settle(batch, verdict, needs))
  }
}

type Final = Extract<Verdict, { is: 'taken' | 'faulty' | 'too much' }>
type Blocked = Extract<Verdict, { is: 'blocked' }>

/** Tries until there is one. An error is why there is none. */
async function verdictOn(batch: Item[], needs: DeliveryNeeds): Promise<Final | Blocked | DataPulseError> {
  const { world, transport, pace, tell, totals, closing, keeps } = needs
  const bytes = batch.reduce((sum, item) => sum + item.bytes + 1, 1)
  const body = await transport.bodyOf(
    batch.map(item => item.text),
    bytes,
  )
  const endMs = keeps ? Number.POSITIVE_INFINITY : (batch[0]?.sinceMs ?? 0) + needs.giveUpMs
  for (let failures = 0; ; ) {
    await pace.turn(closing)
    if (closing.aborted) return undelivered('the client was closed')
    const startMs = world.nowMs()
    const attempt = await transport.send(body, closing)
    const verdict = verdictOf(attempt, batch.length, needs)
    note(attempt, verdict, batch.length, world.nowMs() - startMs, needs)
    if (verdict.is === 'garbled') {
      transport.stopZipping()
      continue
    }
    if (verdict.is === 'refused') {
      const error = refusal(verdict)
      const waitMs = keeps ? refusedAgainMs * (0.5 + world.random()) : null
      tell({ type: 'refused', level: 'error', message: error.message, status: verdict.status, waitMs })
      if (waitMs === null) return error
      needs.onRefused(error)
      await needs.waitRefused(waitMs)
      continue
    }
    if (verdict.is !== 'passing') return verdict
    failures++
    const waitMs = waitBeforeMs(verdict, failures, needs)
    if (world.nowMs() + waitMs > endMs) return undelivered(verdict.reason)
    totals.retries++
    const message = `${verdict.reason}: again in ${Math.round(waitMs)} ms`
    tell({ type: 'retry', level: 'warn', message, reason: verdict.reason, waitMs, attempt: failures })
    if (verdict.waitMs !== null) pace.pause(waitMs)
    else await sleep(world, waitMs, closing)
  }
}

/** Gives what is to be tried again here, after a wait: nothing where it is held, or given back. */
async function hold(batch: Item[], { requestId }: Blocked, needs: DeliveryNeeds): Promise<Item[][]> {
  const { world, held, keeps, totals } = needs
  const [item] = batch
  if (item === undefined) return []
  const times = held.count(item)
  const waitMs = jitterMs(times, needs)
  const dueMs = world.nowMs() + waitMs
  if (!keeps && dueMs > item.sinceMs + needs.giveUpMs) {
    giveBack(batch, undelivered(blocked), needs)
    return []
  }
  totals.retries++
  tellBlocked(times, waitMs, requestId, needs)
  if (!held.isFull) {
    held.add(item, dueMs)
    return []
  }
  await needs.waitRefused(waitMs)
  return [batch]
}

/** Once or twice may pass; then somebody must change something. */
function tellBlocked(times: number, waitMs: number, requestId: string | null, needs: DeliveryNeeds): void {
  const { tell, onRefused } = needs
  const message = `${blocked}: it is tried again in ${Math.round(waitMs)} ms, and others go on`
  if (times < blockedTimesMax) {
    tell({ type: 'retry', level: 'warn', message, reason: blocked, waitMs, attempt: times })
    return
  }
  tell({ type: 'refused', level: 'error', message, status: 413, waitMs })
  onRefused(new DataPulseError('REFUSED', blocked, { status: 413, requestId }))
}

const blocked = 'Something in between lets an event through not even alone (413)'
const blockedTimesMax = 5

function verdictOf(attempt: Attempt, events: number, { pace }: DeliveryNeeds): Verdict {
  if ('fault' in attempt) return { is: 'passing', reason: attempt.fault, waitMs: null, requestId: null }
  pace.heed(attempt.reply.headers)
  return judge(attempt.reply, events, attempt.isZipped, Date.now())
}

function waitBeforeMs(verdict: Verdict & { is: 'passing' }, failures: number, needs: DeliveryNeeds): number {
  if (verdict.waitMs === null) return jitterMs(failures, needs)
  // Never sooner than the server says; a little later, so that not everybody comes at once.
  return verdict.waitMs + needs.world.random() * Math.min(needs.backoff.baseMs, 1_000)
}

function jitterMs(failures: number, { backoff, world }: DeliveryNeeds): number {
  return world.random() * Math.min(backoff.maxMs, backoff.baseMs * 2 ** (failures - 1))
}

/** Gives what is still to be sent, the last of it first. */
function settle(batch: Item[], verdict: Final, needs: DeliveryNeeds): Item[][] {
  const { requestId } = verdict
  if (verdict.is === 'too much') {
    if (batch.length > 1) {
      const half = batch.length >> 1
      return [batch.slice(half), batch.slice(0, half)]
    }
    for (const item of batch) reject(item, verdict.fault, requestId, needs)
    return []
  }
  const good: Item[] = []
  for (const [index, item] of batch.entries()) {
    const fault = verdict.faults.get(index)
    if (fault === undefined) good.push(item)
    else reject(item, fault, requestId, needs)
  }
  if (good.length === 0) return []
  if (verdict.is === 'faulty') return [good]
  needs.totals.accepted += good.length
  for (const item of good) item.settle({ status: 'accepted', requestId })
  const message = `${good.length} events accepted`
  needs.tell({ type: 'accepted', level: 'debug', message, events: good.length, requestId })
  return []
}

function reject(item: Item, fault: EventFault, requestId: string | null, { totals, tell }: DeliveryNeeds): void {
  totals.rejected++
  const outcome: Outcome = { status: 'rejected', ...fault, requestId }
  item.settle(outcome)
  const { message_id: messageId = null } = JSON.parse(item.text) as { message_id?: string | null }
  tell({
    type: 'rejected',
    level: 'error',
    message: `an event was rejected: ${fault.message}`,
    messageId,
    requestId,
    violations: fault.violations,
  })
}

export function giveBack(batch: Item[], why: DataPulseError, { keeps, totals, tell }: DeliveryNeeds): void {
  if (keeps) {
    for (const item of batch) item.settle({ status: 'kept' })
    return
  }
  totals.undelivered += batch.length
  const { code, message, status, requestId } = why
  const details = { requestId, ...(status === null ? {} : { status }) }
  for (const { settle, text } of batch) settle(new DataPulseError(code, message, { ...details, text }))
  tell({ type: 'undelivered', level: 'error', message, events: batch.length })
}

function refusal({ status, reason, requestId }: Verdict & { is: 'refused' }): DataPulseError {
  return new DataPulseError('REFUSED', `The server refuses what this client sends (${status}): ${reason}`, {
    status,
    requestId,
  })
}

export function undelivered(reason: string): DataPulseError {
  return new DataPulseError('UNDELIVERED', `Cannot say whether the server has the event: ${reason}`)
}

function note(
  attempt: Attempt,
  { requestId }: Verdict,
  events: number,
  ms: number,
  { tell, totals }: DeliveryNeeds,
): void {
  totals.requests++
  totals.bytes += attempt.bytes
  const status = 'reply' in attempt ? attempt.reply.status : null
  const message = `${events} events, ${attempt.bytes} bytes: ${'reply' in attempt ? status : attempt.fault}, ${Math.round(ms)} ms`
  tell({ type: 'request', level: 'debug', message, status, events, bytes: attempt.bytes, ms, requestId })
}
