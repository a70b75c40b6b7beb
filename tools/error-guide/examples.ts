// For each rule a body that breaks it, and the same put right. What is too long to print is made, and not shown.

import type { BodyKind, Rule } from '../../contract/contract.ts'

export type Example = { kind: BodyKind; sent: string; isShown: boolean; right: string | null }

const good = {
  client_user_id: 'user_001',
  event_name: 'login',
  timestamp: 1767225600,
  ip_address: '203.0.113.1',
}

export const ruleExamples: Record<Rule, Example> = {
  required: shown(without('ip_address'), good),
  type: shown(changed({ timestamp: '2026-01-01T00:00:00Z' }), good),
  format: shown(changed({ ip_address: '203.0.113.1:52011' }), good),
  range: shown(changed({ timestamp: 1767225600000000 }), changed({ timestamp: 1767225600000 })),
  future: shown(changed({ timestamp: 4102444800 }), good),
  length: made('event', text(changed({ event_name: 'x'.repeat(129) }))),
  encoding: {
    ...shown(good, good),
    sent: text(good).replace('user_001', String.raw`user\ud83d`),
    right: text(good).replace('user_001', 'user😀'),
  },
  depth: made('event', text({ ...good, path: nested(16) })),
  properties: made('event', text({ ...good, ...Object.fromEntries(numbers(256).map(i => [`p${i}`, i])) })),
  size: made('event', text({ ...good, note: 'x'.repeat(65_536) })),
  count: made('batch', text(numbers(5_001).map(() => good))),
  values: made('batch', text(numbers(4_000).map(() => ({ ...good, list: numbers(60) })))),
  empty: { kind: 'batch', sent: '[]', isShown: true, right: null },
  syntax: { kind: 'event', sent: `${text(good).slice(0, -1)},}`, isShown: true, right: text(good) },
  shape: { kind: 'batch', sent: text({ events: [good] }), isShown: true, right: `[${text(good)}]` },
}

function shown(sent: object, right: object): Example {
  return { kind: 'event', sent: text(sent), isShown: true, right: text(right) }
}

function made(kind: BodyKind, sent: string): Example {
  return { kind, sent, isShown: false, right: null }
}

function without(field: keyof typeof good): object {
  return Object.fromEntries(Object.entries(good).filter(([name]) => name !== field))
}

function changed(fields: object): object {
  return { ...good, ...fields }
}

function nested(levels: number): unknown {
  return levels === 0 ? 1 : { in: nested(levels - 1) }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

function text(value: unknown): string {
  return JSON.stringify(value)
}
