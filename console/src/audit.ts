// What the audit log is asked: pages of what was done or attempted, newest first, and whether it is whole.

import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { ask } from './api.ts'

export type AuditEntry = {
  seq: number
  started_at: string
  act: string
  outcome: 'begun' | 'done' | 'refused' | 'failed'
  code: string | null
  product: string | null
  target: string | null
  actor: string | null
  way: 'token' | 'session' | 'local'
  address: string | null
  values: Record<string, unknown>
}

export type AuditPage = { audit: AuditEntry[]; next: string | null }
export type Wholeness = { ok: boolean; chains: { chain: string; entries: number; problem: string | null }[] }

const rowsMost = 20
const askAgainMs = 10_000

export const auditQuestion = (wish: { attempts: boolean; act: string | null; cursor: string | null }) =>
  queryOptions({
    queryKey: ['audit', wish],
    queryFn: ({ signal }) => {
      const { attempts, act, cursor } = wish
      const query = { limit: rowsMost, ...(attempts && { attempts }), ...(act && { act }), ...(cursor && { cursor }) }
      return ask<AuditPage>('/api/audit', query, signal)
    },
    refetchInterval: askAgainMs,
    placeholderData: keepPreviousData,
  })

/** Reads all of it: asked when somebody wants to know. */
export const wholenessQuestion = queryOptions({
  queryKey: ['audit-whole'],
  queryFn: ({ signal }) => ask<Wholeness>('/api/audit/verify', {}, signal),
  enabled: false,
  gcTime: 0,
})
