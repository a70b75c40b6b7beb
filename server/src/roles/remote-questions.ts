// Questions to the pipeline role from whatever machine: over its socket where there is one machine, over NATS where there are
// several, of which one has the share that is asked about.
//
//   subject  datapulse.ask.pipeline.<share>.<question>     the body as on the socket (answers.ts); `status` is one of them
//   reply    A and the answer, or F and why there is none; before that W, each second, while it works on it: who was killed
//            over a question is not waited for

import { randomUUID } from 'node:crypto'
import type { Msg, NatsConnection } from '@nats-io/transport-node'
import { askQuestion, askRole, type RoleQuestions } from '../role-socket.ts'

export type AskPipeline = (
  question: string,
  body: Uint8Array,
  timeoutMs: number,
) => Promise<{ answer: Buffer } | { fault: string }>

const subjectOf = (share: number, question: string) => `datapulse.ask.pipeline.${share}.${question}`
const answered = 0x41
const faulted = 0x46
const working = 0x57
const workingMs = 1_000
const silentMsMax = 5_000

/** Asks the pipeline of this machine. */
export function askOverSocket(dataDir: string): AskPipeline {
  return async (question, body, timeoutMs) => {
    if (question !== 'status') return askQuestion(dataDir, 'pipeline', question, body, timeoutMs)
    const told = await askRole(dataDir, 'pipeline', 'status', timeoutMs)
    return told === null ? { fault: 'away' } : { answer: Buffer.from(JSON.stringify(told)) }
  }
}

/** Asks the one that has the share. */
export function askOverNats(connection: NatsConnection, share: number): AskPipeline {
  return (question, body, timeoutMs) => {
    const asked = Promise.withResolvers<Awaited<ReturnType<AskPipeline>>>()
    const inbox = `_INBOX.${randomUUID()}`
    const replies = connection.subscribe(inbox, {
      callback: (fault, message) => {
        const [kind] = fault === null ? message.data : []
        if (kind === working) silence.refresh()
        else if (kind === answered) asked.resolve({ answer: Buffer.from(message.data.subarray(1)) })
        // What comes from NATS itself has nothing in it: nobody has the share.
        else asked.resolve({ fault: kind === faulted ? Buffer.from(message.data.subarray(1)).toString() : 'away' })
      },
    })
    const silence = setTimeout(() => asked.resolve({ fault: 'away' }), Math.min(silentMsMax, timeoutMs))
    const late = setTimeout(() => asked.resolve({ fault: `no answer in ${timeoutMs} ms` }), timeoutMs)
    try {
      connection.publish(subjectOf(share, question), body, { reply: inbox })
    } catch (cause) {
      asked.resolve({ fault: cause instanceof Error ? cause.message : String(cause) })
    }
    return asked.promise.finally(() => {
      clearTimeout(silence)
      clearTimeout(late)
      replies.unsubscribe()
    })
  }
}

/** Answers until it is told to stop. */
export function answerOverNats(connection: NatsConnection, share: number, questions: RoleQuestions): () => void {
  const answer = async (message: Msg) => {
    const question = message.subject.slice(subjectOf(share, '').length)
    const atIt = setInterval(() => {
      if (!connection.isClosed()) message.respond(Uint8Array.of(working))
    }, workingMs)
    atIt.unref()
    try {
      const said = await questions[question]?.(Buffer.from(message.data))
      if (said === undefined) return void message.respond(of(faulted, 'there is no such question'))
      message.respond(of(answered, said))
    } catch (cause) {
      message.respond(of(faulted, cause instanceof Error ? cause.message : String(cause)))
    } finally {
      clearInterval(atIt)
    }
  }
  const subscription = connection.subscribe(subjectOf(share, '*'), {
    callback: (fault, message) => {
      if (fault === null) void answer(message)
    },
  })
  return () => subscription.unsubscribe()
}

function of(kind: number, text: string): Uint8Array {
  return Buffer.concat([Buffer.of(kind), Buffer.from(text)])
}
