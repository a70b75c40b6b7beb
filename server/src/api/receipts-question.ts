// Which receipts a request asks for: those of the request in its path, or of one of the sender's own ids in its query.

import { limits as wire } from '@datapulse/contract'
import type { ReceiptsQuestion } from './asking.ts'
import type { DoorKey } from './keys-in-use.ts'
import { nothingFound } from './refusals.ts'
import type { Refusal } from './reply.ts'

type Asked = { request: string | null; query: URLSearchParams }

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Names in the query, and what they are called inside; with the bytes that an id may have. */
const ids = [
  { name: 'transaction_id', as: 'transaction', bytesMax: wire.idBytesMax },
  { name: 'message_id', as: 'message', bytesMax: wire.idBytesMax },
  { name: 'idempotency_key', as: 'idempotencyKey', bytesMax: wire.idempotencyKeyCharactersMax },
] as const

/** The question, of the key's product and kind alone; a Refusal where there is none. */
export function receiptsQuestion({ request, query }: Asked, key: DoorKey): ReceiptsQuestion | Refusal {
  const whose = { product: key.product, mode: key.mode }
  if (request !== null) {
    // A dry run's id, and the id of what was never a request, lead nowhere.
    return uuid.test(request) ? { ...whose, request: request.toLowerCase() } : nothingFound('request')
  }
  const given = ids.filter(({ name }) => (query.get(name) ?? '').trim() !== '')
  const others = [...query.keys()].filter(name => !ids.some(id => id.name === name))
  const [one] = given
  if (one === undefined || given.length > 1 || others.length > 0 || query.getAll(one.name).length > 1) {
    return refuse('Ask for one of transaction_id, message_id and idempotency_key, once, and for nothing else')
  }
  const sent = query.get(one.name) as string
  const value = one.as === 'idempotencyKey' ? sent : sent.trim()
  if (Buffer.byteLength(value) > one.bytesMax) return refuse(`${one.name} must be at most ${one.bytesMax} bytes`)
  return { ...whose, [one.as]: value }
}

function refuse(message: string): Refusal {
  return { code: 'BAD_REQUEST', message, events: 0 }
}
