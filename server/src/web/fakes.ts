// The needs of the admin API over plain arrays, for tests.

import type { Event } from '@datapulse/contract'
import type { Key, Standing, StoredEvent, WebNeeds } from './needs.ts'

export const startMs = Date.parse('2026-03-01T12:00:00Z')

export type Fakes = { needs: WebNeeds; keys: Key[]; events: StoredEvent[]; standing: Standing; asked: object[] }

export function makeFakes(eventCount = 3): Fakes {
  const products = new Set(['demo'])
  const keys: Key[] = []
  const events = Array.from({ length: eventCount }, (_, index) => fakeEvent(index))
  const asked: object[] = []
  const standing: Standing = {
    stages: { api: { ready: true, why: null, requests: 3 }, warehouse: { ready: true, why: null } },
    log: { offset: 4, events: 10, oldestOffset: 0, bytes: 1_000, segments: 1 },
    checkpoint: { offset: 3, events: 9 },
    lag: { events: 1, seconds: 0.2 },
    disk: { freeBytes: 1e9, usedBytes: 1e6 },
    received: null,
    totals: { accepted: 9, stored: 6, duplicate: 2, conflict: 1, parked: 1, rejected: 5 },
  }
  const needs: WebNeeds = {
    accounts: {
      listProducts: () => [...products].map(id => ({ id, createdMs: startMs })),
      async createProduct(id) {
        if (id === 'full') return { ok: false, problem: 'Cannot create the product because there are too many.' }
        const created = !products.has(id)
        products.add(id)
        return { ok: true, product: { id, createdMs: startMs }, created }
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
      async revokeKey(id) {
        const key = keys.find(one => one.id === id)
        if (key === undefined) return { ok: false, problem: 'There is none.' }
        key.revokedMs ??= startMs
        return { ok: true, key }
      },
      lastUsed: () => null,
    },
    async listEvents(question, page) {
      asked.push(question)
      const from = Number(page.cursor ?? 0)
      const rows = events
        .filter(({ origin }) => question.product === null || origin.product === question.product)
        .filter(({ event }) => question.transactionId === null || event.transactionId === question.transactionId)
      const next = from + page.limit < rows.length ? String(from + page.limit) : null
      const shown = rows.slice(from, from + page.limit).map(row => (question.raw ? row : { ...row, raw: null }))
      return { rows: shown, next }
    },
    countEvents: async () => [
      { product: 'demo', mode: 'live', name: 'deposit', currency: 'USD', events: 3, amount: '150.000000000000000001' },
    ],
    listDuplicates: async () => ({
      rows: events
        .slice(0, 1)
        .map(({ origin, event }) => ({ origin, event, firstRequestId: 'r0', firstPosition: 0, conflict: true })),
      next: null,
    }),
    listParked: async () => ({
      rows: events
        .slice(0, 1)
        .map(({ origin }) => ({ origin, events: 1, reason: 'unreadable', detail: 'not JSON', text: '{' })),
      next: null,
    }),
    countRejected: async () => [
      { product: 'demo', keyId: 'k1', code: 'VALIDATION_ERROR', events: 5, requests: 2, lastMs: startMs },
    ],
    standing: async () => standing,
    metrics: async () => 'datapulse_accepted_events_total 10\n',
  }
  return { needs, keys, events, standing, asked }
}

export function fakeEvent(index: number): StoredEvent {
  const event: Event = {
    name: 'deposit',
    userId: `user_${index}`,
    clickId: '',
    eventMs: startMs - index * 1_000,
    ipAddress: '203.0.113.1',
    userAgent: '',
    gameType: '',
    gameProvider: '',
    transactionId: `tx_${index}`,
    parentTransactionId: '',
    messageId: '',
    amount: '50',
    currency: 'USD',
    currencySent: 'usd',
    isCrypto: false,
    betResult: '',
    betResultAmount: null,
    flags: [],
  }
  const origin = {
    product: 'demo',
    mode: 'live' as const,
    keyId: 'k1',
    requestId: `01900000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    position: 0,
    receivedMs: startMs - index * 500,
    logOffset: index,
  }
  return { origin, event, raw: '{"event_name":"deposit"}' }
}

/** A fault as the warehouse throws it. */
export function away(): Error {
  return Object.assign(new Error('connection refused'), { code: 'WAREHOUSE_AWAY', retry: true })
}
