// Each snippet, as it is copied, sends the very text to the very place. A language that is not installed is skipped by name.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { languages, SnippetPrograms, skipWithout } from '../../test/harness/snippet-programs.ts'
import { textSnippetOf } from './snippets.ts'

describe('the snippets of a request that was composed', () => {
  const programs = new SnippetPrograms()
  before(() => programs.open())
  after(() => programs.close())

  for (const language of languages) {
    it(`${language} sends a text to the letter`, { skip: skipWithout(language) }, async () => {
      const text = '[{"amount": 50.00, "note": "it\'s \\\\ `here` é\\u00e9 $x ${y} %s"},\n\t{broken'
      const url = `${programs.url}/v2/s2s/batch?dryrun&partial=1`
      const headers = { 'Idempotency-Key': 'it\'s "one"' }
      await programs.run(language, textSnippetOf(language, { url, headers, text }))
      const [sent] = programs.came.splice(0)
      assert.deepEqual(sent, {
        path: '/v2/s2s/batch?dryrun&partial=1',
        key: 'YOUR_API_KEY',
        once: 'it\'s "one"',
        body: text,
      })
    })
  }
})
