// The mistakes that partners make. Most of them are refused at the door; some are taken and noted with a flag.

import type { Random } from './random.ts'
import { moneyNames, nameOf, type Sent } from './sent.ts'

type Mistake = {
  name: string
  /** What the contract says of it. */
  ends: 'rejected' | 'stored'
  fits: (sent: Sent) => boolean
  make: (fields: Map<string, string>, random: Random) => void
}

const isMoney = (sent: Sent) => moneyNames.has(nameOf(sent))
const needsAddress = (sent: Sent) => !['bet', 'win', 'loss'].includes(nameOf(sent))
const has = (field: string) => (sent: Sent) => sent.fields.has(field)
const any = () => true

const mistakes: Mistake[] = [
  { name: 'no user', ends: 'rejected', fits: any, make: fields => fields.delete('client_user_id') },
  { name: 'empty user', ends: 'rejected', fits: any, make: fields => fields.set('client_user_id', '"  "') },
  { name: 'user as object', ends: 'rejected', fits: any, make: fields => fields.set('client_user_id', '{"id":7}') },
  { name: 'no name', ends: 'rejected', fits: any, make: fields => fields.set('event_name', 'null') },
  { name: 'no time', ends: 'rejected', fits: any, make: fields => fields.delete('timestamp') },
  {
    name: 'time as text',
    ends: 'rejected',
    fits: any,
    make: fields => fields.set('timestamp', JSON.stringify(isoOf(fields.get('timestamp')!))),
  },
  {
    name: 'time in microseconds',
    ends: 'rejected',
    fits: any,
    make: fields => fields.set('timestamp', `${fields.get('timestamp')!.slice(0, 10)}000000`),
  },
  { name: 'no address', ends: 'rejected', fits: needsAddress, make: fields => fields.delete('ip_address') },
  {
    name: 'bad address',
    ends: 'rejected',
    fits: has('ip_address'),
    make: (fields, random) =>
      fields.set('ip_address', random.pick(['"203.0.113.300"', '"203.0.113.7:443"', '"unknown"', '"[2001:db8::1]"'])),
  },
  { name: 'no amount', ends: 'rejected', fits: isMoney, make: fields => fields.delete('amount') },
  {
    name: 'bad amount',
    ends: 'rejected',
    fits: isMoney,
    make: (fields, random) => fields.set('amount', random.pick(['"abc"', '"1,000"', '"NaN"', 'true', '[50]', '"$50"'])),
  },
  { name: 'no currency', ends: 'rejected', fits: isMoney, make: fields => fields.set('currency', '""') },
  { name: 'no transaction', ends: 'rejected', fits: isMoney, make: fields => fields.delete('transaction_id') },
  {
    name: 'capital letter',
    ends: 'stored',
    fits: sent => nameOf(sent) === 'deposit',
    make: fields => fields.set('event_name', '"Deposit"'),
  },
  {
    name: 'loss without its sign',
    ends: 'stored',
    fits: sent => nameOf(sent) === 'loss',
    make: fields => fields.set('amount', fields.get('amount')!.replace('-', '')),
  },
  {
    name: 'unknown result',
    ends: 'stored',
    fits: has('bet_result'),
    make: fields => fields.set('bet_result', '"void"'),
  },
]

/** Makes a mistake of one that fits; tells how it ends. */
export function makeMistake(random: Random, sent: Sent): 'rejected' | 'stored' {
  const mistake = random.pick(mistakes.filter(one => one.fits(sent)))
  mistake.make(sent.fields, random)
  return mistake.ends
}

function isoOf(stamp: string): string {
  const ms = stamp.length > 11 ? Number(stamp) : Number(stamp) * 1_000
  return new Date(ms).toISOString()
}
