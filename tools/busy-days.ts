// Two days of a partner for pictures: hours as busy as hours of a day are, received when they happened. A server takes events
// only as they come, so these are written into its log, where it would have written them; all that follows is the server's own.

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { limits } from '../server/src/limits.ts'
import { openLogWriter } from '../server/src/log/log.ts'

/** How busy each hour of a day is. */
const hours = [52, 36, 25, 19, 18, 24, 38, 57, 71, 80, 86, 95, 101, 97, 94, 102, 113, 127, 146, 158, 163, 149, 118, 81]
const eventsPerShare = 12
const hourMs = 3_600_000
const stepMs = hourMs / 60

export type Whose = { product: string; keyId: string }

/** From midnight before yesterday, of a reader who is `offsetHours` ahead of UTC, until now. The server is not running. */
export async function writeBusyDays(dataDir: string, whose: Whose, offsetHours: number, nowMs: number): Promise<void> {
  const logger = { info() {}, warn() {}, error: (_: object, message: string) => console.error(message) }
  const log = await openLogWriter({ dir: join(dataDir, 'log'), limits, now: Date.now, logger })
  const localMs = nowMs + offsetHours * hourMs
  const todayMs = Math.floor(localMs / (24 * hourMs)) * 24 * hourMs - offsetHours * hourMs
  const beganMs = todayMs - 24 * hourMs
  let count = 0
  const done: Promise<void>[] = []
  for (let atMs = beganMs; atMs + stepMs < nowMs; atMs += stepMs) {
    const hour = Math.floor((atMs - beganMs) / hourMs)
    // No two days are alike, nor any two minutes.
    const busy = hours[hour % 24]! * (hour < 24 ? 1 : 1.09) * (1 + 0.07 * Math.sin(hour * 1.7))
    const some = Math.round((busy * eventsPerShare) / (hourMs / stepMs))
    const events = Array.from({ length: some }, (_, n) => busyEvent(count + n, atMs + Math.floor((n * stepMs) / some)))
    count += some
    const record = {
      ...{ kind: 'batch' as const, requestId: randomUUID(), ...whose, mode: 'live' as const, events: some },
      ...{ receivedMs: atMs + stepMs, body: Buffer.from(JSON.stringify(events)) },
    }
    done.push(
      new Promise((resolve, reject) => {
        log.append(record, fault => (fault === null ? resolve() : reject(new Error(fault.message))))
      }),
    )
  }
  await Promise.all(done)
  await log.close()
}

const agents = [
  'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15',
]
const kinds = ['login', 'bet', 'bet', 'deposit', 'bet', 'bet', 'login', 'bet', 'bet', 'withdraw', 'bet', 'register']
const games = ['slot', 'live', 'crash', 'baccarat']

/** The same each time, but for when it was. */
export function busyEvent(n: number, atMs: number): Record<string, unknown> {
  const chance = ((n * 7_919) % 1_000) / 1_000
  const user = { client_user_id: `user_${(n * 31) % 900}`, timestamp: Math.floor(atMs / 1_000) }
  const visit = { ...user, ip_address: `203.0.113.${n % 250}`, click_id: `click_${n % 37}`, user_agent: agents[n % 2] }
  const money = { ...user, ip_address: `203.0.113.${n % 250}`, transaction_id: `tx_${100_000 + n}`, currency: 'USD' }
  const kind = kinds[(n * 5 + Math.floor(n / 12)) % kinds.length]!
  const event_name = kind
  if (kind === 'deposit') return { ...money, event_name, amount: 10 * Math.round(2 + 14 * chance) }
  if (kind === 'withdraw') return { ...money, event_name, amount: 10 * Math.round(1 + 8 * chance) }
  if (kind !== 'bet') return { ...visit, event_name }
  const amount = 1 + Math.round(19 * chance)
  const isWon = (n * 13) % 100 < 45
  const result = isWon
    ? { bet_result: 'win', bet_result_amount: amount }
    : { bet_result: 'loss', bet_result_amount: -amount }
  return { ...money, event_name, amount, game_type: games[n % 4], game_provider: ['EA', 'GGP'][n % 2], ...result }
}
