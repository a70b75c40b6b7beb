// How fast the door reads: events per second of `checkBody` on batches, beside JSON.parse alone on the same bytes, and
// of the pipeline's reading (`readEvents` and `normalise`). Prints a hash of every result, so that a change of what is
// computed shows. `node bench/micro/check.bench.ts`; a unit test runs the small size.

import { createHash } from 'node:crypto'
import { checkBody, type Event, normalise, readEvents } from '@datapulse/contract'

export type Measured = { name: string; eventsPerSecond: number; hash: string }

const nowMs = 1_790_000_000_000

export function measureCheck(size: { batchEvents: number; rounds: number; passes: number }): Measured[] {
  const bodies = Array.from({ length: 8 }, (_, i) => batch(i, size.batchEvents))
  const work: [string, (body: Buffer) => string][] = [
    ['JSON.parse', body => String((JSON.parse(body.toString()) as unknown[]).length)],
    ['checkBody', body => JSON.stringify(checkBody(body, 'batch', nowMs))],
    ['readEvents + normalise', read],
  ]
  const best = new Map<string, Measured>()
  // Interleaved, so that a noisy moment hits all alike; the best round counts.
  for (let round = 0; round < size.rounds; round++) {
    for (const [name, run] of work) {
      const start = performance.now()
      let result = ''
      for (let pass = 0; pass < size.passes; pass++) for (const body of bodies) result = run(body)
      const seconds = (performance.now() - start) / 1000
      const eventsPerSecond = Math.round((size.passes * bodies.length * size.batchEvents) / seconds)
      const hash = createHash('sha256').update(result).digest('hex').slice(0, 12)
      if (eventsPerSecond > (best.get(name)?.eventsPerSecond ?? 0)) best.set(name, { name, eventsPerSecond, hash })
    }
  }
  return [...best.values()]
}

function read(body: Buffer): string {
  const sent = readEvents(body, 'batch')
  if (!sent.ok) throw new Error(sent.reason)
  let last: Event | null = null
  let characters = 0
  for (const { text, value } of sent.events) {
    last = normalise(value, text, nowMs)
    characters += text.length
  }
  return JSON.stringify([last, characters])
}

/** A batch of events of about 366 bytes. */
function batch(seed: number, events: number): Buffer {
  return Buffer.from(JSON.stringify(Array.from({ length: events }, (_, i) => deposit(seed * events + i))))
}

function deposit(n: number): object {
  const number = String(n).padStart(6, '0')
  return {
    client_user_id: `user_${number}`,
    click_id: `clk_${number}998877`,
    event_name: 'deposit',
    timestamp: 1_702_963_200 + n,
    ip_address: `203.0.113.${n % 10}`,
    user_agent: 'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36',
    transaction_id: `tx_${number}554433`,
    amount: 50.25 + n,
    currency: 'USD',
    is_crypto: false,
    campaign: 'spring-welcome-bonus',
    payment_method: 'card',
    vip_level: 3,
  }
}

if (import.meta.main) {
  const measured = measureCheck({ batchEvents: 600, rounds: 7, passes: 60 })
  const base = measured[0]!.eventsPerSecond
  for (const { name, eventsPerSecond, hash } of measured) {
    console.log(
      `${name.padEnd(24)} ${eventsPerSecond.toString().padStart(9)} events/s  ${(eventsPerSecond / base).toFixed(2)} ×  ${hash}`,
    )
  }
}
