// A NATS server that is cut off from the others still takes connections, but nothing of ours is ever agreed on there: who is
// connected to it would be refused everything while the others go on. So each connection asks what only somebody can answer
// who hears from most of them, and goes to another server after a few silences, or when an append is not acknowledged. When
// that does not help, it is the servers that are away: it goes ever less often.

import { setTimeout as sleep } from 'node:timers/promises'
import type { NatsConnection } from '@nats-io/transport-node'
import type { LogLogger } from '../log.ts'

const askMs = 2_000
const answerMsMax = 2_000
const silencesMax = 2
const pauseMsMin = 10_000
const pauseMsMax = 120_000
/** The library tries the same server first; it is told again then. */
const reconnectMs = 1_000

const doubts = new WeakMap<NatsConnection, () => void>()

/** Watches a connection that could go to other servers, until it is closed. */
export function leaveWhenCutOff(connection: NatsConnection, logger: LogLogger): void {
  let pauseMs = pauseMsMin
  let leftAtMs = Number.NEGATIVE_INFINITY

  const leave = async () => {
    if (performance.now() - leftAtMs < pauseMs) return
    leftAtMs = performance.now()
    pauseMs = Math.min(pauseMsMax, pauseMs * 2)
    const server = connection.getServer()
    logger.warn({ server }, 'this server of NATS agrees on nothing with the others: another one is gone to')
    for (let i = 0; i < 2 && connection.getServer() === server && !connection.isClosed(); i++) {
      await connection.reconnect()
      await sleep(reconnectMs, undefined, { ref: false })
    }
  }
  const watch = async () => {
    let silences = 0
    while (!connection.isClosed()) {
      await sleep(askMs, undefined, { ref: false })
      if (await isAnswered(connection)) {
        silences = 0
        if (performance.now() - leftAtMs > pauseMs) pauseMs = pauseMsMin
      } else if (++silences >= silencesMax) await leave()
    }
  }
  doubts.set(connection, () => void leave().catch(() => {}))
  void watch().catch(() => {})
}

/** Something that most servers must agree on was not acknowledged in time. */
export function doubtServer(connection: NatsConnection): void {
  doubts.get(connection)?.()
}

/** Whether JetStream is there: the account's own state is told by who leads all of it. */
export async function isAnswered(connection: NatsConnection): Promise<boolean> {
  try {
    const reply = await connection.request('$JS.API.INFO', '', { timeout: answerMsMax })
    return reply.json<{ error?: unknown }>().error === undefined
  } catch {
    return false
  }
}
