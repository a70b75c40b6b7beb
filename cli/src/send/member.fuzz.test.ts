// The text of a member is what a parser finds there, whatever else the object holds.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { memberText } from './member.ts'

it('gives the text of a member as it stands, of a repeated name the last', () => {
  const key = fc.constantFrom('event', 'line', 'é"\\', '{', '}')
  const member = fc.tuple(key, fc.json({ maxDepth: 3 }), fc.constantFrom('', ' ', '\n\t'))
  fc.assert(
    fc.property(fc.array(member), members => {
      const json = `{${members.map(([name, value, space]) => `${space}${JSON.stringify(name)}${space}:${space}${value}${space}`).join(',')}}`
      const last = members.findLast(([name]) => name === 'event')
      assert.equal(memberText(json, 'event'), last === undefined ? null : last[1].trim())
    }),
  )
})
