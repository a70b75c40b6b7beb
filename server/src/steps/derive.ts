// What becomes of an event as sent: its stored shape, and what is derived from it beside. The one list of the steps; the
// pipeline, a dry run and reprocessing all go through here, so that they cannot differ. Pure, but for the databases of
// addresses, which come in as a function.

import { type Event, normalise } from '@datapulse/contract'
import { canonicalGameType } from './game-type.ts'
import { type FindRecords, nowhereKnown, type Place, placeOf } from './place.ts'
import { type UserAgentInfo, userAgentInfo } from './user-agent.ts'

/** Empty where it is not known. `agent` is null without a user agent. */
export type Derived = Place & { agent: UserAgentInfo | null; gameType: string }

export type Derive = (event: Event) => Derived

/** The steps over these databases. */
export function deriveWith(find: FindRecords): Derive {
  return event => {
    const { country, city } = placeOf(event.ipAddress, find)
    return { country, city, agent: userAgentInfo(event.userAgent), gameType: canonicalGameType(event.gameType) }
  }
}

/** The steps without any database: no place is known. */
export const deriveWithout: Derive = deriveWith(() => ({ country: null, city: null }))

/** @throws as `normalise` does, of an event that the door would not have accepted */
export function processEvent(
  value: unknown,
  text: string,
  receivedMs: number,
  derive: Derive,
): { event: Event; derived: Derived } {
  const event = normalise(value, text, receivedMs)
  return { event, derived: derive(event) }
}

export const nothingDerived: Derived = { ...nowhereKnown, agent: null, gameType: '' }
