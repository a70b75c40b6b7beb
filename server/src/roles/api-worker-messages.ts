// What the api role's main thread and its workers tell each other. Buffers travel, and are not copied.

import type { ApiStatus } from '../api/api.ts'
import type { SharedAnswer } from '../api/shared-admission.ts'
import type { Config } from '../config.ts'
import type { LogFault, LogRecord, LogStatus } from '../log/record.ts'

/** What a worker is started with. `host` and `port` are listened on by all of them. */
export type WorkerStart = { config: Config; index: number; count: number; port: number }

export type FromWorker =
  | { kind: 'listening'; port: number }
  | { kind: 'failed'; code: string; message: string }
  /** Packed records for a share of the log. */
  | { kind: 'commit'; id: number; share: number; buffer: ArrayBuffer; bytes: number; records: number; events: number }
  | { kind: 'admit'; id: number; keyId: string; limit: number; wanted: number }
  /** Of a record that the main thread handed over. */
  | { kind: 'appended'; id: number; fault: LogFault | null }
  | { kind: 'status'; status: ApiStatus }
  | { kind: 'told'; level: 'info' | 'warn' | 'error'; fields: object; message: string }
  | { kind: 'closed' }

export type ToWorker =
  | { kind: 'committed'; id: number; buffer: ArrayBuffer; fault: LogFault | null }
  | { kind: 'admitted'; id: number; answer: SharedAnswer }
  | { kind: 'append'; id: number; record: LogRecord }
  | { kind: 'log'; status: LogStatus }
  | { kind: 'close' }
