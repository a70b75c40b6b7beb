// One of several threads that take requests on the public port. It has a door of its own; what all must share is the main
// thread's (api-workers.ts): the log, to which it hands what it has gathered, and the windows of keys, which it asks about.

import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { openApi } from '../api/api.ts'
import type { SharedWindows } from '../api/shared-admission.ts'
import { limits } from '../limits.ts'
import { type CommitPort, GroupCommit } from '../log/group-commit.ts'
import type { LogStatus } from '../log/record.ts'
import { openSite } from '../site/site.ts'
import { askWeb } from './answers.ts'
import { mortalLog, readiness } from './api-parts.ts'
import type { FromWorker, ToWorker, WorkerStart } from './api-worker-messages.ts'
import { openPlaces } from './configured-log.ts'
import { appendToShares } from './share-log.ts'

const port = parentPort ?? neverAlone()
const { config, index, count, port: publicPort } = workerData as WorkerStart
const tell = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)
const told = (level: 'info' | 'warn' | 'error') => (fields: object, message: string) =>
  tell({ kind: 'told', level, fields, message })
const logger = { info: told('info'), warn: told('warn'), error: told('error') }
const statusMs = 250

let asked = 0
const commits = new Map<number, Parameters<CommitPort['commit']>[1]>()
const admissions = new Map<number, (answer: Awaited<ReturnType<SharedWindows['admit']>>) => void>()
let logStatus: LogStatus | null = null

/** What is one process's is divided among its threads. */
const ownPart = (whole: number) => Math.max(1, Math.floor(whole / count))

const groups = Array.from({ length: config.shares }, (_, share) => groupsOf(share))

/** The main thread has the windows, or asks where several processes share them; it is always there. */
const mainWindows: SharedWindows = {
  isThere: () => true,
  admit: (keyId, limit, wanted) =>
    new Promise(resolve => {
      const id = ++asked
      admissions.set(id, resolve)
      tell({ kind: 'admit', id, keyId, limit, wanted })
    }),
  close() {},
}

/** What is gathered for a share of the log goes to the main thread, which has it. */
function groupsOf(share: number): GroupCommit {
  const commit: CommitPort['commit'] = ({ buffer, bytes, records, events }, done) => {
    const id = ++asked
    commits.set(id, done)
    const travelling = buffer.buffer as ArrayBuffer
    tell({ kind: 'commit', id, share, buffer: travelling, bytes, records, events }, [travelling])
  }
  return new GroupCommit({ commit }, { ...limits, pendingBytesMax: ownPart(limits.pendingBytesMax) }, setImmediate)
}

async function open(): Promise<void> {
  const places = openPlaces(config, 'api', logger)
  const accounts = await places.accounts()
  const log = { ...appendToShares(groups), status: () => logStatus ?? ({ refusing: null } as LogStatus) }
  const api = await openApi({
    accounts,
    log: mortalLog(log, config),
    host: config.host,
    port: publicPort,
    reusePort: true,
    now: Date.now,
    logger,
    limits: {
      ...limits,
      bodiesInFlightBytesMax: ownPart(limits.bodiesInFlightBytesMax),
      connectionsMax: ownPart(limits.connectionsMax),
      askingMax: ownPart(limits.askingMax),
      rejectionsPerMinuteMax: ownPart(limits.rejectionsPerMinuteMax),
      rejectionBytesPerMinuteMax: ownPart(limits.rejectionBytesPerMinuteMax),
      rejectionBytesPerMinuteInAllMax: ownPart(limits.rejectionBytesPerMinuteInAllMax),
    },
    trustedProxies: config.trustedProxies,
    unknownKeysDir: join(config.dataDir, 'api'),
    windowsDir: join(config.dataDir, 'api', `worker-${index}`),
    sharedWindows: mainWindows,
    readiness: () => readiness(config),
    answers: askWeb(config),
    pages: openSite(),
  })
  const tellStatus = () => tell({ kind: 'status', status: api.status() })
  const timer = setInterval(tellStatus, statusMs)
  const close = async () => {
    await api.close()
    await Promise.all(groups.map(own => new Promise<void>(resolve => own.whenIdle(resolve))))
    clearInterval(timer)
    tellStatus()
    accounts.close()
    await places.close()
    tell({ kind: 'closed' })
  }
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'append') {
      const { id, record } = message
      void api.append(record).then(fault => tell({ kind: 'appended', id, fault }))
    } else if (message.kind === 'close') void close()
  })
  tellStatus()
  tell({ kind: 'listening', port: api.port })
}

port.on('message', (message: ToWorker) => {
  if (message.kind === 'committed') {
    const done = commits.get(message.id)
    commits.delete(message.id)
    done?.(message.fault, Buffer.from(message.buffer))
  } else if (message.kind === 'admitted') {
    const resolve = admissions.get(message.id)
    admissions.delete(message.id)
    resolve?.(message.answer)
  } else if (message.kind === 'log') logStatus = message.status
})

function neverAlone(): never {
  throw new Error('This is a thread of the api role, and is started by it.')
}

open().catch((cause: Error & { code?: string }) =>
  tell({ kind: 'failed', code: cause.code ?? '', message: cause.message }),
)
