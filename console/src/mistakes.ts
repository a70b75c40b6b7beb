// Requests to begin with: one that is right for each event name, and mistakes that partners make, each in a request that is
// right but for it.

import { type Kind, textOf } from './composed.ts'
import { exampleOf } from './fixes.ts'

export type Begun = { kind: Kind; text: string }
export type Mistake = keyof typeof made

/** With ids that nobody has used. */
export function freshExample(eventName: string, nowMs: number): Record<string, unknown> {
  const example = exampleOf(eventName, nowMs)
  const id = 'transaction_id' in example ? { transaction_id: freshId('tx') } : { message_id: freshId('msg') }
  return { ...example, ...id }
}

export function freshId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(5))
  return `${prefix}_${Array.from(bytes, byte => byte.toString(36).padStart(2, '0')).join('')}`
}

export function exampleText(eventName: string, nowMs: number): string {
  return textOf([freshExample(eventName, nowMs)], 'event')
}

export function mistakeOf(mistake: Mistake, nowMs: number): Begun {
  return made[mistake](nowMs)
}

const made = {
  noAddress: nowMs => event(without(freshExample('register', nowMs), 'ip_address')),
  noTransaction: nowMs => event(without(freshExample('deposit', nowMs), 'transaction_id')),
  amountText: nowMs => event({ ...freshExample('deposit', nowMs), amount: '1,000' }),
  misspelled(nowMs) {
    const { user_agent: userAgent, ...rest } = freshExample('login', nowMs)
    return event({ ...rest, userAgent })
  },
  nearName: nowMs => event({ ...freshExample('deposit', nowMs), event_name: 'Deposit' }),
  isoTime: nowMs => event({ ...freshExample('login', nowMs), timestamp: new Date(nowMs).toISOString() }),
  badAddress: nowMs => event({ ...freshExample('login', nowMs), ip_address: '203.0.113.7:443' }),
  wrongSign: nowMs => event({ ...freshExample('loss', nowMs), amount: 50 }),
  brokenJson: nowMs => ({ kind: 'event', text: exampleText('deposit', nowMs).replace(/\n\}$/, ',\n}') }),
  badInBatch(nowMs) {
    const [good, bad] = [freshExample('deposit', nowMs), without(freshExample('withdraw', nowMs), 'currency')]
    return { kind: 'batch', text: textOf([freshExample('login', nowMs), bad, good], 'batch') }
  },
} satisfies Record<string, (nowMs: number) => Begun>

export const mistakes = Object.keys(made) as Mistake[]

function event(fields: Record<string, unknown>): Begun {
  return { kind: 'event', text: textOf([fields], 'event') }
}

function without(fields: Record<string, unknown>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name))
}
