// The lease of one share of the log, in NATS key-value: one process has it, and says so every two seconds. Who waits takes it
// when nothing was said for ten, by the clock of the one who waits, so that no clocks are compared. Every change is made on
// the condition that nobody else made one: so a process that was away and comes back cannot note anything any more, and
// ends. It ends by itself too when it could not say anything for six seconds. A process that finds its own name
// (lease-owner.ts) has come after the one that had the lease, and takes it at once.
//
//   bucket datapulse-marks   owner.<share>: {owner, epoch, beat, pending}

import { setTimeout as sleep } from 'node:timers/promises'
import type { KV } from '@nats-io/kv'
import { isOvertaken } from '../jetstream-faults.ts'
import type { Pending } from '../pipeline/index/identity-index.ts'
import type { Logger } from '../pipeline/pace.ts'
import type { Ownership } from '../pipeline/ownership.ts'
import { entryJson } from './entry-json.ts'

export type ShareLease = Ownership & {
  /** Grows by one each time that the share gets another owner. */
  epoch: number
  /** Resolves with the reason when the share is not this process's any more; never after `release`. */
  lost: Promise<string>
  /** Lets others have it at once. */
  release(): Promise<void>
}

export type ShareLeaseParts = {
  bucket: KV
  share: number
  /** The name of this process, which no two that run at a time have. */
  owner: string
  logger: Logger
  /** Resolves when nobody wants the lease any more. */
  cancelled?: Promise<unknown>
  /** Called once when another process is found to have the share. */
  onAnother?: () => void
  /** Whether a share that nobody has had for so long is wanted just now; by default it always is. */
  mayTake?: (freeMs: number) => boolean
  times?: LeaseTimes
}

/** Milliseconds. `lostMs` must be well below `takeMs`. */
export type LeaseTimes = { beatMs: number; lostMs: number; takeMs: number; lookMs: number }

const usual: LeaseTimes = { beatMs: 2_000, lostMs: 6_000, takeMs: 10_000, lookMs: 500 }
const gone = "the share is not this process's any more"

type Document = { owner: string; epoch: number; beat: number; pending: Pending | null }

/** Waits for the share, for as long as it takes; null when it was cancelled meanwhile. */
export async function takeShare(parts: ShareLeaseParts): Promise<ShareLease | null> {
  const { bucket, share, owner, logger, times = usual, mayTake = () => true, onAnother } = parts
  const key = `owner.${share}`
  let cancelled = false
  void parts.cancelled?.then(() => {
    cancelled = true
  })
  let seen = { revision: -1, atMs: performance.now() }
  let freeSinceMs: number | null = null
  let told = false
  while (!cancelled) {
    try {
      const entry = await bucket.get(key)
      const found = entryJson(entry) as Document | null
      if (entry !== null && entry.revision !== seen.revision)
        seen = { revision: entry.revision, atMs: performance.now() }
      const isSilent = performance.now() - seen.atMs >= times.takeMs
      const isFree = found === null || found.owner === '' || found.owner === owner || isSilent
      freeSinceMs = isFree ? (freeSinceMs ?? performance.now()) : null
      if (freeSinceMs !== null && mayTake(performance.now() - freeSinceMs)) {
        const taken = { owner, epoch: (found?.epoch ?? 0) + 1, beat: 0, pending: found?.pending ?? null }
        const revision = await change(bucket, key, taken, entry?.revision ?? 0)
        if (revision !== null) {
          logger.info(
            { share, epoch: taken.epoch, after: found?.owner === '' ? 'none' : (found?.owner ?? 'none') },
            'this process has the share',
          )
          return new Lease(parts, key, taken, revision, times)
        }
      } else if (!told && found !== null && !isFree) {
        told = true
        onAnother?.()
        logger.info({ share, owner: found.owner }, 'another process has the share: it is waited for')
      }
    } catch (cause) {
      logger.warn({ share, cause: String(cause) }, 'it cannot be told who has the share: it is asked again')
    }
    await sleep(times.lookMs)
  }
  return null
}

class Lease implements ShareLease {
  readonly epoch: number
  readonly lost: Promise<string>
  #bucket: KV
  #key: string
  #times: LeaseTimes
  #document: Document
  #revision: number
  #saidMs = performance.now()
  #lose: (reason: string) => void
  #turn: Promise<unknown> = Promise.resolve()
  #isOver = false
  #timer: NodeJS.Timeout

  constructor({ bucket }: ShareLeaseParts, key: string, document: Document, revision: number, times: LeaseTimes) {
    this.#bucket = bucket
    this.#key = key
    this.#times = times
    this.#document = document
    this.#revision = revision
    this.epoch = document.epoch
    const { promise, resolve } = Promise.withResolvers<string>()
    this.lost = promise
    this.#lose = resolve
    this.#timer = setInterval(() => void this.#beat(), times.beatMs)
  }

  pending(): Pending | null {
    return this.#document.pending
  }

  begin(pending: Pending): Promise<void> {
    return this.#sayAtLast({ pending })
  }

  hold(): Promise<void> {
    return this.#sayAtLast({})
  }

  async #sayAtLast(changed: Partial<Document>): Promise<void> {
    for (;;) {
      if (this.#isOver) throw new Error(gone)
      try {
        await this.#say(changed)
        return
      } catch {
        // The servers are away: either they come back, or the share is given up.
        await sleep(this.#times.lookMs)
      }
    }
  }

  async release(): Promise<void> {
    if (this.#isOver) return
    await this.#say({ owner: '' }).catch(() => {})
    this.#end()
  }

  async #beat(): Promise<void> {
    try {
      await this.#say({})
    } catch (cause) {
      const silentMs = performance.now() - this.#saidMs
      if (silentMs >= this.#times.lostMs)
        this.#giveUp(`nothing could be said for ${Math.round(silentMs)} ms: ${String(cause)}`)
    }
  }

  /** One change after the other. Throws without an answer, and when the share is another's. */
  #say(changed: Partial<Document>): Promise<void> {
    const said = this.#turn.then(() => this.#change(changed))
    this.#turn = said.catch(() => {})
    return said
  }

  async #change(changed: Partial<Document>): Promise<void> {
    if (this.#isOver) throw new Error(gone)
    const document = { ...this.#document, ...changed, beat: this.#document.beat + 1 }
    for (;;) {
      const askedMs = performance.now()
      const revision = await change(this.#bucket, this.#key, document, this.#revision)
      if (revision !== null) {
        this.#document = document
        this.#revision = revision
        this.#saidMs = askedMs
        return
      }
      // It may have been this process itself, by a change whose answer was lost: then the next goes on top of that.
      const entry = await this.#bucket.get(this.#key)
      const found = entryJson(entry) as Document | null
      if (entry === null || found?.owner !== this.#document.owner || found.epoch !== this.epoch) {
        this.#giveUp('another process has taken it')
        throw new Error(gone)
      }
      this.#revision = entry.revision
    }
  }

  #giveUp(reason: string): void {
    if (this.#isOver) return
    this.#end()
    this.#lose(reason)
  }

  #end(): void {
    this.#isOver = true
    clearInterval(this.#timer)
  }
}

/** The revision of the change, or null when somebody else made one. */
async function change(bucket: KV, key: string, document: Document, revision: number): Promise<number | null> {
  const text = JSON.stringify(document)
  try {
    return revision === 0 ? await bucket.create(key, text) : await bucket.update(key, text, revision)
  } catch (cause) {
    if (isOvertaken((cause as { code?: number }).code)) return null
    throw cause
  }
}
