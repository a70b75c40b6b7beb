// The answers that say no, one for each status, with an example of each of its codes.

import type { Code } from '../codes.ts'
import { limits } from '../limits.ts'
import { errorExamples } from './error-examples.ts'
import { headerRefs, type HeaderName } from './headers.ts'
import { codesOf, errorSchemaName, statuses } from './reply-schemas.ts'

/** What the server holds to beside the contract, as far as an answer tells of it. */
export type ServerLimits = {
  headersTimeoutMs: number
  requestTimeoutMs: number
  headerBytesMax: number
  bodiesInFlightBytesMax: number
  bodiesInFlightBytesPerKeyMax: number
  badKeysPerMinuteMax: number
}

type Told = { headers: HeaderName[]; always?: HeaderName[]; more?: string }

const known: HeaderName[] = ['RateLimit-Policy', 'RateLimit']

export const responseName = (status: number): string => `Answer${status}`

export function responses(server: ServerLimits): Record<string, unknown> {
  const told = toldOf(server)
  return Object.fromEntries(statuses.map(status => [responseName(status), response(status, told[status] as Told)]))
}

function response(status: number, { headers, always = [], more = '' }: Told): object {
  const entries = codesOf(status)
  const description = entries.map(([code, { meaning }]) => `\`${code}\`: ${meaning}`).join('\n\n')
  const examples = entries.flatMap(([code]) => Object.entries(errorExamples[code as Code]))
  return {
    description: more === '' ? description : `${description}\n\n${more}`,
    headers: headerRefs(['X-Request-Id', ...headers], always),
    content: {
      'application/json': {
        schema: { $ref: `#/components/schemas/${errorSchemaName(status)}` },
        examples: Object.fromEntries(examples),
      },
    },
  }
}

function toldOf(server: ServerLimits): Record<number, Told> {
  const mebibytes = (bytes: number) => `${bytes / 1024 / 1024} MiB`
  const seconds = (ms: number) => `${ms / 1000} seconds`
  return {
    400: { headers: known, more: 'Nothing of the request is stored.' },
    401: {
      headers: [],
      more: `Unknown, revoked and expired keys are not told apart. An address with more than ${server.badKeysPerMinuteMax} of these in a minute has its connections closed.`,
    },
    404: { headers: known },
    405: { headers: ['Allow'] },
    408: {
      headers: known,
      more: `The headers must be there within ${seconds(server.headersTimeoutMs)}, all of it within ${seconds(server.requestTimeoutMs)}.`,
    },
    413: { headers: known, always: known },
    415: { headers: [...known, 'Accept-Encoding'], always: known },
    429: {
      headers: [...known, 'Retry-After'],
      always: [...known, 'Retry-After'],
      more: `In no ${limits.rateWindowMs / 1000} seconds are more requests admitted than the key's limit. A batch is one request; a dry run and a 400 count, a 401 does not.`,
    },
    431: { headers: [], more: `They may have ${server.headerBytesMax / 1024} KiB, with the first line.` },
    500: {
      headers: [...known, 'Retry-After'],
      more: `Send again. There is room for ${mebibytes(server.bodiesInFlightBytesMax)} of bodies at once, ${mebibytes(server.bodiesInFlightBytesPerKeyMax)} of one key.`,
    },
  }
}
