// Events for tests of the client, told apart by their user: every other is money, which its transaction_id tells apart; the
// others get their message_id from the client.

import type { AnyEvent } from '../../client/src/index.ts'

export function clientEvent(name: string): AnyEvent {
  const user = { client_user_id: name, timestamp: 1_702_963_200, ip_address: '203.0.113.1' }
  const isMoney = Number(name.split('-').at(-1)) % 2 === 0
  return isMoney
    ? { event_name: 'deposit', ...user, transaction_id: `t-${name}`, amount: '50.00', currency: 'USD' }
    : { event_name: 'level_up', ...user, level: 7 }
}
