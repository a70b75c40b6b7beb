// The form and the text of what is composed say the same: what the form changes is in the text and nothing else is, numbers keep
// their spelling, and a text that is no event shows none.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fields } from '@datapulse/contract/fields'
import { eventsOf, isRequired, shownIn, textOf, valueOf, withField, withName } from './composed.ts'

const eventsIn = (text: string, kind: 'event' | 'batch' = 'event'): Record<string, unknown>[] => {
  const composed = eventsOf(text, kind)
  assert.ok('events' in composed, text)
  return composed.events
}
const oneLine = (events: Record<string, unknown>[], kind: 'event' | 'batch' = 'event') =>
  textOf(events, kind).replaceAll(/\n\s*/g, '')

describe('what is composed', () => {
  it('is read with the spelling of every number, and written so', () => {
    const text = '{"a": 50.00,"b": 12345678901234567890,"c": [1e2],"__proto__": {"d": 0.10}}'
    assert.equal(oneLine(eventsIn(text)), text)
    assert.equal(oneLine(withField(eventsIn(text), 0, 'e', 'new')), text.replace(/}$/, ',"e": "new"}'))
  })

  it('says what is no event, or not what the address takes', () => {
    const wrongOf = (text: string, kind: 'event' | 'batch') => {
      const composed = eventsOf(text, kind)
      return 'wrong' in composed ? composed.wrong : null
    }
    assert.equal(wrongOf('{"a":1,}', 'event'), 'syntax')
    assert.equal(wrongOf('', 'event'), 'syntax')
    assert.equal(wrongOf('[{}]', 'event'), 'list')
    assert.equal(wrongOf('{}', 'batch'), 'object')
    for (const text of ['7', '"x"', 'null', 'true']) assert.equal(wrongOf(text, 'event'), 'value', text)
    assert.equal(wrongOf('[{},7]', 'batch'), 'value')
    assert.deepEqual(eventsIn('[]', 'batch'), [])
  })

  it('has a field changed, added and taken away in one event alone', () => {
    const events = eventsIn('[{"a":1,"b":2},{"a":3}]', 'batch')
    assert.equal(oneLine(withField(events, 0, 'a', 'x'), 'batch'), '[{"a": "x","b": 2},{"a": 3}]')
    assert.equal(oneLine(withField(events, 1, 'b', true), 'batch'), '[{"a": 1,"b": 2},{"a": 3,"b": true}]')
    assert.equal(oneLine(withField(events, 0, 'a', undefined), 'batch'), '[{"b": 2},{"a": 3}]')
  })

  it('has a field renamed in its place, and one of that name gives way', () => {
    const events = eventsIn('{"userAgent":"x","b":2,"user_agent":"y"}')
    assert.equal(oneLine(withName(events, 0, 'userAgent', 'user_agent')), '{"user_agent": "x","b": 2}')
    assert.equal(oneLine(withName(events, 0, 'nothing', 'user_agent')), oneLine(events))
  })

  it('shows a value as it would be typed, and means what was typed', () => {
    const [event] = eventsIn('{"n":50.00,"t":"50.00","l":[1],"b":false,"z":null}')
    const shown = Object.entries(event!).map(([name, value]) => [name, shownIn(value)])
    assert.deepEqual(Object.fromEntries(shown), { n: '50.00', t: '50.00', l: '[1]', b: 'false', z: '' })
    const meant = (kind: Parameters<typeof valueOf>[0], typed: string) => JSON.stringify({ v: valueOf(kind, typed) })
    assert.equal(meant('number', '12.50'), '{"v":12.50}')
    assert.equal(meant('number', '1,000'), '{"v":"1,000"}')
    assert.equal(meant('timestamp', '1700000000'), '{"v":1700000000}')
    assert.equal(meant('id', '12345'), '{"v":"12345"}')
    assert.equal(meant('boolean', 'true'), '{"v":true}')
    assert.equal(meant('custom', '[1.0]'), '{"v":[1.0]}')
    assert.equal(meant('custom', 'gold'), '{"v":"gold"}')
    assert.equal(meant('text', ''), '{}')
  })

  it('wants of each name what the contract wants', () => {
    const wanted = (name: string) => fields.filter(field => isRequired(field, name)).map(field => field.name)
    const always = ['client_user_id', 'event_name', 'timestamp']
    assert.deepEqual(wanted('login'), [...always, 'ip_address'])
    assert.deepEqual(wanted('Deposit'), [...always, 'ip_address'])
    assert.deepEqual(wanted('deposit'), [...always, 'ip_address', 'transaction_id', 'amount', 'currency'])
    assert.deepEqual(wanted('win'), [...always, 'transaction_id', 'amount', 'currency'])
  })
})
