// Appends records in their order and waits for all of them, for who copies or moves a log.

import type { LogFault, LogRecord, LogWriter } from './record.ts'

/** Throws the first fault, with its `code`: then it cannot be told which of them are kept. */
export async function appendAll(writer: Pick<LogWriter, 'append'>, records: readonly LogRecord[]): Promise<void> {
  const append = (record: LogRecord) => new Promise<LogFault | null>(resolve => writer.append(record, resolve))
  const fault = (await Promise.all(records.map(append))).find(one => one !== null)
  if (fault != null) throw Object.assign(new Error(fault.message), { code: fault.code })
}
