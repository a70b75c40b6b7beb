// What roles ask of each other. The api role asks the web role for everything that needs a large database or the warehouse,
// which the api does not open. Over the web role's socket; when it is away, slow or has too much to do, the api answers
// 500 with Retry-After.
//
//   POST /dry-run    a line of JSON (DryRunQuestion), then the body    -> the reply's body
//   POST /reprocess  (to the pipeline role) a range of receipt             -> whether it was begun
//   POST /rollups    (to the pipeline role)                     -> the build that is up to date, or null
//   POST /resolve    (to the pipeline role) a decision about a conflict    -> what came of it, or `busy`
//   POST /backup     (to the pipeline role) {to, check}                    -> null, or why it was not begun
//   POST /backup-check  (to the pipeline role) {from}                      -> null, or why it was not begun
//   POST /backups    (to the pipeline role)                     -> what backups there are, and the last check
//   POST /replay     (to the api role) a line of JSON (ReplayHead), then a batch  -> {requestId} or {problem}
//   POST /reconciliation  a line of JSON (ReconciliationQuestion)        -> the reply's body
//   POST /receipts   a line of JSON (ReceiptsQuestion)                 -> the reply's body, or null

import { randomUUIDv7 } from 'node:crypto'
import type { Api } from '../api/api.ts'
import type { Answers, ReceiptsQuestion, ReconciliationQuestion } from '../api/asking.ts'
import type { Config } from '../config.ts'
import { askQuestion, type RoleQuestions } from '../role-socket.ts'
import type { LogRecord } from '../log/record.ts'
import { limits } from '../limits.ts'
import type { Rolling } from '../pipeline/rolling.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { Resolved, ResolveWish } from '../pipeline/resolve.ts'
import type { ReprocessRange } from '../pipeline/reprocess.ts'
import type { Derive } from '../steps/derive.ts'
import { type DryRunQuestion, dryRun } from '../steps/dry-run.ts'
import type { Backups, BackupsTold } from './backups.ts'
import type { ReadReceipts } from './receipts.ts'
import type { AskPipeline } from './remote-questions.ts'
import { showFound } from './shown-receipts.ts'

const timeoutMs = 10_000
/** A question over months takes what questions may take. */
const slowTimeoutMs = 40_000
const newline = 0x0a

/** The api's side. */
export function askWeb(config: Config): Answers {
  return {
    reconciliation: question => askQuestion(config.dataDir, 'web', 'reconciliation', withHead(question), slowTimeoutMs),
    receipts: question => askQuestion(config.dataDir, 'web', 'receipts', withHead(question), timeoutMs),
    dryRun: (question, body) => askQuestion(config.dataDir, 'web', 'dry-run', withHead(question, body), timeoutMs),
  }
}

/** What is told of a product's books; see warehouse/asking/reconciliation.ts. */
export type Reconcile = (question: ReconciliationQuestion) => Promise<object>

/** The web role's side. */
export function answersOfWeb(derive: Derive, readReceipts: ReadReceipts, reconcile: Reconcile): RoleQuestions {
  return {
    reconciliation: async bytes => JSON.stringify(await reconcile(apart(bytes).head as ReconciliationQuestion)),
    receipts: async bytes => {
      const question = apart(bytes).head as ReceiptsQuestion
      const receipts = await readReceipts(question)
      if (receipts === null) return 'null'
      return JSON.stringify(showFound(question, receipts))
    },
    'dry-run': async bytes => {
      const { head, body } = apart(bytes)
      return dryRun(head as DryRunQuestion, body, derive)
    },
  }
}

/** What the api role needs to know of events that are sent again. */
export type ReplayHead = Pick<LogRecord, 'product' | 'keyId' | 'mode' | 'events' | 'positions' | 'replayOf'> & {
  idempotencyKey: string
}

/** The api role's side: it alone writes the log. */
export function answersOfApi(api: Pick<Api, 'append'>, now: () => number): RoleQuestions {
  return {
    replay: async bytes => {
      const { head, body } = apart(bytes)
      const { idempotencyKey, ...whose } = head as ReplayHead
      const requestId = randomUUIDv7()
      const key = idempotencyKey === '' ? {} : { idempotencyKey }
      const fault = await api.append({ kind: 'batch', requestId, ...whose, ...key, receivedMs: now(), body })
      return JSON.stringify(fault === null ? { requestId } : { problem: fault.message })
    },
  }
}

/** Hands a batch to the api role. Throws a fault with `code` when it is not durable. */
export async function askReplay(config: Config, head: ReplayHead, batch: Uint8Array): Promise<string> {
  const asked = await askQuestion(config.dataDir, 'api', 'replay', withHead(head, batch), timeoutMs)
  const told =
    'answer' in asked ? (JSON.parse(asked.answer.toString()) as { requestId?: string; problem?: string }) : {}
  if (told.requestId !== undefined) return told.requestId
  const why = told.problem ?? ('fault' in asked ? asked.fault : '')
  throw Object.assign(new Error(`The API could not take the events: ${why}`), { code: 'API_AWAY' })
}

/** The pipeline role's side. */
export function answersOfPipeline(
  pipeline: Pick<Pipeline, 'reprocess' | 'resolve'> & Pick<Rolling, 'upToDate'>,
  backups: Pick<Backups, 'start' | 'check' | 'list'>,
): RoleQuestions {
  return {
    rollups: async () => JSON.stringify(await pipeline.upToDate(limits.rollWaitMs)),
    reprocess: async bytes => JSON.stringify(pipeline.reprocess(apart(bytes).head as ReprocessRange)),
    resolve: async bytes => JSON.stringify(await pipeline.resolve(apart(bytes).head as ResolveWish)),
    backup: async bytes => {
      const { to, check } = apart(bytes).head as BackupWish
      return JSON.stringify(await backups.start(to, check))
    },
    'backup-check': async bytes => JSON.stringify(await backups.check((apart(bytes).head as { from: string }).from)),
    backups: async () => JSON.stringify(await backups.list()),
  }
}

/** The build of the rollups that has everything that is loaded; null when there is none just now. */
export async function askRollups(ask: AskPipeline): Promise<string | null> {
  const asked = await ask('rollups', withHead({}), timeoutMs)
  return 'answer' in asked ? (JSON.parse(asked.answer.toString()) as string | null) : null
}

export type BackupWish = { to: string; check: boolean }

/** Asks the pipeline role to begin a backup, or to check one: true, why not, or null when it is away. */
export async function askBackup(
  ask: AskPipeline,
  ...[question, wish]: ['backup', BackupWish] | ['backup-check', { from: string }]
): Promise<true | string | null> {
  const asked = await ask(question, withHead(wish), timeoutMs)
  return 'answer' in asked ? ((JSON.parse(asked.answer.toString()) as string | null) ?? true) : null
}

/** What backups there are; null when the pipeline role is away. */
export async function askBackups(ask: AskPipeline): Promise<BackupsTold | null> {
  const asked = await ask('backups', withHead({}), statusTimeoutMs)
  return 'answer' in asked ? (JSON.parse(asked.answer.toString()) as BackupsTold) : null
}

/** Asks the pipeline role; null when it is away, or could not: then it may yet be done. */
export async function askResolve(ask: AskPipeline, wish: ResolveWish): Promise<Resolved | 'busy' | null> {
  const asked = await ask('resolve', withHead(wish), slowTimeoutMs)
  return 'answer' in asked ? (JSON.parse(asked.answer.toString()) as Resolved | 'busy') : null
}

/** Asks the pipeline role; null when it is away. */
export async function askReprocess(ask: AskPipeline, range: ReprocessRange): Promise<boolean | null> {
  const asked = await ask('reprocess', withHead(range), timeoutMs)
  return 'answer' in asked ? (JSON.parse(asked.answer.toString()) as boolean) : null
}

/** How the pipeline role stands; null when it is away. */
export async function askPipelineStatus<Told>(ask: AskPipeline): Promise<Told | null> {
  const asked = await ask('status', withHead({}), statusTimeoutMs)
  return 'answer' in asked ? (JSON.parse(asked.answer.toString()) as Told) : null
}

const statusTimeoutMs = 500

function withHead(head: object, body: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body])
}

function apart(bytes: Buffer): { head: unknown; body: Buffer } {
  const end = bytes.indexOf(newline)
  return { head: JSON.parse(bytes.subarray(0, end).toString()) as unknown, body: bytes.subarray(end + 1) }
}
