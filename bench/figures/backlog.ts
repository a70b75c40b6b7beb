// A backlog: events that are in the log and that no pipeline has seen. Made by the API alone, as it would come about: a
// server whose pipeline is away.

import { generate } from '../load/load.ts'
import { startServer } from '../rig/server.ts'
import { batchEvents } from './highest-rate.ts'

const secondsMax = 600

/** Posts at least `events` events in batches to an API that runs alone, and stops it. Gives the events acknowledged. */
export async function fillBacklog(dataDir: string, events: number, watch?: (apiPid: number) => void): Promise<number> {
  const server = await startServer({ dataDir, role: 'api', core: null })
  try {
    watch?.(server.pids()['api'] ?? 0)
    const outcome = await generate(
      {
        port: server.port,
        apiKey: server.apiKey,
        events: batchEvents,
        connections: 8,
        warmSeconds: 0,
        seconds: secondsMax,
        loop: { kind: 'closed' },
        requestsMax: Math.ceil(events / batchEvents),
      },
      null,
    )
    if (outcome.eventsAcknowledged < events)
      throw new Error(
        `Cannot make a backlog of ${events} events because the API acknowledged only ${outcome.eventsAcknowledged}: ` +
          JSON.stringify(outcome.failures),
      )
    return outcome.eventsAcknowledged
  } finally {
    await server.stop()
  }
}
