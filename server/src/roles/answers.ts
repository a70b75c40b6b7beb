// What the api role asks of the web role, and what that answers: everything that needs a large database or the warehouse,
// which the api does not open. Over the web role's socket; when it is away, slow or has too much to do, the api answers
// 500 with Retry-After.
//
//   POST /dry-run    a line of JSON (DryRunQuestion), then the body    -> the reply's body
//   POST /receipts   a line of JSON (ReceiptsQuestion)                 -> the reply's body, or null

import type { Answers, ReceiptsQuestion } from '../api/asking.ts'
import type { Config } from '../config.ts'
import { askQuestion, type RoleQuestions } from '../role-socket.ts'
import type { Derive } from '../steps/derive.ts'
import { type DryRunQuestion, dryRun } from '../steps/dry-run.ts'
import type { ReadReceipts } from './receipts.ts'
import { showReceipts, showRequest } from './shown-receipts.ts'

const timeoutMs = 10_000
const newline = 0x0a

/** The api's side. */
export function askWeb(config: Config): Answers {
  return {
    receipts: question => askQuestion(config.dataDir, 'web', 'receipts', withHead(question), timeoutMs),
    dryRun: (question, body) => askQuestion(config.dataDir, 'web', 'dry-run', withHead(question, body), timeoutMs),
  }
}

/** The web role's side. */
export function answersOfWeb(derive: Derive, readReceipts: ReadReceipts): RoleQuestions {
  return {
    receipts: async bytes => {
      const question = apart(bytes).head as ReceiptsQuestion
      const receipts = await readReceipts(question)
      if (receipts === null) return 'null'
      return JSON.stringify(question.request === undefined ? showReceipts(receipts) : showRequest(receipts))
    },
    'dry-run': async bytes => {
      const { head, body } = apart(bytes)
      return dryRun(head as DryRunQuestion, body, derive)
    },
  }
}

function withHead(head: object, body: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body])
}

function apart(bytes: Buffer): { head: unknown; body: Buffer } {
  const end = bytes.indexOf(newline)
  return { head: JSON.parse(bytes.subarray(0, end).toString()) as unknown, body: bytes.subarray(end + 1) }
}
