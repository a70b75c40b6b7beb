// The shares of the log that this process works on, of those that several processes divide among them: a share is taken when
// it is free and nobody else has fewer, given away when somebody has two fewer, and let go of when its lease is lost. What
// works on a share finishes the load that is running first, and whoever has it next goes on from there.

import { setTimeout as sleep } from 'node:timers/promises'
import type { KV } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Logger } from '../pipeline/pace.ts'
import type { RoleQuestions } from '../role-socket.ts'
import type { PipelineShare } from './pipeline-share.ts'
import { answerOverNats } from './remote-questions.ts'
import { type ShareLease, takeShare } from './share-lease.ts'
import { mayTakeShare, openPeers, type Peer, shareToGive } from './share-peers.ts'

export type ShareTurnsParts = {
  connection: NatsConnection
  bucket: KV
  shares: number
  /** The name under which this process has leases. */
  owner: string
  /** Begins the work on a share. */
  open(share: number, lease: ShareLease): Promise<PipelineShare>
  logger: Logger
}

export type ShareTurns = {
  /** Those that are worked on just now, by number. */
  own(): ReadonlyMap<number, PipelineShare>
  /** Whether each share has been begun here, or found to be another's, since the start: on a fresh warehouse there are no tables before. */
  knowsAll(): boolean
  close(): Promise<void>
}

const retryMs = 1_000
const lookMs = 500
/** One given away is taken by then, and the others have heard of it. */
const betweenGiftsMs = 6_000

export function openShareTurns(parts: ShareTurnsParts): ShareTurns {
  const { connection, bucket, shares, owner, logger } = parts
  const closing = Promise.withResolvers<void>()
  let closed = false
  /** In the order in which they were taken. */
  const taken = new Set<number>()
  const working = new Map<number, PipelineShare>()
  const known = new Set<number>()
  const gifts = new Map<number, () => void>()
  const own = (): Peer => ({ id: owner, shares: [...taken] })
  const peers = openPeers(connection, own, logger)

  const turn = async (share: number) => {
    const mayTake = (freeMs: number) => mayTakeShare(own(), peers.others(), freeMs)
    const onAnother = () => void known.add(share)
    const lease = await takeShare({ bucket, share, owner, logger, cancelled: closing.promise, mayTake, onAnother })
    if (lease === null) return
    const given = Promise.withResolvers<string>()
    taken.add(share)
    gifts.set(share, () => given.resolve('another process has fewer'))
    try {
      const work = await parts.open(share, lease)
      working.set(share, work)
      known.add(share)
      const questions: RoleQuestions = { ...work.answers, status: async () => JSON.stringify(work.status()) }
      const stop = answerOverNats(connection, share, questions)
      const why = await Promise.race([lease.lost, given.promise, closing.promise])
      if (why !== undefined) logger.warn({ share, why }, 'this process has the share no more')
      stop()
      working.delete(share)
      await work.close()
    } finally {
      gifts.delete(share)
      taken.delete(share)
      await lease.release()
    }
  }
  const takeTurns = async (share: number) => {
    while (!closed) {
      try {
        await turn(share)
      } catch (cause) {
        logger.warn({ share, cause: String(cause) }, 'the share cannot be worked on: it is tried again')
        await Promise.race([closing.promise, sleep(retryMs)])
      }
    }
  }
  const give = async () => {
    while (!closed) {
      const share = shareToGive(own(), peers.others())
      if (share !== null) gifts.get(share)?.()
      await Promise.race([closing.promise, sleep(share === null ? lookMs : betweenGiftsMs)])
    }
  }
  const ended = Promise.all([...Array.from({ length: shares }, (_, share) => takeTurns(share)), give()])

  return {
    own: () => working,
    knowsAll: () => known.size === shares,
    async close() {
      closed = true
      closing.resolve()
      await ended
      peers.close()
    },
  }
}
