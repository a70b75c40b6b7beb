// Each snippet, as it is copied, sends the very event to the very place: once, and again after an answer that says to wait; with
// the key that it names and no other. What comes passes the contract's check. A language that is not installed is skipped by name.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { checkBody } from '@datapulse/contract/check'
import { languages, SnippetPrograms, skipWithout } from '../../test/harness/snippet-programs.ts'
import { fixLinesOf } from './fix-snippets.ts'
import { exampleOf, type SentEvent } from './fixes.ts'

const event: SentEvent = { ...exampleOf('bet', 1_772_366_400_000), note: "it's \\ here, 5% `of` $it" }
const plain = { event, marks: ['amount'], key: null, clock: false, again: null }
const prefix = 'dp_live_abcd'
const secret = prefix.padEnd(48, 'x')
const whole = { ...plain, key: { name: 'back"end', prefix }, clock: true, again: { limit: 6_000 } }

describe('the fixes of the help center', () => {
  const programs = new SnippetPrograms()
  const { came, statuses } = programs
  before(() => programs.open())
  after(() => programs.close())

  for (const language of languages) {
    const skip = skipWithout(language)
    const run = (wish: Parameters<typeof fixLinesOf>[2], key = secret) => {
      const lines = fixLinesOf(language, programs.url, wish)
      return programs.run(language, lines.map(({ text }) => text).join('\n'), { DATAPULSE_API_KEY: key })
    }

    it(`${language} sends what it shows`, { skip }, async () => {
      await run(plain)
      const [sent] = came.splice(0)
      assert.deepEqual([sent?.path, sent?.key], ['/v2/s2s/event', 'YOUR_API_KEY'])
      assert.deepEqual(JSON.parse(sent?.body ?? ''), event)
    })

    it(`${language} takes the time and the key, and sends the same again after a wait`, { skip }, async () => {
      const beganMs = Math.floor(Date.now() / 1_000) * 1_000
      statuses.push(429)
      await run(whole)
      const sent = came.splice(0)
      assert.deepEqual(
        sent.map(({ path, key }) => [path, key]),
        [
          ['/v2/s2s/batch', secret],
          ['/v2/s2s/batch', secret],
        ],
      )
      const [first, second] = sent.map(({ body }) => body) as [string, string]
      assert.equal(first, second)
      assert.deepEqual(checkBody(Buffer.from(first), 'batch', Date.now()), { ok: true, events: 1 })
      const [{ timestamp, ...rest }] = JSON.parse(first) as [SentEvent]
      const atMs = Number(timestamp) < 1e11 ? Number(timestamp) * 1_000 : Number(timestamp)
      assert.ok(atMs >= beganMs && atMs <= Date.now(), `${timestamp}`)
      const { timestamp: _timestamp, ...expected } = event
      assert.deepEqual(rest, expected)
    })

    // What curl sends is the server's to refuse.
    if (language === 'curl') continue
    it(`${language} refuses a key that was cut off`, { skip }, async () => {
      await run(whole, secret.slice(0, 40)).catch(() => {})
      assert.deepEqual(came.splice(0), [])
    })
  }
})
