// A request as it goes over the wire, built before the clock starts.

import { buildEvents, type EventsText } from './events.ts'
import type { Job } from './job.ts'

/** `bodyAt` is where the body's first byte is in `bytes`. */
export type Request = { bytes: Buffer; bodyAt: number; text: EventsText }

export function buildRequest(job: Job, tag: string, variant: number): Request {
  const text = buildEvents({ events: job.events, asArray: job.events > 1, tag, variant })
  const head = requestHead(job, text.bytes.length)
  return { bytes: Buffer.concat([Buffer.from(head, 'latin1'), text.bytes]), bodyAt: head.length, text }
}

/** Everything before the body. */
export function requestHead(job: Job, bodyBytes: number): string {
  return [
    `POST /v2/s2s/${job.events > 1 ? 'batch' : 'event'} HTTP/1.1`,
    `Host: 127.0.0.1:${job.port}`,
    `X-API-Key: ${job.apiKey}`,
    'Content-Type: application/json',
    `Content-Length: ${bodyBytes}`,
    '\r\n',
  ].join('\r\n')
}
