// What the page of the system asks of the admin API, and what can be done there: backups are made and checked, and how long a
// product's events are kept is changed.

import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { ask, change } from './api.ts'
import { type Count, type Product, productsQuestion } from './questions.ts'

export type SystemVerdict = 'problem' | 'attention' | 'unknown' | 'good'
export type SystemCheck = {
  check: string
  verdict: SystemVerdict
  finding: string
  /** Sentences in English. */
  found: string
  next: string
  numbers: Record<string, number | string | null>
}
export type PartName = 'supervisor' | 'engine' | 'api' | 'pipeline' | 'web' | 'site'
export type Part = {
  name: PartName
  state: 'ready' | 'not_ready' | 'starting' | 'away' | 'resting'
  why: string | null
  since: string | null
  memory_bytes: number | null
  ends: number
  last_end: { at: string; code: number | null; signal: string | null } | null
}
export type Kind = 'log' | 'warehouse' | 'index' | 'accounts' | 'rest'
/** What cannot be known just now is null. */
export type System = {
  time: string
  verdict: SystemVerdict
  checks: SystemCheck[]
  parts: Part[]
  settings: {
    log: 'embedded' | 'nats'
    accounts: 'embedded' | 'nats'
    warehouse: 'embedded' | 'server'
    limits: 'memory' | 'redis'
    backup: 'here' | 'elsewhere'
    data_dir: string
    log_retention_ms: number
    log_retention_bytes: number
    log_budget_bytes: number
    disk_free_min_bytes: number
  }
  log: {
    offset: number
    events: number
    oldest_at: string | null
    newest_at: string | null
    bytes: number
    segments: number
    commit_ms_last: number
    damage: string[]
  } | null
  reader: { offset: number; events: number; lag_events: number; lag_seconds: number } | null
  warehouse: {
    events: number
    bytes: number
    parts: number
    last_load: { seq: number; loaded_at: string } | null
  } | null
  rollups: { behind_loads: number | null; up_to_date_at: string | null } | null
  index: { bytes: number; rebuilds: number } | null
  shares: {
    share: number
    machine: string | null
    ready: boolean
    why: string | null
    lag_events: number | null
    lag_seconds: number | null
  }[]
  disks: { kinds: string[]; total_bytes: number; free_bytes: number }[]
  directories: { bytes: Partial<Record<Kind, number>>; counted_at: string } | null
  memory: { total_bytes: number; available_bytes: number }
  machine: { name: string; cores: number }
  versions: {
    server: string
    node: string
    engine: string | null
    warehouse: number
    log: number | null
    index: number
  }
  unknown_keys: { prefix: string | null; address: string; requests: number; last_at: string }[] | null
}

/** The last one that was begun. */
export type Backup = {
  state: 'copying' | 'done' | 'failed'
  to: string
  started_at: string
  ended_at: string | null
  bytes: number
  done: number
  loads_held_ms: number
  events: number
  queued: number
  problem: string | null
}
export type BackupThere = {
  to: string
  state: 'complete' | 'damaged' | 'failed'
  taken_at: string | null
  ended_at: string
  bytes: number
  events: number
  queued: number
  warehouse: 'copied' | 'server'
  program: string | null
  checked_at: string | null
  problem: string | null
}
export type BackupCheck = {
  state: 'checking' | 'whole' | 'damaged'
  from: string
  bytes: number
  done: number
  problem: string | null
}
type Listed = { backups: BackupThere[]; check: BackupCheck | null }

export const systemEveryMs = 3_000
const busyEveryMs = 1_000
const backupsEveryMs = 5_000

export const systemQuestion = queryOptions({
  queryKey: ['system'],
  queryFn: ({ signal }) => ask<System>('/api/system', {}, signal),
  refetchInterval: systemEveryMs,
})

export const backupQuestion = queryOptions({
  queryKey: ['backup'],
  queryFn: async ({ signal }) => (await ask<{ backup: Backup | null }>('/api/backup', {}, signal)).backup,
  refetchInterval: ({ state }) => (state.data?.state === 'copying' ? busyEveryMs : backupsEveryMs),
})

export const backupsQuestion = queryOptions({
  queryKey: ['backups'],
  queryFn: ({ signal }) => ask<Listed>('/api/backups', {}, signal),
  refetchInterval: ({ state }) => (state.data?.check?.state === 'checking' ? busyEveryMs : backupsEveryMs),
})

/** How many events of a product were received before a moment. */
export const olderQuestion = (product: string, before: string) =>
  queryOptions({
    queryKey: ['older', product, before],
    async queryFn({ signal }) {
      const query = { product, by: 'product', until: before }
      const { counts } = await ask<{ counts: Count[] }>('/api/counts', query, signal)
      return counts.reduce((sum, { events }) => sum + events, 0)
    },
  })

export function useNewBackup() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (wish: { to: string; check: boolean }) => change('POST', '/api/backup', wish),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: backupQuestion.queryKey }),
        client.invalidateQueries({ queryKey: backupsQuestion.queryKey }),
      ]),
  })
}

export function useBackupCheck() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (from: string) => change('POST', '/api/backups/check', { from }),
    onSettled: () => client.invalidateQueries({ queryKey: backupsQuestion.queryKey }),
  })
}

/** `days`: null for ever. */
export function useRetention() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ product, days }: { product: string; days: number | null }) =>
      change<Product>('PATCH', `/api/products/${encodeURIComponent(product)}`, { retention_days: days ?? 'never' }),
    onSettled: () => client.invalidateQueries({ queryKey: productsQuestion.queryKey }),
  })
}
