// The answer to a dry run: what would have been stored, from the very steps of a real write (derive.ts), and nothing is.
// The door has checked the body and found what is wrong; here is what the rest is taken for. What was sent is echoed
// digit by digit: a number is written as its source text.

import {
  type EventErrors,
  type MisspelledField,
  misspelledFields,
  readEvents,
  type SentEvent,
} from '@datapulse/contract'
import { readAsSent } from './as-sent.ts'
import { type Derive, processEvent } from './derive.ts'
import type { UserAgentInfo } from './user-agent.ts'

export type DryRunQuestion = {
  kind: 'event' | 'batch'
  requestId: string
  /** The key's first characters. */
  keyPrefix: string
  /** Unix milliseconds. */
  receivedMs: number
  /** Of a batch with bad events: where each good one stood; null when none is bad. */
  positions: number[] | null
  /** Of a batch: the bad events. */
  errors: EventErrors[]
}

/** What is said of one event; `null` and `''`-less: what is not known is null. */
type Echo = {
  clickId: string | null
  country: string | null
  city: string | null
  userAgentInfo: UserAgentInfo | null
  eventData: Record<string, unknown>
  flags: string[]
  misspelledFields: MisspelledField[]
}

/**
 * The reply's body, JSON.
 * @param body the event, or a batch of the good ones
 * @throws when the body is not what the door would have let through
 */
export function dryRun(question: DryRunQuestion, body: Uint8Array, derive: Derive): string {
  const read = readEvents(body, question.kind)
  if (!read.ok) throw new Error(`Cannot answer a dry run because its body must have been checked: ${read.reason}`)
  const requestId = `s2s.${question.kind}-${question.requestId}`
  const echoes = Array.from(read.events, sent => echoOf(sent, question.receivedMs, requestId, derive))
  if (question.kind === 'event') return JSON.stringify({ requestId, apiKey: `${question.keyPrefix}…`, ...echoes[0] })
  return JSON.stringify(batchReply(question, requestId, echoes))
}

function batchReply({ positions, errors }: DryRunQuestion, requestId: string, echoes: Echo[]): object {
  const misspelled: Record<string, MisspelledField[]> = {}
  const successEvents = echoes.map(({ misspelledFields: found, ...echo }, i) => {
    const index = positions?.[i] ?? i
    if (found.length > 0) misspelled[index] = found
    return { index, ...echo }
  })
  return {
    requestId,
    mode: 'dryrun',
    total: echoes.length + errors.length,
    successCount: echoes.length,
    failureCount: errors.length,
    successEvents,
    errors,
    ...(Object.keys(misspelled).length > 0 && { misspelledFields: misspelled }),
  }
}

function echoOf({ value, text }: SentEvent, receivedMs: number, requestId: string, derive: Derive): Echo {
  const { event, derived } = processEvent(value, text, receivedMs, derive)
  const eventData = readAsSent(text) as Record<string, unknown>
  const misspelled = misspelledFields(eventData)
  eventData['recv_timestamp'] = receivedMs
  eventData['request_id'] = requestId
  return {
    clickId: event.clickId || null,
    country: derived.country || null,
    city: derived.city || null,
    userAgentInfo: derived.agent,
    eventData,
    flags: event.flags,
    misspelledFields: misspelled,
  }
}
