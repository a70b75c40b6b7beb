// What the console says instead of a command of the command line, where a page of it does the same.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Check } from '../questions.ts'
import { type ToldCheck, tellCheck } from './checks.ts'
import type { Language, Tell } from './language.tsx'

const tell = { number: String, share: String, length: String } as unknown as Tell

function told(check: string, next: string, language: Language = 'en'): ToldCheck {
  const failing: Check = { check, verdict: 'problem', found: 'Something.', next, numbers: {} }
  return tellCheck(failing, language, tell)
}

test('parts that are away are told by their names in Chinese', () => {
  const numbers = { not_ready: 'log, pipeline' }
  const failing: Check = { check: 'processing', verdict: 'problem', found: 'The log is not ready.', next: '', numbers }
  assert.equal(tellCheck(failing, 'zh-Hant', tell).found, '日誌、管線尚未就緒。')
})

test('a sentence names the page that does what the command would, and its place is linked', () => {
  const cases = [
    [
      'keys',
      'Make a key with `datapulse keys create --product casino --test`, and give it to the partner.',
      'Make a key on the page “Products and keys”, and give it to the partner.',
      'keys',
    ],
    [
      'rate_limit',
      'Have the partner wait; or raise the limit with `datapulse keys update key_1 --rate-limit N`.',
      'Have the partner wait; or raise the limit of key_1 on the page “Products and keys”.',
      'keys',
    ],
    ['server_errors', 'Look at `datapulse status`.', 'Look at the page “System”.', 'system'],
    [
      'server_errors',
      'See with `datapulse status` whether the log takes events again.',
      'See on the page “System” whether the log takes events again.',
      'system',
    ],
    ['processing', 'See `datapulse status`: all is safe.', 'See the page “System”: all is safe.', 'system'],
    [
      'schema',
      "Show the partner what it sent: `datapulse rejected requests --product p --mode live --rule required --field 'ip'`; `datapulse replay` sends it again after a fix.",
      'Show the partner what it sent on the page “Rejected and parked”; after a fix you can send it again there.',
      null,
    ],
    [
      'schema',
      'See which codes they got with `datapulse rejected list --product p`; none of the bodies is kept.',
      'See which codes they got on the page “Rejected and parked”; none of the bodies is kept.',
      null,
    ],
    [
      'parked',
      'See why with `datapulse parked list --product p`; `datapulse replay` sends them again after a fix.',
      'See why on the page “Rejected and parked”; after a fix you can send them again there.',
      null,
    ],
    [
      'activity',
      'Have the partner send one event, and ask again; `datapulse doctor` shows that this server works.',
      'Have the partner send one event, and ask again; on the page “Try it” you can send one yourself.',
      'try',
    ],
  ] as const
  for (const [check, sent, wanted, place] of cases) {
    assert.deepEqual([told(check, sent).next, told(check, sent).place], [wanted, place], sent)
    const chinese = told(check, sent, 'zh-Hant')
    assert.deepEqual([/datapulse/.test(chinese.next ?? ''), chinese.place], [false, place], check)
  }
})

test('what no page does is told by the command', () => {
  const sentence = 'Let it send with `datapulse keys update key_1 --scope ingest,read`, or with another key.'
  assert.equal(told('keys', sentence).next, sentence)
})

test('the Chinese sentence says what most of it is', () => {
  const ofContent = (numbers: Check['numbers']) => {
    const check: Check = { check: 'schema', verdict: 'attention', found: '', next: '', numbers }
    return tellCheck(check, 'zh-Hant', tell).found
  }
  const missing = [{ field: 'ip_address', requests: 25, violations: 25 }]
  const others = [{ rule: 'type', field: 'timestamp', requests: 6, violations: 6 }]
  assert.match(ofContent({ missing, others }), /主要是 25 個請求缺少 ip_address。$/)
  assert.match(ofContent({ missing: [], others }), /主要是 6 個請求的 timestamp：值的類型不符/)
  const limit: Check = {
    check: 'rate_limit',
    verdict: 'problem',
    found: '',
    next: '',
    numbers: { key_id: 'key_1', rate_limit: 30 },
  }
  assert.match(tellCheck(limit, 'zh-Hant', tell).found, /主要是金鑰 key_1，上限為每分鐘 30 個請求。$/)
})
