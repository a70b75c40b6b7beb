// The door of the client: sends events to DataPulse Server Events from Node 20 on, Bun, Deno and edge runtimes. Only `fetch`
// and what else the web's runtimes share. The spool on a disk has a door of its own, `spool.ts`, which is Node's.

export type { Rule, Violation } from '@datapulse/contract'
export { DataPulseClient, type Stats } from './client.ts'
export { DataPulseError, type ErrorCode } from './error.ts'
export type { Amount, AnyEvent, Asked, EventFields, EventOf, Id } from './event.ts'
export type { Notice } from './notice.ts'
export type { ClientOptions } from './options.ts'
export type { OpenSpool, Outcome, Tracked } from './outbox.ts'
export type { Fetch } from './world.ts'
