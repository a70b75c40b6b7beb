// The headers of replies.

import { limits } from '../limits.ts'
import type { Schema } from './event-schemas.ts'

type Header = { description: string; required?: true; schema: Schema; example?: unknown }

export const headers = {
  'X-Request-Id': {
    description: 'The id of the request, a UUIDv7. Name it when you ask what became of something.',
    required: true,
    schema: { type: 'string', format: 'uuid' },
    example: '019b1c7e-5c1e-7d3a-9a54-2f4c3b1d9e10',
  },
  'RateLimit-Policy': {
    description: `How many requests your key may send in how many seconds (rolling), as draft-ietf-httpapi-ratelimit-headers-10 has it. ${limits.requestsPerMinuteDefault} unless your key has a limit of its own. In every reply to a known key.`,
    schema: { type: 'string', pattern: '^"default";q=[0-9]+;w=[0-9]+$' },
    example: `"default";q=${limits.requestsPerMinuteDefault};w=${limits.rateWindowMs / 1000}`,
  },
  RateLimit: {
    description:
      'How many requests are left (`r`), and in how many seconds the next one comes free (`t`). In every reply to a known key.',
    schema: { type: 'string', pattern: '^"default";r=[0-9]+;t=[0-9]+$' },
    example: '"default";r=12;t=7',
  },
  'Retry-After': {
    description: 'Whole seconds after which to send again.',
    schema: { type: 'integer', minimum: 1 },
    example: 7,
  },
  Allow: {
    description: 'The methods that this path takes.',
    required: true,
    schema: { type: 'string' },
    example: 'POST',
  },
  'Accept-Encoding': {
    description: 'The encodings that are understood, where it is the `Content-Encoding` that is not.',
    schema: { type: 'string', const: 'gzip, br, zstd' },
    example: 'gzip, br, zstd',
  },
  'X-Ingest-Mode': {
    description: 'Only in the answer to a dry run. A real write never has it.',
    schema: { type: 'string', const: 'dryrun' },
    example: 'dryrun',
  },
  ETag: {
    description: 'Of this version of the document.',
    required: true,
    schema: { type: 'string' },
    example: '"5f1d0c2b7a9e4c38"',
  },
  'Content-Encoding': {
    description: 'Where `Accept-Encoding` takes it.',
    schema: { type: 'string', const: 'gzip' },
    example: 'gzip',
  },
  Vary: {
    description: 'By which header of the request the answer differs.',
    schema: { type: 'string', const: 'Accept-Encoding' },
    example: 'Accept-Encoding',
  },
  'Cache-Control': {
    description: 'A copy may be kept, and is asked about before it is used.',
    schema: { type: 'string', const: 'no-cache' },
    example: 'no-cache',
  },
  'X-Content-Type-Options': {
    description: 'The type is as told.',
    schema: { type: 'string', const: 'nosniff' },
    example: 'nosniff',
  },
  'Referrer-Policy': {
    description: 'Where a reader came from is told to nobody.',
    schema: { type: 'string', const: 'no-referrer' },
    example: 'no-referrer',
  },
} as const satisfies Record<string, Header>

export type HeaderName = keyof typeof headers

/** References to headers; `always`: required in this reply though they are not in every one. */
export function headerRefs(names: readonly HeaderName[], always: readonly HeaderName[] = []): Record<string, unknown> {
  return Object.fromEntries(
    names.map(name => [
      name,
      always.includes(name) ? { ...headers[name], required: true } : { $ref: `#/components/headers/${name}` },
    ]),
  )
}
