// What the page of rejected and parked requests asks of the admin API, and how it sends them again.

import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { ask, change, Failure } from './api.ts'
import type { Mode } from './questions.ts'
import type { Address } from './rejected-address.ts'

export type Violation = { index?: number; field: string; rule: string; message: string }

/** Of each key in the answer; of all keys together here. */
export type Group = {
  code: string
  /** null where no field was looked at. */
  rule: string | null
  field: string | null
  requests: number
  violations: number
  last_at: string
  message: string
}

export type Rejection = {
  request_id: string
  product: string
  mode: Mode
  key_id: string
  received_at: string
  kind: 'event' | 'batch'
  code: string
  message: string
  violations_total: number
  events_refused: number | null
  address: string
  bytes: number
}

export type OpenRejection = Rejection & { violations: Violation[]; exact: boolean; raw: string }

export type Parked = {
  product: string
  mode: Mode
  key_id: string
  request_id: string
  position: number
  received_at: string
  reason: string
  detail: string
  events: number
  raw?: string | null
}

/** What can be sent again. */
export type Target = { request: string; position: number }

export type ReplayReport = {
  product: string
  events: number
  accepted: number
  rejected: number
  errors: { index: number; violations: Violation[] }[]
  erased: number
  without_id: number
  request_ids: string[]
}

/** `said`: why it cannot be sent. */
export type Replayed = { target: Target } & ({ report: ReplayReport } | { said: string })

export type Receipt = { accepted: number; outcomes: Record<string, number> }

/** Where a rejected request lies beside what is parked of it. */
export const rejectedPosition = -2
export const pageRows = 50
const parkedLooked = 1_000
const usual = 10_000

const scopeOf = (product: string, { mode, time }: Address) => ({
  product,
  mode,
  since: time === 'all' ? undefined : time,
})

export const groupsQuestion = (product: string, at: Address) => {
  const query = scopeOf(product, at)
  return queryOptions({
    queryKey: ['rejected groups', query],
    queryFn: async ({ signal }) =>
      mergeKeys((await ask<{ rules: Group[] }>('/api/rejected/rules', query, signal)).rules),
    refetchInterval: usual,
    placeholderData: keepPreviousData,
  })
}

export const rejectionsQuestion = (product: string, at: Address) => {
  const query = {
    ...scopeOf(product, at),
    code: at.code ?? undefined,
    rule: at.rule ?? undefined,
    field: at.field ?? undefined,
    limit: pageRows,
    cursor: at.after ?? undefined,
  }
  return queryOptions({
    queryKey: ['rejected', query],
    queryFn: ({ signal }) =>
      ask<{ requests: Rejection[]; next: string | null }>('/api/rejected/requests', query, signal),
    refetchInterval: usual,
  })
}

export const rejectionQuestion = (request: string) =>
  queryOptions({
    queryKey: ['rejection', request],
    queryFn: ({ signal }) => ask<OpenRejection>(`/api/rejected/requests/${encodeURIComponent(request)}`, {}, signal),
    enabled: request !== '',
    staleTime: usual,
  })

/** The latest, as many as one answer has: enough to tell what parks them. */
export const parkedGroupsQuestion = (product: string, at: Address) => {
  const query = { ...scopeOf(product, at), limit: parkedLooked }
  return queryOptions({
    queryKey: ['parked groups', query],
    queryFn: ({ signal }) => ask<{ parked: Parked[]; next: string | null }>('/api/parked', query, signal),
    refetchInterval: usual,
    placeholderData: keepPreviousData,
  })
}

export const parkedQuestion = (product: string, at: Address) => {
  const query = {
    ...scopeOf(product, at),
    reason: at.reason ?? undefined,
    limit: pageRows,
    cursor: at.after ?? undefined,
  }
  return queryOptions({
    queryKey: ['parked', query],
    queryFn: ({ signal }) => ask<{ parked: Parked[]; next: string | null }>('/api/parked', query, signal),
    refetchInterval: usual,
  })
}

export const openParkedQuestion = (product: string, request: string, position: number) =>
  queryOptions({
    queryKey: ['open parked', product, request, position],
    async queryFn({ signal }) {
      const query = { product, request, raw: true, limit: parkedLooked }
      const { parked } = await ask<{ parked: Parked[] }>('/api/parked', query, signal)
      const found = parked.find(one => one.position === position)
      if (found === undefined) throw new Failure('NOT_FOUND', 404, 'Nothing is kept of this request')
      return found
    },
    enabled: request !== '',
    staleTime: usual,
  })

export const receiptQuestion = (request: string, everyMs = 1_000) =>
  queryOptions({
    queryKey: ['receipt', request],
    queryFn: ({ signal }) => ask<Receipt>('/api/receipts', { request }, signal),
    refetchInterval: ({ state: { data } }) => (data === undefined || data.outcomes['queued'] !== 0 ? everyMs : false),
  })

/** So many are looked at together. */
const atOnce = 4

/**
 * Each is told as it is done. A dry run looks at a few at a time; for good they are sent one after the other, those that came first
 * first, so that of two that conflict the same one stands as if they had been right. What says of one that it cannot be sent is no
 * failure of the others; anything else ends it, as `stop` does, and doing all of it once more counts once.
 */
export async function sendAgain(
  targets: readonly Target[],
  wish: { mapping: Record<string, string>; partial: boolean; dry_run: boolean },
  done: (replayed: Replayed) => void,
  stop: AbortSignal,
): Promise<void> {
  // Lists have the newest first.
  const left = [...targets]
  const isOver = new AbortController()
  const work = async () => {
    for (let target = left.pop(); target !== undefined; target = left.pop()) {
      if (stop.aborted || isOver.signal.aborted) return
      try {
        done({ target, report: await change<ReplayReport>('POST', '/api/replay', { ...target, ...wish }) })
      } catch (error) {
        if (!(error instanceof Failure) || (error.status !== 404 && error.status !== 409)) {
          isOver.abort()
          throw error
        }
        done({ target, said: error.message })
      }
    }
  }
  await Promise.all(Array.from({ length: wish.dry_run ? atOnce : 1 }, work))
}

/** A request has one key: numbers of requests can be added. */
function mergeKeys(groups: Group[]): Group[] {
  const merged = new Map<string, Group>()
  for (const group of groups) {
    const id = JSON.stringify([group.code, group.rule, group.field])
    const before = merged.get(id)
    if (before === undefined) {
      merged.set(id, group)
      continue
    }
    const later = before.last_at < group.last_at ? group : before
    merged.set(id, {
      ...later,
      requests: before.requests + group.requests,
      violations: before.violations + group.violations,
    })
  }
  return [...merged.values()].toSorted((a, b) => b.requests - a.requests)
}
