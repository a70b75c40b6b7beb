// Loads made up from a seed, for tests and benchmarks: the same seed gives the same load.

import { createHash } from 'node:crypto'
import type { Event } from '@datapulse/contract'
import { nothingDerived } from '../../steps/derive.ts'
import type { EventRow, Load, LoadNote, Origin } from '../load.ts'

const zeroTotals = { accepted: 0, stored: 0, duplicate: 0, conflict: 0, parked: 0, rejected: 0 }

export const startMs = Date.UTC(2026, 5, 1)

const names = ['deposit', 'bet', 'win', 'loss', 'login', 'withdraw', 'register', 'withdraw_status']

/** An event row with everything plain but what is given. */
export function eventRow(
  origin: Partial<Origin> = {},
  event: Partial<Event> = {},
  rest: Partial<EventRow> = {},
): EventRow {
  const place: Origin = {
    product: 'demo',
    mode: 'live',
    keyId: 'key1',
    requestId: '01976e2a-5c00-7000-8000-000000000001',
    position: 0,
    receivedMs: startMs,
    logOffset: 0,
    ...origin,
  }
  return {
    origin: place,
    event: {
      name: 'deposit',
      userId: 'user_1',
      clickId: '',
      eventMs: place.receivedMs - 1000,
      ipAddress: '',
      userAgent: '',
      gameType: '',
      gameProvider: '',
      transactionId: '',
      parentTransactionId: '',
      messageId: '',
      amount: null,
      currency: '',
      currencySent: '',
      isCrypto: false,
      betResult: '',
      betResultAmount: null,
      flags: [],
      ...event,
    },
    derived: nothingDerived,
    identity: hash(`${place.requestId} ${place.position}`),
    raw: '{}',
    ...rest,
  }
}

/** `count` events of an operator's day, received `stepMs` apart from `fromMs` on. */
export function madeEvents(seed: number, count: number, fromMs: number = startMs, stepMs = 40): EventRow[] {
  const rows: EventRow[] = []
  for (let index = 0; index < count; index += 1) {
    const n = (seed * 1_000_003 + index * 7_919) % 2_147_483_647
    const name = names[n % names.length] as string
    const money = n % names.length < 4 || name === 'withdraw'
    const receivedMs = fromMs + index * stepMs
    const transactionId = money ? `TXN_${hash(`${seed} ${index}`).slice(0, 12)}` : ''
    const event: Partial<Event> = {
      name,
      userId: `user_${n % 50_000}`,
      clickId: `clk_${n % 9_000}`,
      ipAddress: `203.0.113.${n % 255}`,
      userAgent: 'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36',
      transactionId,
      amount: money ? `${n % 1000}.5` : null,
      currency: money ? 'EUR' : '',
      currencySent: money ? 'eur' : '',
    }
    const sent = {
      client_user_id: event.userId,
      event_name: name,
      timestamp: receivedMs,
      ip_address: event.ipAddress,
      click_id: event.clickId,
      user_agent: event.userAgent,
      ...(money ? { transaction_id: transactionId, amount: (n % 1000) + 0.5, currency: 'eur' } : {}),
      vip_tier: 'gold',
      note: 'two\nlines, "quoted" \\',
    }
    const requestId = uuidOf(`${seed} ${Math.floor(index / 10)}`)
    const origin = {
      product: `product_${n % 3}`,
      requestId,
      position: index % 10,
      receivedMs,
      logOffset: seed * 1_000_000 + Math.floor(index / 10),
    }
    rows.push(eventRow(origin, event, { raw: JSON.stringify(sent) }))
  }
  return rows
}

/** A load of these events and nothing else, under a token made from its number. */
export function madeLoad(seq: number, events: EventRow[], rest: Partial<Load> = {}): Load {
  const note: LoadNote = {
    seq,
    logId: '01976e2a-5c00-7000-8000-0000000000aa',
    from: seq * 100,
    to: seq * 100 + 100,
    fingerprint: `print ${seq}`,
    token: `token ${seq}`,
    loadedMs: startMs + seq,
    totals: { ...zeroTotals, accepted: seq * events.length, stored: seq * events.length },
  }
  return { note, events, duplicates: [], parked: [], rejected: [], ...rest }
}

export function uuidOf(text: string): string {
  const hex = hash(text)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}

function hash(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
