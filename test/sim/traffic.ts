// What simulated partners send: new events, events sent before (the same again, or with another amount, currency or
// user), requests sent before under their Idempotency-Key, events of every kind of identity, bad ones, and now and then one that the warehouse cannot take.

import type { Chance } from './prng.ts'

export type SentEvent = Record<string, unknown>
export type Body = {
  kind: 'event' | 'batch'
  product: string
  mode: 'live' | 'test'
  /** The request's Idempotency-Key; sometimes one that was used for another request. */
  idempotencyKey?: string
  texts: string[]
}

export const poison = 'poison'

export function openTraffic(chance: Chance, poisonShare: number): { nextBody(nowMs: number): Body } {
  const sent: SentEvent[] = []
  const keyed: Body[] = []
  let count = 0

  function fresh(nowMs: number): SentEvent {
    const event: SentEvent = {
      event_name: chance.pick(['deposit', 'withdraw', 'bet', 'win', 'login', 'register']),
      client_user_id: `user-${chance.between(0, 5)}`,
      timestamp: Math.floor(nowMs / 1000) - chance.between(0, 100_000),
      ip_address: '203.0.113.7',
    }
    const isMoney = ['deposit', 'withdraw', 'bet', 'win'].includes(event['event_name'] as string)
    if (isMoney || chance.happens(0.2)) event['transaction_id'] = `t-${count++}`
    if (isMoney) Object.assign(event, { amount: chance.between(1, 1000) / 4, currency: chance.pick(['USD', 'eur']) })
    if (chance.happens(0.3)) event['message_id'] = `m-${count++}`
    if (chance.happens(poisonShare)) event['note'] = poison
    sent.push(event)
    return event
  }

  function again(): SentEvent {
    const event = { ...chance.pick(sent.slice(-40)) }
    if (chance.happens(0.25) && 'amount' in event) event['amount'] = chance.between(1, 1000) / 4
    if (chance.happens(0.1)) event['client_user_id'] = `user-${chance.between(0, 5)}`
    return event
  }

  return {
    nextBody(nowMs) {
      if (keyed.length > 0 && chance.happens(0.05)) return chance.pick(keyed.slice(-20))
      const kind = chance.happens(0.5) ? 'event' : 'batch'
      const events = kind === 'event' ? 1 : chance.between(1, 12)
      const texts = Array.from({ length: events }, () => {
        const event = sent.length > 0 && chance.happens(0.25) ? again() : fresh(nowMs)
        if (chance.happens(0.01)) delete event['client_user_id']
        return JSON.stringify(event)
      })
      const mode = chance.happens(0.1) ? ('test' as const) : ('live' as const)
      const body: Body = { kind, product: chance.pick(['shop', 'casino']), mode, texts }
      if (!chance.happens(0.3)) return body
      const withKey = { ...body, idempotencyKey: `k-${chance.between(0, 60)}` }
      keyed.push(withKey)
      return withKey
    },
  }
}

export function bytesOf(body: Body): Uint8Array {
  return Buffer.from(body.kind === 'event' ? body.texts[0]! : `[${body.texts.join(',')}]`)
}
