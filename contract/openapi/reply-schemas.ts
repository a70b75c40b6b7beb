// The schemas of replies. What a reply may leave out is named; everything else is always there. Replies may gain fields:
// read the ones you know, and let others pass.

import { type CodeEntry, codes } from '../codes.ts'
import { flags } from '../flags.ts'
import { limits } from '../limits.ts'
import { outcomes } from '../outcomes.ts'
import { rules } from '../rules.ts'
import type { Schema } from './event-schemas.ts'

/** The codes of one status. */
export function codesOf(status: number): [code: string, entry: CodeEntry][] {
  return Object.entries(codes).filter(([, entry]) => entry.status === status)
}

export const statuses: readonly number[] = [...new Set(Object.values(codes).map(({ status }) => status))]

/** The schema of the errors of one status. */
export const errorSchemaName = (status: number): string => `Error${status}`

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
const text = (description: string, ...examples: string[]): Schema => ({
  type: 'string',
  description,
  ...(examples.length > 0 && { examples }),
})
const textOrNull = (description: string, ...examples: string[]): Schema => ({
  ...text(description, ...examples),
  type: ['string', 'null'],
})
const count = (description: string, minimum = 0): Schema => ({ type: 'integer', minimum, description })
const time = (description: string): Schema => ({ type: 'string', format: 'date-time', description })
const timeOrNull = (description: string): Schema => ({ ...time(description), type: ['string', 'null'] })
const list = (items: Schema, description: string): Schema => ({ type: 'array', items, description })
const told = (list: Record<string, string>): Schema => ({ enum: Object.keys(list), 'x-enumDescriptions': list })

const requestId: Schema = {
  type: 'string',
  format: 'uuid',
  description: 'The id of the request, as in `X-Request-Id`.',
}
const mode: Schema = { type: 'string', enum: ['live', 'test'], description: 'The kind of the key.' }
const index = count('Position in the batch that was sent, from 0.')

function object(
  title: string,
  properties: Record<string, Schema>,
  optional: readonly string[] = [],
  description?: string,
): Schema {
  const required = Object.keys(properties).filter(name => !optional.includes(name))
  return { title, type: 'object', ...(description !== undefined && { description }), required, properties }
}

const violation: Record<string, Schema> = {
  index: count(
    'The position of the event in the batch, from 0. Absent on a single event, and where the body as a whole is meant.',
  ),
  field: text("The event's key. `$` stands for the event as a whole, or, without `index`, for the body.", 'amount'),
  rule: {
    type: 'string',
    description: 'Which rule is broken. The list is closed: write your client against it.',
    ...told(rules),
  },
  message: text(
    `What was wrong and what would be right, for people. It repeats no value of more than ${limits.echoedCharactersMax} characters.`,
    'amount is required for a deposit',
  ),
}
const { index: _index, ...violationOfEvent } = violation

const eventErrors = object('EventErrors', {
  index,
  violations: list(
    ref('EventViolation'),
    `All that is wrong with it. Behind the first ${limits.violationsPartialMax.toLocaleString('en')} of a reply it is empty.`,
  ),
})

const agent = object(
  'UserAgentInfo',
  {
    device_class: text('What kind of device.', 'Mobile'),
    device_name: text('Which device.', 'Samsung SM-G991B'),
    operating_system_name: text('Its system.', 'Android'),
    operating_system_version: text('The version of it.', '13'),
    agent_name: text('The program.', 'Android'),
    agent_class: text('What kind of program.', 'Browser'),
  },
  [],
  '`Unknown` stands for what the text does not say.',
)

const echo: Record<string, Schema> = {
  clickId: textOrNull('The `click_id`, null when none was sent.'),
  country: textOrNull('The country of `ip_address`, ISO 3166-1; null when it is not known.', 'TW'),
  city: textOrNull('The city, where the operator has configured a database of cities.'),
  userAgentInfo: {
    anyOf: [ref('UserAgentInfo'), { type: 'null' }],
    description: 'What `user_agent` says; null when none was sent.',
  },
  eventData: {
    type: 'object',
    description: 'The event as sent, with `recv_timestamp` (when it came, Unix milliseconds) and `request_id`.',
    required: ['recv_timestamp', 'request_id'],
    properties: { recv_timestamp: count('Unix milliseconds.'), request_id: text('As in `requestId`.') },
    additionalProperties: true,
  },
  flags: list(
    { type: 'string', ...told(flags) },
    'Notes on the quality of the data. They never refuse an event, and are stored with it.',
  ),
}

const misspelled = list(
  object('MisspelledField', {
    sent: text('The key as sent.', 'userAgent'),
    expected: text('The field that it looks like.', 'user_agent'),
  }),
  'Keys that are a field of ours but for case and separators. A real write keeps them as custom properties.',
)

const receiptEvent: Record<string, Schema> = {
  index: {
    type: ['integer', 'null'],
    minimum: 0,
    description: 'Position in the batch, from 0; null where the whole request is meant.',
  },
  outcome: { type: 'string', description: 'What became of it.', ...told(outcomes) },
  processed_at: timeOrNull('When it was brought to the warehouse; null while it is queued.'),
  event_name: textOrNull('Null where it could not be read, as are the ids.', 'deposit'),
  client_user_id: textOrNull('As sent.'),
  transaction_id: textOrNull('As sent.'),
  message_id: textOrNull('As sent.'),
  events: count('How many events it stands for; only where the whole request is parked.'),
  reason: text('Only of what is parked: why.', 'event_failed'),
  detail: text('Only of what is parked: more about it.'),
  first: object(
    'FirstEvent',
    { request_id: requestId, index, received_at: timeOrNull('When it came; null when it is not kept any more.') },
    [],
    'Only of a duplicate or a conflict: the event that stands.',
  ),
  differs: list(
    object('Difference', {
      field: { type: 'string', enum: ['amount', 'currency', 'client_user_id'], description: 'In what.' },
      sent: textOrNull('What this event has.', '60'),
      stands: textOrNull('What the event that stands has.', '50'),
    }),
    'Only of a conflict: in what it is not the event that stands.',
  ),
}
const sometimes = ['events', 'reason', 'detail', 'first', 'differs']

const origin: Record<string, Schema> = {
  request_id: requestId,
  product: text('Whose events they are.', 'casino'),
  mode,
  received_at: time('When the request came.'),
  idempotency_key: textOrNull('The `Idempotency-Key` of the request.'),
}

const reconciliationRow = object('ReconciliationRow', {
  day: { type: 'string', format: 'date', description: 'UTC.' },
  event_name: text('As sent.', 'deposit'),
  currency: textOrNull('In upper case; null of events without one.', 'USD'),
  received: count('`stored` and `duplicate` together.'),
  stored: count('How many are counted.'),
  duplicate: count('How many came again.'),
  conflict: count('Of these, how many differ from the first one.'),
  amount: textOrNull('The exact sum of what is stored, decimal; null where no event has one.', '40123.5'),
  bet_result_amount: textOrNull('The same of `bet_result_amount`.'),
})

export const replySchemas: Record<string, Schema> = {
  Accepted: object('Accepted', {
    status: { type: 'string', const: 'success' },
    request_id: requestId,
    accepted: count('How many events were taken: all of the request.', 1),
  }),
  PartlyAccepted: object(
    'PartlyAccepted',
    {
      status: { type: 'string', const: 'success' },
      request_id: requestId,
      accepted: count('How many events were taken.', 1),
      rejected: count('How many were not.'),
      errors: list(eventErrors, 'Every event that was not taken, and why.'),
    },
    [],
    'The answer with `partial`.',
  ),
  DryRunEvent: object(
    'DryRunEvent',
    {
      requestId: text('`s2s.event-` and the id of the request.', 's2s.event-019b1c7e-5c1e-7d3a-9a54-2f4c3b1d9e10'),
      apiKey: text('The first characters of the key.', 'dp_live_3kQ9…'),
      ...echo,
      misspelledFields: misspelled,
    },
    [],
    'The answer with `dryrun`: what the event would be stored as.',
  ),
  DryRunBatch: object(
    'DryRunBatch',
    {
      requestId: text('`s2s.batch-` and the id of the request.'),
      mode: { type: 'string', const: 'dryrun' },
      total: count('How many events were sent.', 1),
      successCount: count('How many of them would be taken.'),
      failureCount: count('How many would not.'),
      successEvents: list(object('DryRunOfBatch', { index, ...echo }), 'What those would be stored as.'),
      errors: list(eventErrors, 'What is wrong with the others.'),
      misspelledFields: {
        type: 'object',
        description: 'By index; absent when nothing is misspelled.',
        additionalProperties: misspelled,
      },
    },
    ['misspelledFields'],
    'The answer with `dryrun`: every event is judged for itself.',
  ),
  UserAgentInfo: agent,
  Violation: object('Violation', violation, ['index']),
  EventViolation: object('EventViolation', violationOfEvent),
  RequestReceipt: object('RequestReceipt', {
    ...origin,
    accepted: count('How many of its events were taken.', 1),
    outcomes: object(
      'Outcomes',
      Object.fromEntries(Object.entries(outcomes).map(([name, meaning]) => [name, count(meaning)])),
      [],
      'How many events have come to what.',
    ),
    events: list(
      object('EventReceipt', receiptEvent, sometimes),
      `Each of them. Of each outcome, the first ${limits.receiptsOfOutcomeMax.toLocaleString('en')}.`,
    ),
  }),
  FoundReceipts: object('FoundReceipts', {
    events: list(
      object('FoundReceipt', { ...origin, ...receiptEvent }, sometimes),
      `Every event with the id, in the order of receipt. Of each outcome, the first ${limits.receiptsOfOutcomeMax.toLocaleString('en')}.`,
    ),
  }),
  Reconciliation: object('Reconciliation', {
    product: text('Whose books.', 'casino'),
    mode,
    from: { type: 'string', format: 'date', description: 'The first day.' },
    to: { type: 'string', format: 'date', description: 'The day behind the last.' },
    by: { type: 'string', enum: ['event', 'received'], description: 'Which time of an event its day is of.' },
    rows: list(reconciliationRow, 'One for each day, event name and currency.'),
    parked: list(
      object('ParkedCount', {
        day: { type: 'string', format: 'date', description: 'On which they came.' },
        reason: text('Why.', 'event_failed'),
        events: count('How many.'),
      }),
      'What could not be processed.',
    ),
    rejected: list(
      object('RejectedCount', {
        day: { type: 'string', format: 'date', description: 'On which they came.' },
        code: text(
          'The code of the error, or why a key of yours may not send: `KEY_REVOKED`, `KEY_EXPIRED`, `KEY_SCOPE`.',
          'VALIDATION_ERROR',
        ),
        events: count('How many events.'),
        requests: count('In how many requests.'),
      }),
      'What was refused.',
    ),
  }),
  Alive: object('Alive', { status: { type: 'string', const: 'ok' } }),
  Readiness: object(
    'Readiness',
    {
      status: {
        type: 'string',
        ...told({
          ready: 'Every part is ready.',
          degraded: 'Events are taken; what comes after is not all ready.',
          unavailable: 'Events are not taken just now.',
        }),
      },
      parts: {
        type: 'object',
        description: 'Each part: `ready`, or why it is not.',
        additionalProperties: { type: 'string' },
      },
      durability: text('Only where less than what is promised was accepted of the log: what.'),
    },
    ['durability'],
  ),
  ...Object.fromEntries(statuses.map(status => [errorSchemaName(status), errorSchema(status)])),
}

function errorSchema(status: number): Schema {
  const entries = codesOf(status)
  const meanings = Object.fromEntries(entries.map(([code, { meaning, fix }]) => [code, `${meaning} ${fix}`]))
  const violations = {
    violations: {
      ...list(ref('Violation'), `All that is wrong; the first ${limits.violationsListedMax} are listed.`),
      minItems: 1,
      maxItems: limits.violationsListedMax,
    },
    violations_total: count('How many there are.', 1),
  }
  return object(
    errorSchemaName(status),
    {
      status: { type: 'string', const: 'error' },
      error: { type: 'string', const: entries[0]?.[1].error },
      code: {
        type: 'string',
        description: 'Which error. The list is closed: write your client against it.',
        ...told(meanings),
      },
      message: text('What was wrong and what would be right, for people.'),
      ...(status === 400 && violations),
      request_id: requestId,
    },
    Object.keys(violations),
  )
}
