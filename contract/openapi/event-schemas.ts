// The schemas of events as they may be sent, made from the table of fields: one for each known name, with what is required
// of it, and one for any other. A field that is not required may be null or empty as well as absent.

import { type Field, type FieldKind, fields } from '../fields.ts'
import { limits } from '../limits.ts'
import { isMoneyEvent, knownEventNames } from '../names.ts'

export type Schema = Record<string, unknown>

const numberText = '-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?'

const valueExamples: Record<string, string> = {
  client_user_id: 'user_001',
  click_id: 'clk_998877',
  transaction_id: 'tx_554433',
  parent_transaction_id: 'tx_554432',
  message_id: 'msg_20260101_0001',
  user_agent: 'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36',
  game_type: 'slot',
  game_provider: 'EA',
}

const hours = limits.futureRefusedMs / 3_600_000
const minutes = limits.futureFlaggedMs / 60_000

/** What is said of fields of a kind beside their meaning. */
const notes: Partial<Record<FieldKind, string>> = {
  id: ' Trimmed, and otherwise exact; an integer is the same id as its digits in text.',
  timestamp: ` Below ${limits.timestampSecondsBelow.toExponential().replace('+', '')} it is seconds, from there on milliseconds. More than ${minutes} minutes ahead of the server is flagged, more than ${hours} hours is refused.`,
  number: ` At most ${limits.amountIntegerDigitsMax} digits before the point, and ${limits.amountFractionDigitsMax} after it: more of these are rounded half-even, and flagged. A decimal, not a float: every digit is kept.`,
  currency: ' Compared in upper case, and kept as sent.',
}

/** The schema of the events of each known name, and of all others. */
const byName: [schema: string, eventName: string | null, description: string][] = [
  ['DepositEvent', 'deposit', 'Money came in.'],
  ['WithdrawEvent', 'withdraw', 'Money went out.'],
  ['BetEvent', 'bet', 'A stake was placed. Its result may come with it, or in a `win` or `loss` that names it.'],
  ['WinEvent', 'win', 'A bet was won: `amount` is what the player gained.'],
  ['LossEvent', 'loss', 'A bet was lost: `amount` is what the player lost, as a negative number.'],
  ['RegisterEvent', 'register', 'A user signed up.'],
  ['LoginEvent', 'login', 'A user signed in.'],
  ['CustomEvent', null, 'Anything else that you want to see. Names are exact: `Deposit` is a custom event.'],
]

export const eventSchemas: Record<string, Schema> = {
  Event: {
    title: 'Event',
    description: 'What happened, as your server tells it.',
    oneOf: byName.map(([schema]) => ({ $ref: `#/components/schemas/${schema}` })),
  },
  Batch: {
    title: 'Batch',
    description:
      'Events, in the order in which they happened. A batch with a bad event is refused whole, but with `partial`.',
    type: 'array',
    minItems: 1,
    maxItems: limits.batchEventsMax,
    items: { $ref: '#/components/schemas/Event' },
  },
  ...Object.fromEntries(
    byName.map(([schema, eventName, description]) => [schema, eventSchema(schema, eventName, description)]),
  ),
}

function eventSchema(title: string, eventName: string | null, description: string): Schema {
  const own = fields.filter(({ only }) => only === undefined || only === eventName)
  return {
    title,
    type: 'object',
    description: `${description} An event has at most ${limits.eventBytesMax.toLocaleString('en')} bytes and ${limits.depthMax} levels.`,
    required: own.filter(field => isRequired(field, eventName)).map(({ name }) => name),
    properties: Object.fromEntries(own.map(field => [field.name, fieldSchema(field, eventName)])),
    additionalProperties: {
      description: `A custom property: any JSON value, kept exactly as sent. At most ${limits.customPropertiesMax}.`,
    },
    maxProperties: own.length + limits.customPropertiesMax,
  }
}

function isRequired({ required }: Field, eventName: string | null): boolean {
  if (required === 'always') return true
  if (required === 'money') return isMoneyEvent(eventName ?? '')
  return required === 'unless bet, win, loss' && !['bet', 'win', 'loss'].includes(eventName ?? '')
}

function fieldSchema(field: Field, eventName: string | null): Schema {
  const needed = isRequired(field, eventName)
  const { type, ...more } = valueSchema(field, needed, eventName)
  const types = type === undefined ? [] : [type].flat()
  const limit = field.limit === undefined ? '' : ` At most ${field.limit.max.toLocaleString('en')} ${field.limit.unit}.`
  return {
    ...(types.length > 0 && { type: needed ? (types.length === 1 ? types[0] : types) : [...types, 'null'] }),
    description: `${field.meaning}${limit}${notes[field.kind] ?? ''}`,
    ...more,
    ...(field.limit?.unit === 'bytes' && { 'x-max-bytes': field.limit.max }),
    ...(types.includes('string') && needed && more['const'] === undefined && { pattern: more['pattern'] ?? '\\S' }),
  }
}

function valueSchema(
  { kind, limit, name }: Field,
  needed: boolean,
  eventName: string | null,
): Schema & { type?: unknown } {
  const text = { type: 'string', ...(limit !== undefined && { maxLength: limit.max }) }
  const number = (range: Schema) => ({
    type: ['number', 'string'],
    ...range,
    pattern: needed ? `^${numberText}$` : `^(?:${numberText})?$`,
  })
  switch (kind) {
    case 'id':
      return {
        ...text,
        type: ['string', 'integer'],
        minimum: Number.MIN_SAFE_INTEGER,
        maximum: Number.MAX_SAFE_INTEGER,
        examples: [valueExamples[name]],
      }
    case 'name':
      return eventName === null
        ? { ...text, not: { enum: knownEventNames }, examples: ['level_up'] }
        : { type: 'string', const: eventName }
    case 'timestamp':
      return {
        ...number({ exclusiveMinimum: 0, exclusiveMaximum: limits.timestampMillisecondsBelow }),
        examples: [1767225600, 1767225600123],
        'x-seconds-below': limits.timestampSecondsBelow,
        'x-ahead-of-server-ms-max': limits.futureRefusedMs,
      }
    case 'ip':
      return {
        anyOf: [
          { title: 'IPv4', type: 'string', format: 'ipv4' },
          { title: 'IPv6', type: 'string', format: 'ipv6' },
          ...(needed ? [] : [{ title: 'None', type: ['string', 'null'], maxLength: 0 }]),
        ],
        examples: ['203.0.113.1', '2001:db8::1'],
      }
    case 'number':
      return {
        ...number({ exclusiveMinimum: -limits.amountAbsoluteBelow, exclusiveMaximum: limits.amountAbsoluteBelow }),
        examples: [50.25, '50.25'],
      }
    case 'boolean':
      return {
        type: ['boolean', 'integer', 'string'],
        minimum: 0,
        maximum: 1,
        pattern: '^(?:true|false)?$',
        examples: [false],
      }
    case 'currency':
      return { ...text, examples: ['USD', 'BTC'] }
    case 'bet_result':
      return { ...text, examples: ['win', 'loss'] }
    default:
      return { ...text, examples: [valueExamples[name]] }
  }
}
