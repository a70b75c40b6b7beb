// The writing half of the log over a stream: several lanes at once, so that one acknowledgement is not waited for by all.
// A record goes to a lane that waits for nothing, or to the one that gathers least. A lane that has ended is replaced.
//
// While the connection is lost, records wait for it to come back, as long as an acknowledgement may take; after that they
// are refused at once until it does.

import { randomUUID } from 'node:crypto'
import type { NatsConnection } from '@nats-io/transport-node'
import { appendFault, closedFault } from '../fault.ts'
import { GroupCommit, type GroupLimits } from '../group-commit.ts'
import type { LogLogger } from '../log.ts'
import type { LogFault, LogRecord, LogStatus, LogWriter, PackedRecords } from '../record.ts'
import { Acknowledged } from './acknowledged.ts'
import { type Follower, openFollower } from './follower.ts'
import { weaknessOf } from './connection.ts'
import { Lane } from './lane.ts'
import { laneIdleMsMax } from './lane-book.ts'
import { idOf, type LogStream, wentBackWords } from './stream.ts'

export type NatsWriterOptions = {
  /** Null where there is none: in a simulation. */
  connection: NatsConnection | null
  stream: LogStream
  limits: GroupLimits
  now: () => number
  logger: LogLogger
  lanes?: number
  ackMsMax?: number
  /** For simulations: UUIDs, and what calls back a little later. */
  newId?: () => string
  soon?: (call: () => void) => void
}

const lanesUsual = 3
const ackMsUsual = 8_000
const tryMs = 2_000
const retryMs = 50
const tickMs = 1_000
const closeMs = 10_000
/** Sentences that are told. */
const damageMax = 10

type Track = { lane: Lane; groups: GroupCommit }

export async function openNatsWriter(options: NatsWriterOptions): Promise<LogWriter> {
  const { stream, logger } = options
  const follower = await followerOf(stream, logger)
  const writer = new NatsLogWriter(options, follower, idOf(await stream.info()))
  await writer.tick()
  return writer
}

async function followerOf(stream: LogStream, logger: LogLogger): Promise<Follower> {
  const { last } = await stream.places()
  return openFollower({ stream, from: last, keepsMarks: false, logger })
}

class NatsLogWriter implements LogWriter {
  #options: NatsWriterOptions
  #follower: Follower
  #tracks: Track[] = []
  #id: string
  #timer: NodeJS.Timeout
  #bytes = 0
  #messages = 0
  /** The first message that is there, and the record that it begins with. */
  #firstSeq = 0
  #oldestOffset = 0
  #consumedOffset = 0
  #commits = 0
  #records = 0
  #commitMsLast = 0
  #lostAtMs: number | null = null
  #damage: string[] = []
  #ahead = new Acknowledged()
  #closed: Promise<void> | null = null

  constructor(options: NatsWriterOptions, follower: Follower, id: string) {
    this.#options = options
    this.#follower = follower
    this.#id = id
    for (let i = 0; i < (options.lanes ?? lanesUsual); i++) this.#tracks.push(this.#newTrack())
    this.#timer = setInterval(() => void this.tick(), tickMs)
    this.#timer.unref()
    void this.#watch()
  }

  append(record: LogRecord, done: (fault: LogFault | null) => void): void {
    if (this.#isOpen(done)) this.#track().groups.append(record, done)
  }

  appendPacked(packed: PackedRecords, done: (fault: LogFault | null) => void): void {
    if (this.#isOpen(done)) this.#track().groups.appendPacked(packed, done)
  }

  #isOpen(done: (fault: LogFault | null) => void): boolean {
    const refusing = this.#closed === null ? this.#refusing() : closedFault()
    if (refusing !== null) setImmediate(done, refusing)
    return refusing === null
  }

  status(): LogStatus {
    const { offset, events } = this.#ahead.endAfter(this.#follower.head())
    return {
      id: this.#id,
      head: { offset, events },
      oldestOffset: this.#oldestOffset,
      consumedOffset: this.#consumedOffset,
      bytes: this.#bytes,
      segments: this.#messages,
      unsealed: 0,
      pendingBytes: this.#tracks.reduce((sum, { groups }) => sum + groups.pendingBytes, 0),
      damage: [...this.#damage],
      refusing: this.#refusing(),
      ...this.#weaker(),
      commits: this.#commits,
      records: this.#records,
      commitMsLast: this.#commitMsLast,
    }
  }

  /** The second's work: what is told of the stream. */
  async tick(): Promise<void> {
    const { stream } = this.#options
    try {
      const { state } = await stream.info()
      this.#bytes = state.bytes
      this.#messages = state.messages
      if (state.first_seq !== this.#firstSeq) {
        this.#oldestOffset = (await stream.places()).marks[0]?.offset ?? 0
        this.#firstSeq = state.first_seq
      }
      if (this.#follower.wentBack()) await this.#followAnew()
      this.#consumedOffset = (await stream.marks.consumed())?.offset ?? 0
    } catch {
      // It is told as it was; whether the connection is lost is seen elsewhere.
    }
  }

  async #followAnew(): Promise<void> {
    const { stream, logger } = this.#options
    const follower = await followerOf(stream, logger)
    this.#follower.close()
    this.#follower = follower
    this.#ahead = new Acknowledged()
    this.#damage.push(`${new Date(this.#options.now()).toISOString()}: ${wentBackWords(stream.name)}`)
    this.#damage.splice(0, this.#damage.length - damageMax)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const idle = this.#tracks.map(({ groups }) => new Promise<void>(resolve => groups.whenIdle(resolve)))
    await Promise.race([Promise.all(idle), new Promise(resolve => setTimeout(resolve, closeMs).unref())])
    for (const { groups } of this.#tracks) groups.failWaiting(closedFault())
    clearInterval(this.#timer)
    this.#follower.close()
  }

  /** One that waits for nothing, else the one that has least to do. */
  #track(): Track {
    let best = 0
    for (let i = 0; i < this.#tracks.length; i++) {
      const track = this.#tracks[i] as Track
      if (track.groups.pendingBytes === 0) return this.#fresh(i)
      if (track.groups.pendingBytes < (this.#tracks[best] as Track).groups.pendingBytes) best = i
    }
    return this.#tracks[best] as Track
  }

  /** A lane that ended, or was silent for so long that readers take it for ended, is replaced while it has nothing to do. */
  #fresh(index: number): Track {
    const track = this.#tracks[index] as Track
    if (!track.lane.ended && this.#options.now() - track.lane.lastMs < laneIdleMsMax) return track
    const next = this.#newTrack()
    this.#tracks[index] = next
    return next
  }

  #newTrack(): Track {
    const { stream, limits, now, newId, soon = setImmediate, logger, ...more } = this.#options
    const { ackMsMax = ackMsUsual, lanes = lanesUsual } = more
    const lane = new Lane({
      stream,
      id: (newId ?? randomUUID)().replaceAll('-', ''),
      limits: { ackMsMax, tryMs, retryMs },
      now,
      logger,
    })
    const own = { ...limits, pendingBytesMax: Math.floor(limits.pendingBytesMax / lanes) }
    const groups = new GroupCommit({ commit: (group, done) => this.#timed(lane, group, done) }, own, soon)
    return { lane, groups }
  }

  #timed(lane: Lane, ...[group, done]: Parameters<Lane['commit']>): void {
    const started = performance.now()
    const { records, events } = group
    lane.commit(group, (fault, buffer) => {
      this.#commitMsLast = performance.now() - started
      if (fault === null) {
        this.#commits++
        this.#records += records
        this.#ahead.add({ seq: lane.lastSeq, records, events })
      }
      done(fault, buffer)
    })
  }

  /** Of the server that is connected: others of a cluster are of its version, but for the time of an upgrade. */
  #weaker(): Pick<LogStatus, 'weaker'> {
    const { connection, stream } = this.#options
    const { version = '' } = connection?.info ?? {}
    const weaker = version === '' ? null : weaknessOf(version, stream.replicas)
    return weaker === null ? {} : { weaker }
  }

  #refusing(): LogFault | null {
    const { now, ackMsMax = ackMsUsual } = this.#options
    if (this.#lostAtMs === null || now() - this.#lostAtMs < ackMsMax) return null
    return appendFault('LOG_IO', 'Cannot append to the log because its servers must be reached: they are away', 2)
  }

  async #watch(): Promise<void> {
    const { connection, now, logger } = this.#options
    if (connection === null) return
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') {
        this.#lostAtMs ??= now()
        logger.warn({}, 'the connection to the servers of the log is lost')
      } else if (type === 'reconnect') {
        this.#lostAtMs = null
        logger.info({}, 'the servers of the log are there again')
      }
    }
  }
}
