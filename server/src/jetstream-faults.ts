// What JetStream answers a change that was made on a condition.

import { JetStreamApiCodes } from '@nats-io/jetstream'

const { StreamWrongLastSequence, StreamWrongLastSequenceUnknown } = JetStreamApiCodes

/** Whether somebody else's change, or an earlier try of this one, was made before it. `code`: of the error. */
export function isOvertaken(code: number | undefined): boolean {
  return code === StreamWrongLastSequence || code === StreamWrongLastSequenceUnknown
}
