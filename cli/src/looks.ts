// How what the pipeline has begun is watched until it ends: it is asked again and again, and one that is busy, or is just starting
// again, is asked once more; so is a server that answered before.

import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from './failure.ts'

const lookEveryMs = 500
const unheardLooksMax = 60

/** What each look finds, until whoever looks has seen enough. Throws PIPELINE_AWAY, with this sentence, once it was away for long. */
export async function* looks<Found>(look: () => Promise<Found>, awayTooLong: string): AsyncGenerator<Found> {
  let isHeard = false
  for (let unheard = 0; ; ) {
    try {
      yield await look()
      isHeard = true
      unheard = 0
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause
      if (cause.code !== 'PIPELINE_AWAY' && !(isHeard && cause.code === 'UNREACHABLE')) throw cause
      if (unheard++ >= unheardLooksMax) throw new Failure('PIPELINE_AWAY', awayTooLong)
    }
    await sleep(lookEveryMs)
  }
}
