// The log's faults in words: why an append was refused, and why a read must be tried again.

import type { LogFault } from './record.ts'
import { StoreError } from './store.ts'

export function appendFault(code: LogFault['code'], message: string, retryAfterSeconds = 1): LogFault {
  return { code, message, retryAfterSeconds }
}

export function faultOf(error: unknown): LogFault {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof StoreError && error.code === 'FULL') {
    return appendFault('LOG_DISK_FULL', `Cannot append to the log because the disk is full: ${message}`, 5)
  }
  return appendFault('LOG_IO', `Cannot append to the log because the disk failed: ${message}`, 2)
}

export function closedFault(): LogFault {
  return appendFault('LOG_CLOSED', 'Cannot append to the log because it must be open: it is being closed', 5)
}

/**
 * Thrown by a reader. `retry` is false when waiting does not help. `LOG_ROLLED_BACK`: what is behind a place is not what it
 * was, and has other offsets: it is to be asked anew how the log stands (`LogReader.head`, `.sure`).
 */
export class LogReadFault extends Error {
  readonly code: 'LOG_IO' | 'LOG_NEWER' | 'LOG_ABSENT' | 'LOG_ROLLED_BACK'
  readonly retry: boolean
  constructor(code: LogReadFault['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'LogReadFault'
    this.code = code
    this.retry = code !== 'LOG_NEWER' && code !== 'LOG_ROLLED_BACK'
  }
}
