// What the compiler says about events: `npm run types` reads this file, and nothing runs it. Each `@ts-expect-error` is a line
// that must not compile; where it does, the compiler says so.

import { type AnyEvent, type DataPulseClient, DataPulseError, type EventOf } from './index.ts'

declare const client: DataPulseClient
const user = { client_user_id: 'u1', timestamp: 1_702_963_200 }
const here = { ...user, ip_address: '203.0.113.1' }
const money = { transaction_id: 't1', amount: '50.00', currency: 'USD' }

export async function typesOfEvents(): Promise<void> {
  await client.track({ event_name: 'deposit', ...here, ...money, vip_tier: 'gold', is_crypto: false })
  // @ts-expect-error a deposit asks for its amount
  await client.track({ event_name: 'deposit', ...here, transaction_id: 't1', currency: 'USD' })
  // @ts-expect-error a withdraw asks for its transaction_id
  await client.track({ event_name: 'withdraw', ...here, amount: 1, currency: 'USD' })
  // @ts-expect-error a bet asks for its currency
  await client.track({ event_name: 'bet', ...user, transaction_id: 't1', amount: 1 })
  // @ts-expect-error a deposit asks for the address
  await client.track({ event_name: 'deposit', ...user, ...money })
  // @ts-expect-error an amount is no boolean
  await client.track({ event_name: 'deposit', ...here, transaction_id: 't1', currency: 'USD', amount: true })
  // @ts-expect-error every event has a user
  await client.track({ event_name: 'login', timestamp: 1, ip_address: '203.0.113.1' })
  // @ts-expect-error a date is no timestamp
  await client.track({ event_name: 'login', ...here, timestamp: new Date() })
  // @ts-expect-error every event has a name
  await client.track({ ...here })

  await client.track({ event_name: 'bet', ...user, ...money, bet_result: 'loss', bet_result_amount: -50 })
  // @ts-expect-error the result's amount is no object
  await client.track({ event_name: 'bet', ...user, ...money, bet_result_amount: {} })
  await client.track({ event_name: 'win', ...user, ...money, parent_transaction_id: 't0' })
  // @ts-expect-error only bet, win and loss leave the address out
  await client.track({ event_name: 'level_up', ...user })
  await client.track({ event_name: 'level_up', ...here, level: 7, items: [{ name: 'hat' }], bet_result: 17 })
}

interface LevelUp {
  event_name: 'level_up'
  client_user_id: number
  timestamp: number
  ip_address: string
  level: number
}

export async function typesOfYourOwn(own: LevelUp, name: string, any: AnyEvent[], deposits: EventOf<'deposit'>[]) {
  await client.track(own)
  await client.track({ event_name: name, ...here })
  const eitherName = name === 'x' ? 'deposit' : 'login'
  // @ts-expect-error where it may be a deposit, it asks for what a deposit does
  await client.track({ event_name: eitherName, ...here })
  await client.trackAll(deposits, (error, event) => console.log(error.code, event.amount))
  await client.trackAll(any)
  for (const event of any) await client.track(event)
}

export async function typesOfOutcomes(): Promise<void> {
  const tracked = await client.track({ event_name: 'login', ...here })
  const outcome = await tracked.outcome
  if (outcome.status === 'rejected') console.log(outcome.violations[0]?.rule)
  // @ts-expect-error only what was rejected has violations
  console.log(outcome.violations)
  const { code } = new DataPulseError('CLOSED', '')
  // @ts-expect-error the codes are a closed list
  if (code === 'LATE') console.log(code)
}
