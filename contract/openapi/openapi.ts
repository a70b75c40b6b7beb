// The OpenAPI document of the public port, made from the lists of the contract: fields, limits, codes, rules, outcomes.
//   openapi.ts       the document, and what is said of it as a whole
//   paths.ts         every operation, with its parameters and answers
//   event-schemas.ts, reply-schemas.ts, headers.ts   what these are made of
//   sent-examples.ts, refused-examples.ts, answer-examples.ts   an example of each
// Bodies of requests are described as exactly as JSON Schema can: what it accepts the server accepts, and beyond it only
// space around a value, where it is trimmed. Tests send every example to a server, and read every answer against this.

import { limits } from '../limits.ts'
import { eventSchemas } from './event-schemas.ts'
import { headers } from './headers.ts'
import { parameters, paths } from './paths.ts'
import { replySchemas } from './reply-schemas.ts'
import { responses, type ServerLimits } from './responses.ts'

export type { ServerLimits } from './responses.ts'

/** JSON, as far as this needs to know. */
export type OpenApiDocument = Record<string, unknown>

export function openApiDocument(version: string, serverLimits: ServerLimits): OpenApiDocument {
  return {
    openapi: '3.1.1',
    info: { title: 'DataPulse Server Events API', version, summary, description },
    servers: [{ url: '/', description: 'The server that this document comes from.' }],
    externalDocs: { url: '/docs', description: 'Guides and references' },
    security: [{ apiKey: [] }],
    tags,
    paths,
    components: {
      securitySchemes: { apiKey },
      schemas: { ...eventSchemas, ...replySchemas },
      responses: responses(serverLimits),
      parameters,
      headers,
    },
  }
}

const summary = 'Takes user events from your servers, durably, and counts each of them once.'

const description = `Send what your users do (register, login, deposit, bet, win, loss, withdraw, anything) as it happens.

- **200 means durable.** The answer leaves after the events' bytes are on the disk: they survive a power cut.
- **A retry is safe.** An event with a \`transaction_id\` (money), a \`message_id\`, or in a request with an \`Idempotency-Key\` is counted once, however often it comes.
- **Retry 408, 429 and 500**, waiting longer each time, and never less than \`Retry-After\` says. Any other error stays the same until the request, or the key, changes.
- **All violations are told**, not the first. Nothing of a refused request is stored.
- **Limits**: a body of ${limits.bodyBytesMax / 1024 / 1024} MiB after decompression (past it 413) with ${limits.bodyValuesMax.toLocaleString('en')} values, a batch of ${limits.batchEventsMax.toLocaleString('en')} events, an event of ${limits.eventBytesMax / 1024} KiB, ${limits.depthMax} levels deep, with ${limits.customPropertiesMax} custom properties (past any of them 400, with the rule), and ${limits.requestsPerMinuteDefault} requests in ${limits.rateWindowMs / 1000} seconds unless your key has a limit of its own (past it 429). A batch is one request.
- When several errors apply, you get the first of 404, 405, 401, 429, 415, 413, 400.

Bodies may be compressed with gzip, br or zstd. A doubled slash before a path, and one behind it, make no difference. Header names are read in any case.`

const tags = [
  { name: 'Events', description: 'Sending events, and trying it out.' },
  { name: 'Receipts', description: 'What became of what was sent. Takes a key with the scope `read`.' },
  { name: 'Server', description: 'Whether it is there, and what it says of itself. Takes no key.' },
]

const apiKey = {
  type: 'apiKey',
  in: 'header',
  name: 'X-API-Key',
  description:
    'A key of your product, `dp_live_…` or `dp_test_…`, sent once. Events of test keys are validated and stored, and never counted. A key with the scope `ingest` may send events, one with `read` may ask for receipts and reconciliation. `Authorization` is not read.',
}
