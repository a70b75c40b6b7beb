// A partner's traffic for the console to show: a day of players, a resend, requests without what they need, and a name that is
// nearly a known one. The same each time but for when it was.

import type { Installation } from '../harness/installation.ts'

const agent = 'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36'

/** Resolves when everything is stored. */
export async function sendTraffic(server: Installation, key: string, nowMs: number): Promise<void> {
  const events = Array.from({ length: 600 }, (_, n) => eventOf(n, Math.floor(nowMs / 1_000) - n * 240))
  const post = async (path: string, body: unknown, status: number) => {
    const reply = await server.post(path, key, JSON.stringify(body))
    if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${JSON.stringify(reply.body)}`)
  }
  await post('/v2/s2s/batch', events, 200)
  await post('/v2/s2s/batch', events.slice(0, 20), 200)
  const incomplete = { event_name: 'withdraw', client_user_id: 'user_1', timestamp: Math.floor(nowMs / 1_000) }
  for (let n = 0; n < 12; n++) await post('/v2/s2s/event', incomplete, 400)
  await post('/v2/s2s/event', { ...incomplete, event_name: 'Deposit', ip_address: '203.0.113.9' }, 200)
  await server.drained()
}

function eventOf(n: number, timestamp: number): object {
  const user = { client_user_id: `user_${n % 90}`, timestamp, ip_address: `203.0.113.${n % 250}` }
  const visit = { ...user, click_id: `click_${n % 7}`, user_agent: agent }
  const money = { ...user, transaction_id: `tx_${n}`, currency: 'USD' }
  const kind = n % 10
  if (kind === 0) return { ...visit, event_name: 'register' }
  if (kind < 3) return { ...visit, event_name: 'login' }
  if (kind === 3) return { ...money, event_name: 'deposit', amount: 20 + (n % 90) }
  if (kind === 4) return { ...money, event_name: 'withdraw', amount: 10 + (n % 40) }
  const result =
    n % 3 === 0 ? { bet_result: 'win', bet_result_amount: 9 } : { bet_result: 'loss', bet_result_amount: -5 }
  return { ...money, event_name: 'bet', amount: 5, game_type: 'slot', ...result }
}
