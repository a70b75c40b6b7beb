// What became of a file, in words and as JSON.

import { failureOf } from '../failure.ts'
import type { Output } from '../output.ts'
import type { Sent } from './send.ts'

export function reportOf(sent: Sent): object {
  const { read, accepted, rejected, requests, retries, seconds, rejectedPath, resumedAt, misspelled } = sent
  return {
    sent: read,
    accepted,
    rejected,
    unknown: read - accepted - rejected,
    requests,
    retries,
    seconds: Math.round(seconds * 1_000) / 1_000,
    rejected_file: rejected > 0 ? rejectedPath : null,
    resumed_at: resumedAt,
    complete: sent.fault === null && !sent.stopped,
    ...(sent.dryRun && { dry_run: true, misspelled }),
  }
}

export function tellReport(sent: Sent, output: Output): void {
  const { read, accepted, rejected, requests, retries, seconds, rejectedPath, resumedAt, dryRun, fault } = sent
  const unknown = read - accepted - rejected
  const took = `in ${requests} requests (${retries} tried again) and ${seconds.toFixed(1)} s`
  if (dryRun)
    output.line(`Nothing was stored. ${read} events read, ${accepted} are good, ${rejected} are not, ${took}.`)
  else output.line(`${read} events read, ${accepted} accepted, ${rejected} rejected, ${took}.`)
  if (resumedAt !== null) output.line(`It went on behind the ${resumedAt} events that had their outcome before.`)
  for (const { sent: key, expected, events } of sent.misspelled)
    output.line(`${events} events have ${key}, which is no field: ${expected} is meant?`)
  if (rejected > 0)
    output.line(
      `The rejected events and what is wrong with them are in ${rejectedPath}: correct them there, and send that file.`,
    )
  if (unknown > 0) output.line(`${unknown} events have no known outcome.`)
  if (sent.stopped) output.line('It was stopped.')
  if (fault !== null) output.line(`It is not the whole file: ${failureOf(fault).code}.`)
  if ((sent.stopped || fault !== null) && sent.canResume) output.line('The same command goes on from there.')
}
