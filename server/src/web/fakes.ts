// The needs of the admin API over plain arrays, for tests.

import type { DiagnosticsFound } from '../steps/diagnostics.ts'
import { limits } from '../limits.ts'
import { hashToken } from './guard.ts'
import type { SystemFound } from './system-found.ts'
import type { Access, Audit, AuditEntry, Erasure, Key, Row, Session, Standing, Viewer, WebNeeds } from './needs.ts'

export const startMs = Date.parse('2026-03-01T12:00:00Z')

export type Fakes = {
  needs: WebNeeds
  keys: Key[]
  events: Row[]
  standing: Standing
  system: SystemFound
  asked: object[]
  audited: Record<'acts' | 'attempts', AuditEntry[]>
}

/** `now` is for sessions, which end. */
export function makeFakes(eventCount = 3, now: () => number = () => startMs): Fakes {
  const products = new Set(['demo'])
  const keys: Key[] = []
  const erasures: Erasure[] = []
  const events = Array.from({ length: eventCount }, (_, index) => fakeEvent(index))
  const asked: object[] = []
  const audited: Fakes['audited'] = { acts: [], attempts: [] }
  const standing: Standing = {
    stages: { api: { ready: true, why: null, requests: 3 }, warehouse: { ready: true, why: null } },
    log: { offset: 4, events: 10, oldestOffset: 0, bytes: 1_000, segments: 1 },
    checkpoint: { offset: 3, events: 9 },
    acceptedBefore: 0,
    eventsMissing: 0,
    lag: { events: 1, seconds: 0.2 },
    disk: { freeBytes: 1e9, usedBytes: 1e6 },
    totals: { accepted: 9, stored: 6, duplicate: 2, conflict: 1, parked: 1, erased: 0, rejected: 5 },
  }
  const system = fakeSystem()
  const needs: WebNeeds = {
    audit: fakeAudit(audited),
    access: fakeAccess(now),
    accounts: {
      listProducts: () => [...products].map(id => ({ id, createdMs: startMs })),
      async createProduct(id) {
        if (id === 'full') return { ok: false, problem: 'Cannot create the product because there are too many.' }
        const created = !products.has(id)
        products.add(id)
        return { ok: true, product: { id, createdMs: startMs }, created }
      },
      async updateProduct(id, { retentionDays }) {
        return { ok: true, product: { id, createdMs: startMs, retentionDays } }
      },
      listErasures: product => erasures.filter(one => product === undefined || one.product === product),
      async requestErasure(product, user) {
        if (user === 'too-many') return { ok: false, problem: 'Cannot erase the user because there are too many.' }
        const counts = { stored: 0, duplicate: 0, parked: 0, rejectedRequests: 0 }
        const times = { createdMs: startMs, erasedMs: null, logUntilMs: null, checkedMs: null }
        const erasure: Erasure = { id: `erasure_${user.length}`, product, state: 'requested', ...times, ...counts }
        const created = !erasures.some(one => one.id === erasure.id)
        // A real one comes with the hash of the user.
        if (created) erasures.push(Object.assign(erasure, { hash: 'secret-hash' }))
        return { ok: true, erasure, created }
      },
      listKeys: product => keys.filter(key => product === undefined || key.product === product),
      async createKey(wish) {
        products.add(wish.product)
        const id = `key_${keys.length + 1}`
        const { name = 'default', mode = 'live', scopes = ['ingest'], rateLimit = 60, expiresMs = null } = wish
        const times = { createdMs: startMs, expiresMs, revokedMs: null }
        const key: Key = { id, product: wish.product, name, mode, scopes, rateLimit, prefix: `dp_${mode}_ab`, ...times }
        // A real key comes with its hash, which must not be shown.
        keys.push(Object.assign(key, { hash: 'secret-hash' }))
        return { ok: true, key, secret: `dp_${mode}_secret${keys.length}` }
      },
      async updateKey(id, change) {
        const key = keys.find(one => one.id === id)
        if (key === undefined) return { ok: false, problem: 'There is none.' }
        return { ok: true, key: Object.assign(key, change) }
      },
      async revokeKey(id) {
        const key = keys.find(one => one.id === id)
        if (key === undefined) return { ok: false, problem: 'There is none.' }
        key.revokedMs ??= startMs
        return { ok: true, key }
      },
      findKey: secret =>
        keys.find(({ mode, revokedMs }, nth) => revokedMs === null && secret === `dp_${mode}_secret${nth + 1}`) ?? null,
      lastUsed: () => null,
    },
    async listEvents(question) {
      asked.push(question)
      if (question.cursor === 'tampered') throw Object.assign(new Error('not ours'), { code: 'WAREHOUSE_REFUSED' })
      const from = Number(question.cursor ?? 0)
      const rows = events
        .filter(event => question.product === undefined || event['product'] === question.product)
        .filter(event => question.transaction === undefined || event['transaction_id'] === question.transaction)
        .filter(event => question.request === undefined || event['request_id'] === question.request)
      const shown = rows
        .slice(from, from + question.limit)
        .map(({ raw, ...rest }) => (question.raw ? { ...rest, raw } : rest))
      return { rows: shown, cursor: from + question.limit < rows.length ? String(from + question.limit) : null }
    },
    async newEvents(question) {
      asked.push(question)
      if (question.after === 'tampered') throw Object.assign(new Error('not ours'), { code: 'WAREHOUSE_REFUSED' })
      const oldestFirst = events
        .toReversed()
        .filter(event => question.product === undefined || event['product'] === question.product)
      const from = question.after === undefined ? oldestFirst.length - (question.last ?? 0) : Number(question.after)
      const rows = oldestFirst.slice(Math.max(0, from), Math.max(0, from) + question.limit)
      const after = question.sample === true ? oldestFirst.length : Math.max(0, from) + rows.length
      const count = question.after === undefined ? 0 : after - from
      return { rows, after: String(after), more: after < oldestFirst.length, count }
    },
    async countEvents(question) {
      asked.push(question)
      const amount = '150.000000000000000001'
      return [{ product: 'demo', mode: 'live', event_name: 'deposit', currency: 'USD', events: 3, amounts: 3, amount }]
    },
    async resolveConflict(wish) {
      asked.push(wish)
      if (wish.reason === 'away') return null
      if (wish.position === 1) return 'none'
      if (wish.position === 2) return 'busy'
      const place = { product: 'demo', mode: 'live' as const, firstRequestId: wish.requestId, firstPosition: 3 }
      const decision = { id: 'decision', ...wish, ...place, decidedMs: startMs }
      return wish.position === 4 ? { otherwise: decision } : { resolution: decision }
    },
    listDuplicates: async () => ({
      rows: events.slice(0, 1).map(event => ({
        ...event,
        conflict: true,
        first_request_id: 'r0',
        first_amount: '49',
        differs: ['amount'],
      })),
      cursor: null,
    }),
    listParked: async ({ reason }) => ({
      rows: [
        {
          product: 'demo',
          received_at: '2026-03-01T12:00:00.000Z',
          events: 1,
          reason: 'unreadable',
          detail: 'not JSON',
        },
      ].filter(row => reason === undefined || row.reason === reason),
      cursor: null,
    }),
    readReport: async question => {
      asked.push(question)
      const amounts = {
        ftd_amount: '0',
        deposit_amount: '50',
        withdraw_amount: '20.5',
        player_result: '-1',
        ggr: '1',
        stake: '8',
      }
      const counts = { registrations: 0, logins: 0, active_users: 0, ftd_count: 0, deposit_count: 1, depositors: 1 }
      const rest = { withdraw_count: 1, bet_count: 1, unconverted_count: 2 }
      return [{ time: '2026-06-01', dimension: 'c1', currency: 'USD', ...counts, ...amounts, ...rest }]
    },
    readFunnel: async () => [{ click_id: 'c1', registered: 3, deposited_once: 2, deposited_twice: 0 }],
    readLate: async () => [],
    readLateEffects: async () => [],
    listRejections: async () => ({
      rows: [{ request_id: 'r1', product: 'demo', code: 'VALIDATION_ERROR', events_refused: null }],
      cursor: null,
    }),
    groupRejections: async () => [{ product: 'demo', rule: 'required', field: 'amount', requests: 2 }],
    readRejection: async request =>
      request.endsWith('1')
        ? { request_id: request, raw: '{}', exact: true, violations: [{ field: 'amount', rule: 'required' }] }
        : null,
    replay: async wish => {
      asked.push(wish)
      return wish.request.endsWith('1')
        ? { accepted: 1 }
        : wish.request.endsWith('2')
          ? 'It cannot be taken apart.'
          : null
    },
    tryRequest: async wish => {
      asked.push(wish)
      if (wish.body === 'away' || wish.body === 'silent') return wish.body
      const headers = { 'x-request-id': '01900000-0000-7000-8000-000000000001' }
      return { status: 200, headers, body: '{"status":"success"}', isCut: false, tookMs: 1.5 }
    },
    startReprocess: async ({ fromMs }) => (fromMs === startMs ? null : fromMs > startMs),
    readReprocess: async () => null,
    startBackup: async ({ to, check }) => {
      asked.push({ to, check })
      return to === '/full' ? 'Cannot back up to /full because it must be empty.' : to === '/away' ? null : true
    },
    checkBackup: async ({ from }) => {
      asked.push({ from })
      return from === '/none' ? 'Cannot check /none because it must be a backup that is listed: it is not' : true
    },
    listBackups: async () => {
      const counts = { bytes: 2_000, events: 10, queued: 1, warehouse: 'copied', program: '0.1.0', problem: '' }
      const times = { takenMs: startMs - 2_000, endedMs: startMs - 1_000, checkedMs: null }
      const check = {
        state: 'checking' as const,
        from: '/backups/1',
        startedMs: startMs,
        endedMs: null,
        bytes: 2_000,
        done: 5,
      }
      return {
        backups: [{ to: '/backups/1', state: 'complete', ...times, ...counts }],
        check: { ...check, problem: '' },
      }
    },
    readBackup: async () => {
      const counts = { bytes: 2_000, done: 2_000, heldMs: 12, events: 10, queued: 1 }
      const made = { state: 'done', to: '/backups/1', warehouse: 'copied' }
      return { ...made, startedMs: startMs, endedMs: startMs + 1_000, ...counts, problem: '' }
    },
    importRates: async file =>
      (file as { month?: string }).month === '2026-06'
        ? { ok: true, month: '2026-06', currencies: 1 }
        : { ok: false, problems: [{ name: 'month', message: 'month must be a month' }] },
    listRates: async () => [{ month: '2026-06', currencies: 1, generatedMs: startMs, importedMs: startMs }],
    readRates: async month => (month === '2026-06' ? [{ currency: 'EUR', rate: '0.92' }] : []),
    receipts: async question => {
      asked.push(question)
      return question.transaction === 'tx_none' ? null : { events: [{ outcome: 'stored', request_id: 'r0', index: 0 }] }
    },
    readDiagnostics: async question => {
      asked.push(question)
      return nothingFound
    },
    readKeyUsage: async question => {
      asked.push(question)
      return []
    },
    listUnknownKeys: async () => [
      { prefix: 'dp_live_ab', address: '203.0.113.9', requests: 4, firstMs: startMs - 60_000, lastMs: startMs },
    ],
    countRejected: async () => [
      {
        product: 'demo',
        key_id: 'key_1',
        code: 'VALIDATION_ERROR',
        events: 5,
        requests: 2,
        last_at: '2026-03-01T12:00:00.000Z',
      },
    ],
    standing: async () => standing,
    system: async () => system,
    metrics: async () => 'datapulse_accepted_events_total 10\n',
  }
  return { needs, keys, events, standing, system, asked, audited }
}

/** Whoever gives a session or a viewer gives its hash with it, which must not be shown. */
function fakeAccess(now: () => number): Access {
  const viewers: (Viewer & { hash: string })[] = []
  const sessions: (Session & { hash: string; madeFrom: string })[] = []
  const live = () =>
    sessions.filter(
      ({ createdMs, seenMs }) => now() - createdMs <= limits.sessionMsMax && now() - seenMs <= limits.sessionIdleMsMax,
    )
  const end = (isOver: (session: (typeof sessions)[0]) => boolean) => {
    const before = sessions.length
    sessions.splice(0, before, ...sessions.filter(session => !isOver(session)))
    return sessions.length < before
  }
  return {
    async createViewer(name) {
      if (name === 'full') return { ok: false, problem: 'Cannot make the viewer because there are too many.' }
      const token = `dpv_secret${viewers.length + 1}`
      const viewer = { id: `viewer_${viewers.length + 1}`, name, createdMs: now(), removedMs: null }
      viewers.push({ ...viewer, hash: hashToken(token) })
      return { ok: true, viewer, token }
    },
    listViewers: () => viewers,
    async removeViewer(id) {
      const viewer = viewers.find(one => one.id === id)
      if (viewer === undefined) return { ok: false, problem: 'There is none.' }
      viewer.removedMs ??= now()
      end(({ madeFrom }) => madeFrom === viewer.hash)
      return { ok: true, viewer }
    },
    findViewer: hash => viewers.find(viewer => viewer.hash === hash && viewer.removedMs === null) ?? null,
    async openSession({ tokenHash, ...wish }) {
      const secret = `session-secret-${sessions.length + 1}-${'x'.repeat(20)}`
      const times = { createdMs: now(), seenMs: now() }
      const session = { id: `session_${sessions.length + 1}`, ...wish, ...times }
      sessions.push({ ...session, hash: hashToken(secret), madeFrom: tokenHash })
      return { session, secret }
    },
    findSession(secret, _, isAttended) {
      const session = live().find(({ hash }) => hash === hashToken(secret)) ?? null
      if (session !== null && isAttended) session.seenMs = now()
      return session
    },
    listSessions: () => live(),
    endSession: async id => end(session => session.id === id),
  }
}

/** Oldest first. */
function fakeAudit(audited: Fakes['audited']): Audit {
  const nothing = { product: null, target: null, values: {}, code: null }
  const add = (
    chain: 'acts' | 'attempts',
    entry: Pick<AuditEntry, 'act' | 'way' | 'address' | 'actor' | 'outcome'>,
  ) => {
    const made = { ...nothing, ...entry, seq: audited[chain].length + 1, startedMs: startMs, endedMs: null, hash: 'f' }
    audited[chain].push(made)
    return made
  }
  return {
    begin(intent) {
      const entry: AuditEntry = add('acts', { ...intent, outcome: 'begun' })
      return ({ values, product, target, ...ended }) => {
        Object.assign(entry, ended, { endedMs: startMs, values: { ...entry.values, ...values } })
        entry.product ??= product ?? null
        entry.target ??= target ?? null
      }
    },
    note: (chain, entry) => void add(chain, entry),
    list: ({ chain, product, act, before = Number.POSITIVE_INFINITY, limit }) =>
      audited[chain]
        .filter(entry => entry.seq < before && (act === undefined || entry.act === act))
        .filter(entry => product === undefined || entry.product === product)
        .toReversed()
        .slice(0, limit),
    verify: async known => {
      const { acts } = audited
      const problem = known === undefined || acts[known.seq - 1] !== undefined ? null : `entry ${known.seq} is gone`
      return [{ chain: 'acts', entries: acts.length, first: 1, last: acts.length, hash: 'f', begun: 0, problem }]
    },
    written: () => audited.acts.length,
  }
}

/** Of a product that nothing was ever sent for. */
export const nothingFound: DiagnosticsFound = {
  stored: null,
  storedOf: { names: [], keys: [] },
  repeated: null,
  repeatedOf: { names: [], keys: [] },
  parked: [],
  refused: [],
  mistakes: { kept: 0, rules: [], names: [] },
  lastSeen: [],
}

export function fakeEvent(index: number): Row {
  return {
    product: 'demo',
    mode: 'live',
    event_name: 'deposit',
    client_user_id: `user_${index}`,
    timestamp: startMs - index * 1_000,
    received_at: new Date(startMs - index * 500).toISOString(),
    amount: '50',
    currency: 'USD',
    transaction_id: `tx_${index}`,
    click_id: '',
    flags: index === 0 ? ['future_skew', 'sign_mismatch'] : [],
    request_id: `01900000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    position: 0,
    raw: '{"event_name":"deposit"}',
  }
}

/** Of one machine on which all is well. */
export function fakeSystem(): SystemFound {
  const own = { state: 'ready', why: null, sinceMs: startMs - 3_600_000, pid: 7, memoryBytes: 1e8 } as const
  const parts = (['supervisor', 'engine', 'api', 'pipeline', 'web', 'site'] as const).map(name => ({
    ...{ name, ...own, ends: 0, lastEnd: null },
  }))
  const places = {
    log: 'embedded',
    accounts: 'embedded',
    warehouse: 'embedded',
    limits: 'memory',
    backup: 'here',
  } as const
  const kept = { logRetentionMs: 604_800_000, logRetentionBytes: 2e10, logBudgetBytes: 5e10, diskFreeMinBytes: 1e9 }
  const bounds = { offset: 4, events: 10, oldestOffset: 0, oldestMs: startMs - 7_000, newestMs: startMs - 1_000 }
  return {
    parts,
    settings: { ...places, dataDir: '/data', ...kept },
    log: {
      ...bounds,
      bytes: 1_000,
      segments: 1,
      commitMsLast: 2,
      damage: [],
      refusing: null,
      sharesRefusing: 0,
      weaker: null,
    },
    reader: { offset: 3, events: 9, lagEvents: 1, lagSeconds: 0.2 },
    warehouse: { events: 6, bytes: 900, parts: 1, lastLoad: { seq: 2, loadedMs: startMs - 500 } },
    rollups: { behindLoads: 1, upToDateMs: startMs - 20_000 },
    index: { bytes: 400, rebuilds: 0 },
    shares: [],
    disks: [{ kinds: ['data', 'log'], totalBytes: 1e11, freeBytes: 5e10 }],
    directories: { bytes: { log: 1_000, warehouse: 900 }, countedMs: startMs },
    memory: { totalBytes: 8e9, availableBytes: 4e9 },
    machine: { name: 'one', cores: 2 },
    versions: { server: '0.1.0', node: '26.10.0', engine: '26.7.1', warehouse: 9, log: 3, index: 1 },
    limitsHold: true,
    auditFaults: 0,
  }
}

/** A fault as the warehouse throws it. */
export function away(): Error {
  return Object.assign(new Error('connection refused'), { code: 'WAREHOUSE_AWAY', retry: true })
}
