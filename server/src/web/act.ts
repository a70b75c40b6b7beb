// An act: what a route of the admin API does that changes something. Each has a stable name, and its route says what is
// recorded of it; doing it goes through here, once for all routes. Recorded before it is done, so that an act in which
// this process died is seen as begun; and how it ended before it is answered.
// Where nothing can be recorded nothing is done. Where only the end cannot be, the answer is still the truth: it says
// what was done, and the entry stays `begun`, which the log tells.

import type { ActOutcome, ActTold, Audit, Caller, WebLogger } from './needs.ts'
import { badParameters, Refusal, refusalOf, refusals } from './problem.ts'
import type { Answer, Asked } from './routes.ts'

export type Act = {
  /** `what.verb`; never changed. */
  name: string
  /** What is recorded before it is done, of what was sent: not checked yet, so take named fields only, and no secret. */
  on: (asked: Asked) => ActTold
  /** What the answer adds when it is done. */
  done?: (answer: Answer) => ActTold
}

/** The parts that recording needs; `fault` is called when an entry could not be written. */
export type Recording = { audit: Audit; logger: WebLogger; fault: () => void }

export async function doRecorded(
  { act, answer: doIt }: { act: Act; answer: (asked: Asked) => Promise<Answer> },
  asked: Asked,
  caller: Caller,
  recording: Recording,
): Promise<Answer> {
  const told = act.on(asked)
  const end = begin({ act: act.name, ...told, ...caller }, recording)
  let answer: Answer
  try {
    answer = await doIt(asked)
  } catch (error) {
    const code = refusalOf(error)?.code ?? 'INTERNAL'
    end({ outcome: refusals[code][0] < 500 ? 'refused' : 'failed', code })
    throw error
  }
  end({ outcome: 'done', ...act.done?.(answer) })
  return answer
}

/** Who they say they are, by the header X-Actor. Throws a Refusal when that is no name. */
export function readActor(header: string | undefined): string | null {
  const name = header?.trim()
  if (name === undefined || name === '') return null
  if (/^[\x20-\x7e]{1,100}$/.test(name)) return name
  throw badParameters([{ name: 'X-Actor', message: 'X-Actor must be 1 to 100 printable ASCII characters' }])
}

/** A field as text, where it is one or a number; else null. */
export function sentField(sent: unknown, name: string): string | null {
  const value = fieldsOf(sent)[name]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

/** Those of the named fields that are there. */
export function sentFields(sent: unknown, ...names: readonly string[]): Record<string, unknown> {
  const fields = fieldsOf(sent)
  return Object.fromEntries(names.filter(name => fields[name] != null).map(name => [name, fields[name]]))
}

function begin(intent: Parameters<Audit['begin']>[0], { audit, logger, fault }: Recording) {
  const failed = (cause: unknown, message: string) => {
    fault()
    logger.error({ act: intent.act, target: intent.target, cause: String(cause) }, message)
  }
  let end: (outcome: ActOutcome) => void
  try {
    end = audit.begin(intent)
  } catch (cause) {
    failed(cause, 'an act could not be recorded, so it was not done')
    const headers = { 'retry-after': '30' }
    throw new Refusal('AUDIT_AWAY', 'The act could not be recorded, so nothing was done: see the server log', {
      headers,
    })
  }
  return (outcome: ActOutcome) => {
    try {
      end(outcome)
    } catch (cause) {
      failed(cause, `an act ended (${outcome.outcome}), which could not be recorded`)
    }
  }
}

function fieldsOf(sent: unknown): Record<string, unknown> {
  return typeof sent === 'object' && sent !== null ? (sent as Record<string, unknown>) : {}
}
