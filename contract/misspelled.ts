// Which keys of an event look like a field of ours in another spelling: `userAgent`, `User-Agent`, `clientuserid`. The
// event is none the worse for it, the key is a custom property; a dry run says so, because it is seldom meant.

import { fields } from './fields.ts'
import { fold } from './names.ts'

export type MisspelledField = { sent: string; expected: string }

/** @example misspelledFields({ userAgent: 'x', vip_tier: 3 }) // [{ sent: 'userAgent', expected: 'user_agent' }] */
export function misspelledFields(event: object): MisspelledField[] {
  const found: MisspelledField[] = []
  for (const sent of Object.keys(event)) {
    const expected = sent.length > charactersMax ? undefined : byFolded.get(fold(sent))
    if (expected !== undefined && expected !== sent) found.push({ sent, expected })
  }
  return found
}

/** No field's name is as long, separators included. */
const charactersMax = 64
const byFolded = new Map(fields.map(({ name }) => [fold(name), name]))
