// Who else is ready to work on shares of the log, and which each of them has: asked of everybody at once, so that who is
// there is who answers. From it follows who takes a free share and who gives one away.
//
//   subject  datapulse.ask.peers     reply: {id, shares: [0, 2]}

import type { NatsConnection } from '@nats-io/transport-node'
import type { Logger } from '../pipeline/pace.ts'

export type Peer = { id: string; shares: number[] }

export type Peers = {
  /** How many shares the others have, as heard last; nobody's before the first answers. */
  others(): readonly Peer[]
  close(): void
}

const subject = 'datapulse.ask.peers'
const askEveryMs = 2_000
const answerMsMax = 500
const peersMax = 1_000
/** A share that those with fewest do not take is taken by whoever is there. */
const freeMsMax = 6_000

export function openPeers(connection: NatsConnection, own: () => Peer, logger: Logger): Peers {
  let others: Peer[] = []
  const subscription = connection.subscribe(subject, {
    callback: (fault, message) => {
      if (fault === null) message.respond(JSON.stringify(own()))
    },
  })
  const ask = async () => {
    const heard: Peer[] = []
    try {
      const replies = await connection.requestMany(subject, '', { maxWait: answerMsMax, maxMessages: peersMax })
      for await (const reply of replies) heard.push(reply.json<Peer>())
      others = heard.filter(({ id }) => id !== own().id)
    } catch (cause) {
      logger.warn({ cause: String(cause) }, 'it cannot be told who else works on the log: it is asked again')
    }
  }
  void ask()
  const timer = setInterval(() => void ask(), askEveryMs)
  timer.unref()
  return {
    others: () => others,
    close() {
      clearInterval(timer)
      subscription.unsubscribe()
    },
  }
}

/** Whoever has fewest takes a share that is free; after a while anybody. */
export function mayTakeShare(own: Peer, others: readonly Peer[], freeMs: number): boolean {
  return freeMs >= freeMsMax || others.every(({ shares }) => own.shares.length <= shares.length)
}

/** The share to give away, when somebody has at least two fewer; of those with most, one at a time gives. */
export function shareToGive(own: Peer, others: readonly Peer[]): number | null {
  const count = own.shares.length
  const fewest = Math.min(count, ...others.map(({ shares }) => shares.length))
  const isFirst = others.every(({ id, shares }) => shares.length < count || (shares.length === count && own.id < id))
  return count - fewest >= 2 && isFirst ? (own.shares.at(-1) ?? null) : null
}
