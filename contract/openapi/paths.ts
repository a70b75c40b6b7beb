// Every operation of the public port: what it takes and what it may answer.

import { limits } from '../limits.ts'
import {
  acceptedExample,
  aliveExample,
  batchAcceptedExample,
  dryRunBatchExample,
  dryRunExample,
  foundReceiptsExample,
  partlyExample,
  readyExample,
  reconciliationExample,
  requestReceiptExample,
  unavailableExample,
} from './answer-examples.ts'
import { requestIdExample } from './error-examples.ts'
import { headerRefs, type HeaderName } from './headers.ts'
import { responseName } from './responses.ts'
import { batchExamples, eventExamples, type Example, misspelledExample } from './sent-examples.ts'

type Examples = Record<string, Example>

const always: HeaderName[] = ['X-Request-Id']
const toKey: HeaderName[] = ['RateLimit-Policy', 'RateLimit']
const ofCopy: HeaderName[] = ['ETag', 'Cache-Control', 'Vary']

const isOn = 'Off when absent, `0`, `false` or `no`; on with any other value, or none.'

export const parameters = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'For events without an id of their own: make one for each request (a UUID will do), and send the same one when you send the same request again. Another event under a used key is another event, flagged `idempotency_reused`.',
    schema: { type: 'string', maxLength: limits.idempotencyKeyCharactersMax, pattern: '^[\\x20-\\x7e]*$' },
  },
  ContentEncoding: {
    name: 'Content-Encoding',
    in: 'header',
    description: 'How the body is compressed. One in zstd must have a window of at most 8 MiB, as RFC 9659 has it.',
    schema: { type: 'string', enum: ['gzip', 'br', 'zstd', 'identity'] },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The `ETag` of the copy that you have.',
    schema: { type: 'string' },
  },
  DryRun: {
    name: 'dryrun',
    in: 'query',
    description: `Check the request and answer what it would be stored as; nothing is stored. It goes through the code of a real write, and counts towards the key's limit. ${isOn}`,
    schema: { type: 'string' },
  },
  Partial: {
    name: 'partial',
    in: 'query',
    description: `Keep the good events of a batch that has bad ones, and say which were not taken. When none is good, the answer is the ordinary 400. ${isOn}`,
    schema: { type: 'string' },
  },
}

export const paths = {
  '/v2/s2s/event': {
    post: {
      operationId: 'sendEvent',
      tags: ['Events'],
      summary: 'Send one event',
      description: 'Answers 200 once the event is durable.',
      parameters: [parameter('DryRun'), parameter('IdempotencyKey'), parameter('ContentEncoding')],
      requestBody: json('Event', { ...eventExamples, misspelled: misspelledExample }, true),
      responses: {
        200: {
          description: 'The event is durable; or, with `dryrun`, would be.',
          headers: headerRefs([...always, ...toKey, 'X-Ingest-Mode'], toKey),
          ...json(['Accepted', 'DryRunEvent'], { accepted: acceptedExample, dryRun: dryRunExample }),
        },
        ...refusals(400, 401, 405, 408, 413, 415, 429, 431, 500),
      },
    },
  },
  '/v2/s2s/batch': {
    post: {
      operationId: 'sendBatch',
      tags: ['Events'],
      summary: 'Send a batch of events',
      description: `Takes 1 to ${limits.batchEventsMax.toLocaleString('en')} events, and answers 200 once all of them are durable. A batch counts as one request, whatever it holds.`,
      parameters: [
        parameter('DryRun'),
        parameter('Partial'),
        parameter('IdempotencyKey'),
        parameter('ContentEncoding'),
      ],
      requestBody: json('Batch', batchExamples, true),
      responses: {
        200: {
          description:
            'All events are durable; with `partial`, those that are counted as accepted; with `dryrun`, none.',
          headers: headerRefs([...always, ...toKey, 'X-Ingest-Mode'], toKey),
          ...json(['Accepted', 'PartlyAccepted', 'DryRunBatch'], {
            accepted: batchAcceptedExample,
            partly: partlyExample,
            dryRun: dryRunBatchExample,
          }),
        },
        ...refusals(400, 401, 405, 408, 413, 415, 429, 431, 500),
      },
    },
  },
  '/v2/s2s/requests/{request_id}': {
    get: {
      operationId: 'getRequest',
      tags: ['Receipts'],
      summary: 'What became of a request',
      description:
        'Every event of the request, at any moment from its answer on. Only of your own product and kind of key.',
      parameters: [
        {
          name: 'request_id',
          in: 'path',
          required: true,
          description: 'As in the answer to the request, and in its `X-Request-Id`.',
          schema: { type: 'string', format: 'uuid' },
          example: requestIdExample,
        },
      ],
      responses: answered('RequestReceipt', { request: requestReceiptExample }),
    },
  },
  '/v2/s2s/requests': {
    get: {
      operationId: 'findRequests',
      tags: ['Receipts'],
      summary: 'What became of events, by an id of yours',
      description: 'For whoever never got an answer. Give one of the ids, once, and nothing else.',
      parameters: [
        idParameter('transaction_id', 'The `transaction_id` of the events.', limits.idBytesMax, 'tx_554433'),
        idParameter('message_id', 'The `message_id` of the events.', limits.idBytesMax, 'msg_20260101_0001'),
        idParameter('idempotency_key', 'The `Idempotency-Key` of the request.', limits.idempotencyKeyCharactersMax),
      ],
      responses: answered('FoundReceipts', { found: foundReceiptsExample }),
    },
  },
  '/v2/s2s/reconciliation': {
    get: {
      operationId: 'reconcile',
      tags: ['Receipts'],
      summary: 'Counts and sums, to compare with your own books',
      description:
        'What there is of each day, event name and currency, to the last digit. It says what is processed; what is queued follows within a second or so.',
      parameters: [
        dayParameter('from', 'The first day, UTC.', '2026-06-01'),
        dayParameter(
          'to',
          `The day behind the last, UTC: 1 to ${limits.reconciliationDaysMax} after \`from\`.`,
          '2026-07-01',
        ),
        {
          name: 'by',
          in: 'query',
          description: "Whose day it is: that of the event's own `timestamp`, or that on which it was received.",
          schema: { type: 'string', enum: ['event', 'received'], default: 'event' },
          example: 'event',
        },
      ],
      responses: answered('Reconciliation', { month: reconciliationExample }, [404]),
    },
  },
  '/healthz': {
    get: {
      operationId: 'isAlive',
      tags: ['Server'],
      summary: 'Whether the server answers',
      security: [],
      responses: {
        200: {
          description: 'It does.',
          headers: headerRefs(always),
          ...json('Alive', { alive: aliveExample }),
        },
        ...refusals(400, 405, 408, 431),
      },
    },
  },
  '/readyz': {
    get: {
      operationId: 'isReady',
      tags: ['Server'],
      summary: 'Whether events are taken, and which part is not ready',
      description:
        'What comes after the log may be down without harm to what is sent: then it is named, and the answer is still 200.',
      security: [],
      responses: {
        200: {
          description: 'Events are taken.',
          headers: headerRefs(always),
          ...json('Readiness', { ready: readyExample }),
        },
        503: {
          description: 'Events are not taken just now. (No route that takes events answers 503.)',
          headers: headerRefs(always),
          ...json('Readiness', { unavailable: unavailableExample }),
        },
        ...refusals(400, 405, 408, 431),
      },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'getDocument',
      tags: ['Server'],
      summary: 'This document',
      description: 'Send its `ETag` in `If-None-Match`, and get 304 for as long as it is the same.',
      security: [],
      parameters: [parameter('IfNoneMatch')],
      responses: {
        200: {
          description: 'An OpenAPI document.',
          headers: headerRefs([...always, ...ofCopy, 'Content-Encoding', 'X-Content-Type-Options', 'Referrer-Policy']),
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['openapi'],
                properties: { openapi: { type: 'string' } },
                additionalProperties: true,
              },
              examples: { begins: documentExample() },
            },
          },
        },
        304: { description: 'It is the same.', headers: headerRefs([...always, ...ofCopy]) },
        ...refusals(400, 405, 408, 431, 500),
      },
    },
  },
}

function parameter(name: keyof typeof parameters): object {
  return { $ref: `#/components/parameters/${name}` }
}

function idParameter(name: string, description: string, bytesMax: number, example?: string): object {
  const schema = { type: 'string', minLength: 1, maxLength: bytesMax, 'x-max-bytes': bytesMax }
  return { name, in: 'query', description, schema, ...(example !== undefined && { example }) }
}

function dayParameter(name: string, description: string, example: string): object {
  return { name, in: 'query', required: true, description, schema: { type: 'string', format: 'date' }, example }
}

function json(schema: string | string[], examples: Examples, required?: true): object {
  const refs = [schema].flat().map(name => ({ $ref: `#/components/schemas/${name}` }))
  return {
    ...(required && { required }),
    content: { 'application/json': { schema: refs.length === 1 ? refs[0] : { anyOf: refs }, examples } },
  }
}

function answered(schema: string, examples: Examples, never: number[] = []): object {
  const statuses = [400, 401, 404, 405, 408, 429, 431, 500].filter(status => !never.includes(status))
  return {
    200: { description: 'Found.', headers: headerRefs([...always, ...toKey], toKey), ...json(schema, examples) },
    ...refusals(...statuses),
  }
}

function refusals(...statuses: number[]): Record<string, object> {
  return Object.fromEntries(
    statuses.map(status => [status, { $ref: `#/components/responses/${responseName(status)}` }]),
  )
}

function documentExample(): Example {
  return { summary: 'Its beginning', value: { openapi: '3.1.1', info: { title: 'DataPulse Server Events API' } } }
}
