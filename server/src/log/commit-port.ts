// Two ways to a segment log: through a worker thread, so that no fsync ever blocks the caller's event loop, and in
// the same process, for simulations. The thread is started again when it dies; what was under way then gets LOG_IO
// (it may be in the log all the same, as when a reply is lost).

import { Worker } from 'node:worker_threads'
import { appendFault } from './fault.ts'
import type { CommitPort, PackedGroup } from './group-commit.ts'
import type { LogFault, LogHead } from './record.ts'
import type { Report, SegmentLog, SegmentLogLimits, SegmentLogState } from './segment-log.ts'

export type LogPort = CommitPort & {
  state(): SegmentLogState
  /** The second's work: retention, recovery, sealing. */
  tick(nowMs: number): void
  close(): Promise<void>
}

/** What the commit thread is started with. */
export type ThreadStart = { dir: string; limits: SegmentLogLimits }

export type ToThread =
  | { kind: 'commit'; buffer: ArrayBuffer; bytes: number; records: number; events: number }
  | { kind: 'tick'; nowMs: number }
  | { kind: 'close' }

export type FromThread =
  | { kind: 'opened'; state: SegmentLogState }
  | { kind: 'failed'; message: string }
  | { kind: 'committed'; buffer: ArrayBuffer; fault: LogFault | null; head: LogHead; bytes: number }
  | { kind: 'state'; state: SegmentLogState }
  | { kind: 'report'; level: 'info' | 'warn' | 'error'; details: object; message: string }
  | { kind: 'closed' }

type CommitDone = Parameters<CommitPort['commit']>[1]

const restartMs = 1_000

/** Starts the thread and waits until its log is open; throws in one sentence when it cannot be opened. */
export async function openThreadPort(start: ThreadStart, report: Report): Promise<LogPort> {
  const port = new ThreadPort(start, report)
  await port.opened
  return port
}

/** The same process. `later` decides when a commit's outcome is told; a simulation may delay or reorder it with time. */
export function openDirectPort(log: SegmentLog, later: (call: () => void) => void): LogPort {
  return {
    commit: ({ buffer, bytes, records, events }, done) => {
      later(() => done(log.commit(buffer.subarray(0, bytes), records, events), buffer))
    },
    state: () => log.state(),
    tick: nowMs => log.tick(nowMs),
    close: async () => log.close(),
  }
}

class ThreadPort implements LogPort {
  readonly opened: Promise<void>
  #start: ThreadStart
  #report: Report
  #worker: Worker | null = null
  #state: SegmentLogState | null = null
  #done: CommitDone | null = null
  #closing: (() => void) | null = null
  #restart: NodeJS.Timeout | null = null

  constructor(start: ThreadStart, report: Report) {
    this.#start = start
    this.#report = report
    this.opened = new Promise((resolve, reject) => {
      this.#spawn(resolve, reject)
    })
  }

  commit(group: PackedGroup, done: CommitDone): void {
    const worker = this.#worker
    if (worker === null) {
      setImmediate(() => done(threadFault(), group.buffer))
      return
    }
    this.#done = done
    const buffer = group.buffer.buffer as ArrayBuffer
    const { bytes, records, events } = group
    const message: ToThread = { kind: 'commit', buffer, bytes, records, events }
    worker.postMessage(message, [buffer])
  }

  state(): SegmentLogState {
    const state = this.#state!
    return this.#worker === null ? { ...state, refusing: threadFault() } : state
  }

  tick(nowMs: number): void {
    const message: ToThread = { kind: 'tick', nowMs }
    this.#worker?.postMessage(message)
  }

  async close(): Promise<void> {
    if (this.#restart !== null) clearTimeout(this.#restart)
    const worker = this.#worker
    if (worker === null) return
    await new Promise<void>(resolve => {
      this.#closing = resolve
      const message: ToThread = { kind: 'close' }
      worker.postMessage(message)
    })
    await worker.terminate()
  }

  #spawn(opened: () => void, failed: (error: Error) => void): void {
    const worker = new Worker(new URL('./commit-thread.ts', import.meta.url), { workerData: this.#start })
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'opened') {
        this.#worker = worker
        this.#state = message.state
        opened()
      } else if (message.kind === 'failed') {
        failed(new Error(message.message))
      } else {
        this.#hear(message)
      }
    })
    worker.on('error', error => this.#report('error', { err: error }, 'The thread that writes the log died'))
    worker.on('exit', () => {
      failed(new Error('Cannot open the log because its thread must stay alive: it ended'))
      if (this.#worker === worker) this.#lose()
    })
  }

  #hear(message: FromThread): void {
    switch (message.kind) {
      case 'committed': {
        const done = this.#done
        this.#done = null
        this.#state = { ...this.#state!, head: message.head, bytes: message.bytes, refusing: message.fault }
        done?.(message.fault, Buffer.from(message.buffer))
        break
      }
      case 'state':
        this.#state = message.state
        break
      case 'report':
        this.#report(message.level, message.details, message.message)
        break
      case 'closed':
        this.#worker = null
        this.#closing?.()
        break
    }
  }

  /** The thread is gone: what was under way failed; another is started a second later, for as long as it takes. */
  #lose(): void {
    this.#worker = null
    const done = this.#done
    this.#done = null
    done?.(threadFault(), null)
    if (this.#closing !== null) return this.#closing()
    this.#report('error', {}, 'The log takes no appends until its thread is started again')
    const again = () => {
      this.#restart = setTimeout(() => {
        this.#spawn(() => this.#report('info', {}, 'The thread that writes the log was started again'), once(again))
      }, restartMs)
    }
    again()
  }
}

function threadFault(): LogFault {
  return appendFault('LOG_IO', 'Cannot append to the log because the thread that writes it is being started again', 2)
}

function once(call: () => void): () => void {
  let called = false
  return () => {
    if (!called) call()
    called = true
  }
}
