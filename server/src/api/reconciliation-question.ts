// Which days a partner wants to compare with its own books.

import { limits, visible } from '@datapulse/contract'
import type { ReconciliationQuestion } from './asking.ts'
import type { DoorKey } from './keys-in-use.ts'
import type { Refusal } from './reply.ts'

const dayMs = 86_400_000
const names = ['from', 'to', 'by']

/** The question, of the key's product and kind alone; a Refusal that names what is wrong. */
export function reconciliationQuestion(query: URLSearchParams, key: DoorKey): ReconciliationQuestion | Refusal {
  const unknown = [...query.keys()].find(name => !names.includes(name) || query.getAll(name).length > 1)
  if (unknown !== undefined) return refuse('Give from, to and by, once each, and nothing else')
  const [from, to, by] = names.map(name => query.get(name) ?? '') as [string, string, string]
  for (const [name, day] of Object.entries({ from, to }))
    if (!isDay(day)) return refuse(`${name} must be ${aDay}: ${got(day)}`)
  const days = (Date.parse(to) - Date.parse(from)) / dayMs
  if (days < 1 || days > limits.reconciliationDaysMax)
    return refuse(
      `to, the day behind the last, must be 1 to ${limits.reconciliationDaysMax} days after from: got ${days}`,
    )
  if (by !== '' && by !== 'event' && by !== 'received') return refuse('by must be event or received')
  return { product: key.product, mode: key.mode, from, to, by: by === '' ? 'event' : by }
}

const aDay = 'a day from 1970-01-01 to 9999-12-31, in UTC and without a time, such as 2026-06-01'

function got(text: string): string {
  if (text === '') return 'there is none'
  return text.length > limits.echoedCharactersMax ? 'got a longer text' : `got ${visible(text)}`
}

function isDay(text: string): boolean {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return !Number.isNaN(ms) && ms >= 0 && new Date(ms).toISOString().startsWith(text)
}

function refuse(message: string): Refusal {
  return { code: 'BAD_REQUEST', message, events: 0 }
}
