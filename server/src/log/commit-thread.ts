// The worker thread that owns the log's disk: one message is one commit, one insert, one fsync. Sealing runs in a
// thread of its own (seal-thread.ts), so that a checkpoint's writes are never in a commit's way.

import { randomUUID } from 'node:crypto'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import type { FromThread, ThreadStart, ToThread } from './commit-port.ts'
import type { SegmentName } from './store.ts'
import { SegmentLog } from './segment-log.ts'
import { openSqliteStore, tidySqliteStore } from './sqlite-store.ts'

const { dir, limits } = workerData as ThreadStart
const main = parentPort!

function tell(message: FromThread, transfer: ArrayBuffer[] = []): void {
  main.postMessage(message, transfer)
}

function report(level: 'info' | 'warn' | 'error', details: object, message: string): void {
  tell({ kind: 'report', level, details, message })
}

let sealer: Worker | null = null
let sealing: number | null = null

function seal(name: SegmentName): void {
  if (sealing !== null) return
  sealing = name.number
  if (sealer === null) {
    sealer = new Worker(new URL('./seal-thread.ts', import.meta.url), { workerData: dir })
    sealer.on('message', (failure: string | null) => {
      const number = sealing!
      sealing = null
      // What could not be sealed now is tried again some ticks later.
      if (failure === null) log?.sealed()
      else log?.notSealed(number, failure)
    })
    sealer.on('error', error => report('error', { err: error }, 'The thread that seals segments died'))
    sealer.on('exit', () => {
      sealer = null
      sealing = null
    })
  }
  sealer.postMessage(name)
}

function open(): SegmentLog | null {
  try {
    const store = openSqliteStore(dir)
    tidySqliteStore(dir)
    return new SegmentLog(store, limits, { report, newId: randomUUID, seal })
  } catch (error) {
    tell({ kind: 'failed', message: (error as Error).message })
    return null
  }
}

function serve(log: SegmentLog): void {
  tell({ kind: 'opened', state: log.state() })
  main.on('message', (message: ToThread) => {
    if (message.kind === 'commit') {
      const fault = log.commit(new Uint8Array(message.buffer, 0, message.bytes), message.records, message.events)
      tell({ kind: 'committed', buffer: message.buffer, fault, place: log.place() }, [message.buffer])
    } else if (message.kind === 'tick') {
      log.tick(message.nowMs)
      tell({ kind: 'state', state: log.state() })
    } else {
      log.close()
      tell({ kind: 'closed' })
      main.close()
    }
  })
}

const log = open()
if (log !== null) serve(log)
