// Several threads that take requests on one port: the main thread has what they share. It puts what they gathered into the
// log, several gatherings under one sync, and decides about the windows of keys, by itself or by those that processes share,
// so that limits hold across threads and outlive the process. A thread that ends takes the process with it, which is started
// again: half a door would be a lie.

import { createServer } from 'node:net'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Api, ApiStatus } from '../api/api.ts'
import { type Admission, openLocalAdmission } from '../api/admission.ts'
import { Limiter } from '../api/limiter.ts'
import { openSharedAdmission, type SharedAnswer } from '../api/shared-admission.ts'
import type { Config } from '../config.ts'
import type { LogFault, LogRecord, LogWriter } from '../log/record.ts'
import type { Logger } from '../logger.ts'
import { added } from './added.ts'
import { sharedWindowsIn } from './api-parts.ts'
import type { FromWorker, ToWorker, WorkerStart } from './api-worker-messages.ts'
import { statusOfShares } from './share-log.ts'

type Waiting = Map<number, (fault: LogFault | null) => void>

const tickMs = 1_000

/** `writers`: of each share. */
export async function openApiWorkers(
  config: Config,
  writers: readonly Pick<LogWriter, 'appendPacked' | 'status'>[],
  logger: Logger,
): Promise<Api> {
  const { apiWorkers: count } = config
  const limiter = new Limiter(join(config.dataDir, 'api'), Date.now(), logger)
  const local = openLocalAdmission(limiter, Date.now)
  const shared = await sharedWindowsIn(config, logger)
  const admission = shared === null ? local : openSharedAdmission(shared, local, limiter, Date.now)
  const statuses: (ApiStatus | null)[] = Array.from({ length: count }, () => null)
  const appends: Waiting = new Map()
  const workers: Worker[] = []
  let asked = 0
  let closing = false

  const hear = (index: number, worker: Worker, message: FromWorker) => {
    const say = (reply: ToWorker, transfer: ArrayBuffer[] = []) => worker.postMessage(reply, transfer)
    switch (message.kind) {
      case 'commit': {
        const { id, share, buffer, bytes, records, events } = message
        writers[share]?.appendPacked({ bytes: new Uint8Array(buffer, 0, bytes), records, events }, fault =>
          say({ kind: 'committed', id, buffer, fault }, [buffer]),
        )
        break
      }
      case 'admit':
        void admit(admission, message).then(answer => say({ kind: 'admitted', id: message.id, answer }))
        break
      case 'appended':
        appends.get(message.id)?.(message.fault)
        appends.delete(message.id)
        break
      case 'status':
        statuses[index] = message.status
        break
      case 'told':
        logger[message.level]({ worker: index, ...message.fields }, message.message)
        break
      default:
    }
  }
  const start = async (index: number, port: number): Promise<number> => {
    const workerData: WorkerStart = { config, index, count, port }
    const worker = new Worker(new URL('./api-worker-thread.ts', import.meta.url), { workerData })
    workers.push(worker)
    const listening = Promise.withResolvers<number>()
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'listening') listening.resolve(message.port)
      else if (message.kind === 'failed')
        listening.reject(Object.assign(new Error(message.message), { code: message.code }))
      else hear(index, worker, message)
    })
    worker.on('error', fault => {
      listening.reject(fault)
      if (!closing) throw fault
    })
    worker.on('exit', code => {
      listening.reject(new Error(`Worker ${index} of the api ended with code ${code}.`))
      if (!closing) throw new Error(`Worker ${index} of the api ended with code ${code}.`)
    })
    return listening.promise
  }

  // Two servers that both share a port would not notice each other: one that does not share it would.
  const port = await freePort(config)
  try {
    for (let index = 0; index < count; index++) await start(index, port)
  } catch (cause) {
    closing = true
    await Promise.all(workers.map(worker => worker.terminate()))
    admission.close()
    throw cause
  }
  const timer = setInterval(() => {
    admission.tick()
    const status = statusOfShares(writers.map(writer => writer.status()))
    for (const worker of workers) worker.postMessage({ kind: 'log', status } satisfies ToWorker)
  }, tickMs)

  return {
    port,
    status: () => ({ ...sumOf(statuses), ...admission.status() }),
    append: (record: LogRecord) =>
      new Promise(resolve => {
        const id = ++asked
        appends.set(id, resolve)
        workers[0]?.postMessage({ kind: 'append', id, record } satisfies ToWorker)
      }),
    async close() {
      closing = true
      await Promise.all(workers.map(closed))
      clearInterval(timer)
      admission.close()
    },
  }
}

function admit(
  admission: Admission,
  { keyId, limit, wanted }: Extract<FromWorker, { kind: 'admit' }>,
): Promise<SharedAnswer> {
  const key = admission.open(keyId, limit)
  const { promise, resolve } = Promise.withResolvers<SharedAnswer>()
  let admitted = 0
  let waitMs = 0
  let unanswered = wanted
  for (let i = 0; i < wanted; i++)
    admission.admit(key, limit, verdict => {
      if (verdict.admitted) admitted++
      else waitMs = verdict.waitMs
      if (--unanswered === 0) resolve({ admitted, ...admission.standing(key, limit), waitMs })
    })
  return promise
}

/** The port that is configured, or a free one; rejects when somebody else has it. */
async function freePort({ host, port }: Config): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(port, host, resolve)
  })
  const { port: found } = probe.address() as { port: number }
  await new Promise(resolve => probe.close(resolve))
  return found
}

async function closed(worker: Worker): Promise<void> {
  const done = new Promise<void>(resolve => {
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'closed') resolve()
    })
    worker.once('exit', () => resolve())
  })
  worker.postMessage({ kind: 'close' } satisfies ToWorker)
  await done
  await worker.terminate()
}

/** What the threads counted, added up. */
function sumOf(statuses: readonly (ApiStatus | null)[]): ApiStatus {
  return statuses.filter(status => status !== null).reduce((sum, status) => added(sum, status) as ApiStatus)
}
