// What the pages ask of the admin API, each once for all who look at it, and how often it is asked again. What was known stays
// on the screen while a question fails; a page that nobody sees asks nothing.

import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { ask, change } from './api.ts'
import type { Usage, UsageOfOne } from './usage.ts'
import type { Days } from './days.ts'
import { keptConverted, paths } from './paths.ts'

export type Role = 'admin' | 'viewer'
export type Session = {
  id: string
  role: Role
  name: string | null
  address: string | null
  created_at: string
  seen_at: string
  ends_at: string
}
export type Viewer = { id: string; name: string; created_at: string; removed_at: string | null }
/** `isOver`: there was a session, which has ended. */
export type Signed = { role: Role | null; session: Session | null; isOver?: true }
export type Product = { id: string; created_at: string; retention_days: number | null }
export type Mode = 'live' | 'test'
export type Scope = 'ingest' | 'read'

export type Key = {
  id: string
  product: string
  name: string
  mode: Mode
  scopes: Scope[]
  rate_limit: number
  prefix: string
  state: 'active' | 'expired' | 'revoked'
  created_at: string
  expires_at: string | null
  revoked_at: string | null
  last_used_at: string | null
}

export type Count = { product: string; mode: Mode; hour?: string; events: number }

export type Stage = { ready: boolean; why: string | null; host?: string; port?: number }
export type Standing = {
  status: 'ok' | 'degraded'
  time: string
  stages: Record<string, Stage>
  lag: { events: number; seconds: number } | null
  accounting: { holds: boolean | null; problem: string | null; accepted: number | null }
}

export type Verdict = 'problem' | 'attention' | 'good' | 'nothing'
export type Numbers = Record<string, number | string | null | Record<string, number | string | null>[]>
export type Check = { check: string; verdict: Verdict; found: string; next: string; numbers: Numbers }
export type EventState = {
  /** null for what was refused without a name. */
  event_name: string | null
  expected: boolean
  near_miss_of: string | null
  state: string
  events: number
  duplicates: number
  conflicts: number
  errors: number
  median_delay_ms: number | null
  last_seen_at: string | null
}
export type Diagnosis = {
  since: string
  until: string
  verdict: Verdict
  next: string | null
  checks: Check[]
  events: EventState[]
  unknown_keys: { prefix: string | null; address: string; requests: number; last_at: string }[] | null
}

/** Amounts are decimal text. */
export type ReportRow = { hour: string; currency: string; unconverted_count?: number } & Record<string, string | number>

const quick = 2_000
const usual = 10_000
const slow = 30_000

export const sessionQuestion = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => ask<Signed>(paths.session, {}, signal),
  staleTime: Number.POSITIVE_INFINITY,
})

export const productsQuestion = queryOptions({
  queryKey: ['products'],
  queryFn: async ({ signal }) => (await ask<{ products: Product[] }>(paths.products, {}, signal)).products,
  refetchInterval: usual,
})

/** Of all time, by looking at every event: what tells a product that never had one from one that has. */
export const totalsQuestion = queryOptions({
  queryKey: ['totals'],
  queryFn: async ({ signal }) => (await ask<{ counts: Count[] }>('/api/counts', { by: 'product,mode' }, signal)).counts,
  refetchInterval: usual,
})

export const standingQuestion = queryOptions({
  queryKey: ['standing'],
  queryFn: ({ signal }) => ask<Standing>(paths.status, {}, signal),
  refetchInterval: quick,
})

export const keysQuestion = (product: string) =>
  queryOptions({
    queryKey: ['keys', product],
    queryFn: async ({ signal }) => (await ask<{ keys: Key[] }>(paths.keys(product), {}, signal)).keys,
    refetchInterval: usual,
  })

export const usageQuestion = (product: string) =>
  queryOptions({
    queryKey: ['usage', product],
    queryFn: async ({ signal }) =>
      (await ask<{ usage: Usage[] }>('/api/usage', { product, since: '24h' }, signal)).usage,
    refetchInterval: usual,
  })

export const keyUsageQuestion = (id: string, since: string) =>
  queryOptions({
    queryKey: ['usage of', id, since],
    queryFn: ({ signal }) => ask<UsageOfOne>(`/api/keys/${encodeURIComponent(id)}/usage`, { since }, signal),
    refetchInterval: 5_000,
    placeholderData: keepPreviousData,
  })

export const diagnosisQuestion = (product: string, mode: Mode, window: string) =>
  queryOptions({
    queryKey: ['diagnosis', product, mode, window],
    async queryFn({ signal }) {
      const askedMs = Date.now()
      return { ...(await ask<Diagnosis>(paths.diagnosis(product, mode, window), {}, signal)), askedMs }
    },
    refetchInterval: usual,
    placeholderData: keepPreviousData,
  })

/** Events of each hour by their receipt, since the beginning of a day. */
export const hoursQuestion = (product: string, since: string) =>
  queryOptions({
    queryKey: ['hours', product, since],
    queryFn: async ({ signal }) => (await ask<{ counts: Count[] }>(paths.hours(product, since), {}, signal)).counts,
    refetchInterval: usual,
    placeholderData: keepPreviousData,
  })

export const minuteQuestion = (product: string) =>
  queryOptions({
    queryKey: ['minute', product],
    queryFn: async ({ signal }) =>
      (await ask<{ counts: Count[] }>(paths.minute(product), {}, signal)).counts[0]?.events ?? 0,
    refetchInterval: 5_000,
  })

export const ratesQuestion = queryOptions({
  queryKey: ['rates'],
  async queryFn({ signal }) {
    const { months } = await ask<{ months: { month: string }[] }>(paths.rates, {}, signal)
    localStorage.setItem(keptConverted, months.length > 0 ? 'yes' : 'no')
    return months
  },
  staleTime: 600_000,
})

export const moneyQuestion = (product: string, days: Days, converted: boolean) =>
  queryOptions({
    queryKey: ['money', product, days.yesterday, days.zone, converted],
    queryFn: async ({ signal }) =>
      (await ask<{ rows: ReportRow[] }>(paths.money(product, days, converted), {}, signal)).rows,
    refetchInterval: slow,
  })

export type ReportWish = { product: string; from: string; to: string; tz: string; converted: boolean }
export type Report = { columns: string[]; rows: Record<string, string | number | null>[]; at_limit?: boolean }

export const reportQuestion = (name: string, { converted, ...wish }: ReportWish) =>
  queryOptions({
    queryKey: ['report', name, wish, converted],
    queryFn: ({ signal }) =>
      ask<Report>(`/api/reports/${name}`, { ...wish, converted: converted || undefined }, signal),
    refetchInterval: slow,
  })

/** With its text as it was sent; null when it is not there any more. */
export const eventQuestion = (event: LiveEvent) =>
  queryOptions({
    queryKey: ['event', event.request_id, event.position],
    async queryFn({ signal }) {
      const { product, request_id: request, event_name, client_user_id: user, transaction_id: transaction } = event
      const query = { product, request, event: event_name, user, transaction: transaction ?? undefined, raw: true }
      for (let cursor: string | undefined; ; ) {
        const page = await ask<{ events: StoredEvent[]; next: string | null }>(
          '/api/events',
          { ...query, limit: 200, cursor },
          signal,
        )
        const found = page.events.find(({ position }) => position === event.position)
        if (found !== undefined || page.next === null) return found ?? null
        cursor = page.next
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  })

/** What became of it, and of whatever else came under its transaction id, in the order in which it came. */
export const receiptQuestion = (event: LiveEvent) =>
  queryOptions({
    queryKey: ['receipt', event.request_id, event.position],
    async queryFn({ signal }) {
      const { product, mode, request_id, position, transaction_id: transaction } = event
      const own = transaction === null ? { request: request_id } : { transaction }
      const found = await ask<Receipt>('/api/receipts', { product, mode, ...own }, signal)
      const whole = found.events.map(one => ({ ...found, ...one }))
      const wanted = transaction === null ? whole.filter(({ index }) => index === position) : whole
      return wanted.toSorted((a, b) => Date.parse(a.received_at) - Date.parse(b.received_at))
    },
    refetchInterval: usual,
  })

export type LiveEvent = {
  product: string
  mode: string
  event_name: string
  client_user_id: string
  received_at: string
  amount: string | null
  currency: string | null
  transaction_id: string | null
  click_id: string | null
  flags: string[]
  request_id: string
  position: number
}

export type StoredEvent = LiveEvent & { raw: string; timestamp: number } & Record<string, unknown>
/** Of a request, or of an id: then each event has its request's fields. */
type Receipt = { request_id: string; received_at: string; events: ReceiptEvent[] }
export type ReceiptEvent = {
  index: number | null
  request_id: string
  received_at: string
  outcome: 'queued' | 'stored' | 'duplicate' | 'conflict' | 'parked' | 'erased'
  processed_at: string | null
  differs?: { field: string; sent: string | null; stands: string | null }[]
  reason?: string
  detail?: string
}

export type KeyWish = {
  product: string
  name: string
  mode: Mode
  rate_limit: number
  expires_at?: string | undefined
  scopes: Scope[]
}

export function useNewKey() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (wish: KeyWish) => change<Key & { key: string }>('POST', '/api/keys', wish),
    onSettled: () => client.invalidateQueries(),
  })
}

export function useNewLimit() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, rate_limit }: { id: string; rate_limit: number }) =>
      change<Key>('PATCH', `/api/keys/${encodeURIComponent(id)}`, { rate_limit }),
    onSettled: () =>
      Promise.all(['keys', 'usage', 'usage of'].map(name => client.invalidateQueries({ queryKey: [name] }))),
  })
}

export function useRevoking() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => change<Key>('DELETE', `/api/keys/${encodeURIComponent(id)}`),
    onSettled: () => client.invalidateQueries({ queryKey: ['keys'] }),
  })
}

export function useNewProduct() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => change<Product>('POST', '/api/products', { id }),
    onSettled: () => client.invalidateQueries({ queryKey: ['products'] }),
  })
}

export const viewersQuestion = queryOptions({
  queryKey: ['viewers'],
  queryFn: async ({ signal }) => (await ask<{ viewers: Viewer[] }>('/api/viewers', {}, signal)).viewers,
  refetchInterval: usual,
})

export const sessionsQuestion = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) => (await ask<{ sessions: Session[] }>('/api/sessions', {}, signal)).sessions,
  refetchInterval: usual,
})

export function useNewViewer() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (name: string) => change<Viewer & { token: string }>('POST', '/api/viewers', { name }),
    onSettled: () => client.invalidateQueries({ queryKey: ['viewers'] }),
  })
}

export function useRemovingViewer() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => change<Viewer>('DELETE', `/api/viewers/${encodeURIComponent(id)}`),
    onSettled: () =>
      Promise.all([viewersQuestion, sessionsQuestion].map(({ queryKey }) => client.invalidateQueries({ queryKey }))),
  })
}

export function useEndingSession() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => change<Session>('DELETE', `/api/sessions/${encodeURIComponent(id)}`),
    onSettled: () => client.invalidateQueries({ queryKey: ['sessions'] }),
  })
}
