// What an entry of the audit log may hold of the values of an act: short, printable, and never a secret. A key or an
// admin token that somebody put into the wrong field is cut to the characters that may be shown, whoever records it.

import { shortenSecret } from './secret.ts'

const textLengthMax = 200
const entriesMax = 50
const depthMax = 3

/** The same values, bounded; what is no JSON is left out. */
export function auditValues(values: Record<string, unknown>): Record<string, unknown> {
  return bounded(values, depthMax) as Record<string, unknown>
}

/** One line of text, with secrets cut and control characters as `?`. */
export function auditText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const plain = withoutSecrets(text).replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '?')
  return plain.length > textLengthMax ? `${plain.slice(0, textLengthMax - 1)}…` : plain
}

function withoutSecrets(text: string): string {
  return text
    .replace(/dp_(live|test)_[A-Za-z0-9]{8,}/g, secret => `${shortenSecret(secret)}…`)
    .replace(/dpa_[A-Za-z0-9_-]{8,}/g, 'dpa_…')
}

function bounded(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return auditText(value)
  if (typeof value === 'boolean' || value === null || (typeof value === 'number' && Number.isFinite(value)))
    return value
  if (typeof value !== 'object') return undefined
  if (depth === 0) return '…'
  if (Array.isArray(value)) return value.slice(0, entriesMax).map(one => bounded(one, depth - 1) ?? null)
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  const kept = entries.slice(0, entriesMax).map(([name, one]) => [auditText(String(name)), bounded(one, depth - 1)])
  return Object.fromEntries(kept.filter(([, one]) => one !== undefined))
}
