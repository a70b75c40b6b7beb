// What the door asks of another role, because it needs what the door does not open: so many questions at once, each
// answered or not within the time that role has. Nothing here holds up an event.

import type { DryRunQuestion } from '../steps/dry-run.ts'

/** The reply's body, or why there is none. */
export type Answered = { answer: Buffer } | { fault: string }

/** Of one request, or of every event with one of the sender's own ids; of one product and mode. */
export type ReceiptsQuestion = { product: string; mode: 'live' | 'test' } & Partial<
  Record<'request' | 'transaction' | 'message' | 'idempotencyKey', string>
>

/** Days, UTC; `to` is the one behind the last. */
export type ReconciliationQuestion = {
  product: string
  mode: 'live' | 'test'
  from: string
  to: string
  by: 'event' | 'received'
}

/** Who answers. Never rejects. The answer to a question about something that is not there is `null`. */
export type Answers = {
  dryRun(question: DryRunQuestion, body: Uint8Array): Promise<Answered>
  receipts(question: ReceiptsQuestion): Promise<Answered>
  reconciliation(question: ReconciliationQuestion): Promise<Answered>
}

export class Asking {
  #answers: Answers
  #atOnceMax: number
  #running = 0

  constructor(answers: Answers, atOnceMax: number) {
    this.#answers = answers
    this.#atOnceMax = atOnceMax
  }

  dryRun(question: DryRunQuestion, body: Uint8Array): Promise<Answered> {
    return this.#ask(() => this.#answers.dryRun(question, body))
  }

  receipts(question: ReceiptsQuestion): Promise<Answered> {
    return this.#ask(() => this.#answers.receipts(question))
  }

  reconciliation(question: ReconciliationQuestion): Promise<Answered> {
    return this.#ask(() => this.#answers.reconciliation(question))
  }

  async #ask(question: () => Promise<Answered>): Promise<Answered> {
    if (this.#running >= this.#atOnceMax) return { fault: `${this.#running} questions are being answered already` }
    this.#running++
    try {
      return await question()
    } finally {
      this.#running--
    }
  }
}
