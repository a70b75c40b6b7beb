// Two ways to a segment log: through a worker thread, so that no fsync ever blocks the caller's event loop, and in
// the same process, for simulations. The thread is started again when it dies; what was under way then gets LOG_IO
// (it may be in the log all the same, as when a reply is lost).

import { Worker } from 'node:worker_threads'
import { appendFault } from './fault.ts'
import type { CommitPort, PackedGroup } from './group-commit.ts'
import type { LogFault } from './record.ts'
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
  | { kind: 'committed'; buffer: ArrayBuffer; fault: LogFault | null; place: ReturnType<SegmentLog['place']> }
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
  /** The newest thread, and the same once it has opened the log. */
  #thread: Worker | null = null
  #worker: Worker | null = null
  #state: SegmentLogState | null = null
  #done: CommitDone | null = null
  #closed = false
  #whenClosed: () => void = () => {}
  #restart: NodeJS.Timeout | null = null

  constructor(start: ThreadStart, report: Report) {
    this.#start = start
    this.#report = report
    this.opened = new Promise((resolve, reject) => {
      this.#spawn(error => (error === null ? resolve() : reject(error)))
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
    this.#closed = true
    if (this.#restart !== null) clearTimeout(this.#restart)
    const worker = this.#worker
    if (worker !== null) {
      await new Promise<void>(resolve => {
        this.#whenClosed = resolve
        const message: ToThread = { kind: 'close' }
        worker.postMessage(message)
      })
    }
    await this.#thread?.terminate()
  }

  /** Starts a thread and says once whether it opened the log. */
  #spawn(settled: (error: Error | null) => void): void {
    const worker = new Worker(new URL('./commit-thread.ts', import.meta.url), { workerData: this.#start })
    let open = false
    let told = false
    const settle = (error: Error | null) => {
      if (!told) settled(error)
      told = true
    }
    this.#thread = worker
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'failed') return settle(new Error(message.message))
      if (message.kind !== 'opened') return this.#hear(message)
      open = true
      this.#state = message.state
      if (!this.#closed) this.#worker = worker
      settle(null)
    })
    worker.on('error', error => this.#report('error', { err: error }, 'The thread that writes the log died'))
    worker.on('exit', () => {
      settle(new Error('Cannot open the log because its thread must stay alive: it ended'))
      if (open && this.#worker === worker) this.#lose()
    })
  }

  #hear(message: FromThread): void {
    switch (message.kind) {
      case 'committed': {
        const done = this.#done
        this.#done = null
        this.#state = { ...this.#state!, ...message.place }
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
        this.#whenClosed()
        break
    }
  }

  /** The thread is gone: what was under way failed; another is started a second later, for as long as it takes. */
  #lose(): void {
    this.#worker = null
    const done = this.#done
    this.#done = null
    done?.(lostFault(), null)
    if (this.#closed) return this.#whenClosed()
    this.#report('error', {}, 'The log takes no appends until its thread is started again')
    this.#spawnLater()
  }

  #spawnLater(): void {
    if (this.#closed) return
    this.#restart = setTimeout(() => {
      this.#spawn(error => {
        if (error === null) return this.#report('info', {}, 'The thread that writes the log was started again')
        this.#report('error', { err: error }, 'The thread that writes the log could not be started again yet')
        this.#spawnLater()
      })
    }, restartMs)
  }
}

/** A commit was under way: nobody knows whether it was synced before the thread died. */
function lostFault(): LogFault {
  const message =
    'Cannot tell whether the log has the append because the thread that writes it ended: it may or may not have been kept; send again with the same transaction_id or message_id'
  return appendFault('LOG_IO', message, 2)
}

function threadFault(): LogFault {
  return appendFault('LOG_IO', 'Cannot append to the log because the thread that writes it is being started again', 2)
}
