// The guide to the errors in English. What a code or rule means, and its fix, is said in the contract and in the reference.

import { readFileSync } from 'node:fs'
import { type Code, codes, type Rule, rules } from '../../contract/contract.ts'
import type { Language } from './error-guide.ts'

const causes: Record<Code, string[]> = {
  VALIDATION_ERROR: [
    'Read `violations`: each names a `field` and a `rule`, and the [rules](#rules) below are explained one by one.',
    'A field that is there and yet `required`: its name is spelled in another way (`userAgent`, `clientUserId`), or it is `null` or an empty text.',
    'In a batch `index` says which event, counted from 0. With [`?partial=1`](../reference/events.md#keeping-the-good-events-of-a-batch) the others are kept.',
  ],
  INVALID_JSON: [
    'The body was put together by hand: a comma behind the last field, single quotes, `NaN`, a line break within a text.',
    'The body was cut off, or is empty: the variable that should hold it was not set.',
  ],
  BAD_REQUEST: [
    '`Content-Encoding: gzip` on a body that is not compressed, or is compressed twice.',
    'A `Content-Length` that was counted in characters; bytes are wanted.',
    'An `Idempotency-Key` of more than 255 characters, or with others than printable ASCII.',
    'In questions for receipts and reconciliation: a day that is none, an option that is misspelled.',
  ],
  UNAUTHORIZED: [
    'The environment variable is empty where the program runs: under cron, systemd or in a container.',
    'A line break, a space or quotes came along when the key was copied.',
    'The key is sent as `Authorization: Bearer`; it belongs into `X-API-Key`.',
    'The key is of another installation, or was revoked or has expired: the operator sees which, with `npx --no datapulse diagnostics --product P`.',
    'The key may send and not read, or the other way about: `npx --no datapulse keys update KEY_ID --scope ingest,read`.',
  ],
  NOT_FOUND: [
    'A path of your own making, such as `/v2/s2s/events` or `/v2/event`.',
    'A proxy in front that adds or drops the beginning of the path.',
    'A receipt that is of another product, or of the other kind of key (live or test).',
  ],
  METHOD_NOT_ALLOWED: [
    'A redirect, as from `http` to `https`, by which the HTTP library made a `GET` out of the `POST`: write the final address into your configuration.',
  ],
  REQUEST_TIMEOUT: [
    '`Content-Length` says more bytes than are sent.',
    'The line is slow: send fewer events at a time, or compress them.',
  ],
  PAYLOAD_TOO_LARGE: [
    'Too many or too large events in one batch. Compression does not help here: what counts is the size after decompression.',
  ],
  UNSUPPORTED_MEDIA_TYPE: [
    "`curl -d` without `-H 'Content-Type: application/json'` says that it sends a form.",
    'A `charset` other than UTF-8 in `Content-Type`.',
  ],
  RATE_LIMITED: [
    'One request for each event: collect for a second or two and send [a batch](send-from-your-language.md#more-than-a-few-events).',
    'Several programs share one key: give each its own, with a limit that fits (`npx --no datapulse keys update KEY_ID --rate-limit 600`).',
    '`RateLimit` in every answer says how many requests are left, so that you can pace yourself instead of running into it.',
  ],
  HEADERS_TOO_LARGE: ['Cookies or tracing headers of another system are passed on.'],
  INTERNAL_ERROR: [
    "If it stays: tell the operator the `request_id`, which stands beside the cause in the server's log.",
  ],
  OVERLOADED: ['Many large bodies at once: send them one after the other, in smaller batches.'],
  STORAGE_UNAVAILABLE: [
    'The disk is full or the log has used up its budget. Keep your events and go on trying; nothing is lost.',
    'Operators: [what to do](../runbook.md#datapulselogrefusing).',
  ],
}

export const english: Language = {
  opening: `# Errors

Every error is JSON and says what was wrong and what would be right. Nothing of a refused request is stored. This page goes through all of
them, one by one; the form of the reply and the lists in short are in the [reference](../reference/errors.md).`,
  glanceTitle: '## Send again or not',
  glanceHead: ['answer', 'send the same request again?'],
  glance: [
    [
      'no answer, a timeout, a broken connection',
      'yes, waiting longer each time: it may be stored or not, and [counts once](guarantees.md#counted-once)',
    ],
    [
      '`408`, `429`, `500`, and `502` to `504` of a proxy in front',
      'yes, waiting longer each time, and never less than `Retry-After` says',
    ],
    ['any other', 'no: correct the request, or the key, first. Keep the events meanwhile'],
  ],
  codesTitle: '## Codes',
  codesOpening: '`code` says what kind of error it is.',
  rulesTitle: '## Rules',
  rulesOpening:
    'With `VALIDATION_ERROR` and `INVALID_JSON`, `violations` lists each thing that is wrong. `rule` says in what way. The examples are whole bodies, and what is answered is what the server says to them.',
  fix: 'Fix',
  colon: ': ',
  lookFor: 'Look for:',
  sent: 'Sent:',
  answered: 'Answered, in `violations`:',
  right: 'Right:',
  codes: Object.fromEntries(
    Object.entries(codes).map(([code, { meaning, fix }]) => [code, { meaning, fix, causes: causes[code as Code] }]),
  ) as Language['codes'],
  rules: Object.fromEntries(
    Object.entries(rules).map(([rule, meaning]) => [rule, { meaning, fix: fixOf(rule as Rule) }]),
  ) as Language['rules'],
}

/** The fix that the reference has for a rule, with its links as they are from here. */
function fixOf(rule: Rule): string {
  const page = readFileSync(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8')
  const row = page.split('\n').findLast(line => line.startsWith(`| \`${rule}\` |`)) ?? ''
  return (row.split('|')[3] ?? '').trim().replaceAll('](', '](../reference/')
}
