// Requests that are tried out: sent through the admin API, and what is read in the replies. What was composed and tried stays
// in memory while the session lasts, so that one can look elsewhere and come back; a key never stays with it.

import { change } from './api.ts'
import type { Kind } from './composed.ts'
import type { Mode } from './questions.ts'
import type { Violation } from './rejections.ts'

export type Draft = {
  kind: Kind
  text: string
  /** Of a batch, the event that the form shows. */
  at: number
  isDry: boolean
  partial: boolean
  idempotencyKey: string
}

export type Tried = {
  key: { id: string; product: string; mode: Mode } | null
  request: { method: string; path: string }
  reply: { status: number; headers: Record<string, string>; body: string; is_cut: boolean }
  took_ms: number
}

/** `keyShown`: what may be seen of its key, null where there was none. */
export type Try = { id: number; atMs: number; draft: Draft; keyShown: string | null } & (
  | { tried: Tried }
  | { failure: Error }
)

export type Hints = {
  misspelled: { index: number; sent: string; expected: string }[]
  flags: { index: number; flag: string }[]
}

const triesMost = 30

export async function sendTry({ kind, text, isDry, partial, idempotencyKey }: Draft, secret: string): Promise<Tried> {
  return change<Tried>('POST', isDry ? '/api/try/dry-run' : '/api/try', {
    to: kind,
    body: text,
    ...(secret !== '' && { key: secret }),
    ...(idempotencyKey !== '' && { idempotency_key: idempotencyKey }),
    ...(kind === 'batch' && partial && { partial }),
  })
}

/** As the admin API makes it; see POST /api/try. */
export function pathOf({ kind, isDry, partial }: Draft): string {
  const query = [isDry ? 'dryrun' : '', kind === 'batch' && partial ? 'partial=1' : ''].filter(Boolean)
  return `/v2/s2s/${kind}${query.length === 0 ? '' : `?${query.join('&')}`}`
}

/** Of a key its first characters, of anything else nothing. */
export function maskOf(secret: string): string {
  return /^dp_(live|test)_\w{20,}$/.test(secret) ? `${secret.slice(0, 12)}…` : '…'
}

export function modeOf(secret: string): Mode | null {
  return secret.startsWith('dp_test_') ? 'test' : secret.startsWith('dp_live_') ? 'live' : null
}

/** What a reply says is wrong, of one event or of several. */
export function violationsIn(body: string): { violations: Violation[]; total: number } {
  const { violations, violations_total: total, errors } = objectIn(body)
  const own = listOf<Violation>(violations)
  const ofEach = listOf<{ index: number; violations: unknown }>(errors).flatMap(({ index, violations: some }) =>
    listOf<Violation>(some).map(one => ({ ...one, index })),
  )
  const all = [...own, ...ofEach]
  return { violations: all, total: typeof total === 'number' ? total : all.length }
}

/** What a dry run says beside: nothing that would be refused. */
export function hintsIn(body: string): Hints {
  const read = objectIn(body)
  const misspelled = Array.isArray(read['misspelledFields'])
    ? [['0', read['misspelledFields']] as const]
    : Object.entries((read['misspelledFields'] ?? {}) as object)
  const events = listOf<{ index?: number; flags?: string[] }>(read['successEvents'] ?? [read])
  return {
    misspelled: misspelled.flatMap(([index, found]) =>
      listOf<{ sent: string; expected: string }>(found).map(one => ({ ...one, index: Number(index) })),
    ),
    flags: events.flatMap(({ index = 0, flags }) => listOf<string>(flags).map(flag => ({ index, flag }))),
  }
}

/** The request that may be followed: one that was accepted for real. */
export function requestIn({ reply }: Tried, { isDry }: Draft): string | null {
  const { request_id: id } = objectIn(reply.body)
  return !isDry && reply.status === 200 && typeof id === 'string' ? id : null
}

type Visit = { draft: Draft | null; tries: Try[] }
const visits = new Map<string, Visit>()
let session: string | null = null

/** What this session has done with a product; that of another session is forgotten. */
export function visitOf(sessionId: string, product: string): Visit {
  if (session !== sessionId) visits.clear()
  session = sessionId
  const visit = visits.get(product) ?? { draft: null, tries: [] }
  visits.set(product, visit)
  return visit
}

/** To be sent as a dry run again, whatever it was. */
export function keepDraft(visit: Visit, draft: Draft): void {
  visit.draft = { ...draft, isDry: true }
}

/** Gives all that are kept: the newest so many, newest first. */
export function keepTry(visit: Visit, one: Try): Try[] {
  visit.tries = [one, ...visit.tries].slice(0, triesMost)
  return visit.tries
}

function objectIn(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function listOf<One>(value: unknown): One[] {
  return Array.isArray(value) ? (value as One[]) : []
}
