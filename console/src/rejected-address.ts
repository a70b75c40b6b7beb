// Where one is on the page of what was rejected and parked: all of it stands in the address, so that it can be sent to somebody,
// and going back works. What an address has that cannot be is passed over.

import { useSearchParams } from 'react-router'
import type { Mode } from './questions.ts'

export const times = ['1h', '24h', '7d', '30d', 'all'] as const

export type Address = {
  kind: 'rejected' | 'parked'
  mode: Mode
  time: string
  /** Of a group that is open, a code or a reason; of one or of several groups, rule and field. */
  code: string | null
  reason: string | null
  rule: string | null
  field: string | null
  /** What is open of a group, and of a request with several parked events which. */
  request: string | null
  position: string | null
  /** Behind which page the list goes on. */
  after: string | null
}

const first = { kind: 'rejected', mode: 'live', time: '7d' }

export function useAddress(): {
  at: Address
  to(changes: Partial<Address>): string
  go(changes: Partial<Address>): void
} {
  const [params, setParams] = useSearchParams()
  const time = params.get('time') ?? ''
  const at: Address = {
    kind: params.get('kind') === 'parked' ? 'parked' : 'rejected',
    mode: params.get('mode') === 'test' ? 'test' : 'live',
    time: (times as readonly string[]).includes(time) ? time : first.time,
    code: params.get('code'),
    reason: params.get('reason'),
    rule: params.get('rule'),
    field: params.get('field'),
    request: params.get('request'),
    position: params.get('position'),
    after: params.get('after'),
  }
  const to = (changes: Partial<Address>) => searchOf({ ...at, ...changes })
  return { at, to, go: changes => setParams(to(changes)) }
}

export function searchOf(address: Partial<Address>): string {
  const told = Object.entries(address).filter(
    ([name, value]) => value !== null && value !== first[name as keyof typeof first],
  )
  return `?${new URLSearchParams(told as [string, string][]).toString()}`
}
