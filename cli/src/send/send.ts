// One file, from its first event to its last, or from where it was stopped: what is read goes out in batches, each
// outcome is written down in the order of the file, and how far it got is noted.

import { createHash, randomUUID } from 'node:crypto'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SendChoice } from '../commands/send.ts'
import { Failure } from '../failure.ts'
import type { Output } from '../output.ts'
import { gatherBatches } from './batches.ts'
import { readCsv } from './csv-pieces.ts'
import { type Journal, openJournal, type Progress } from './journal.ts'
import type { Mapping } from './mapping.ts'
import { withMessageId } from './message-id.ts'
import { cutEvents, type Piece } from './pieces.ts'
import { progressLine, type SendProgress } from './progress.ts'
import { freeRejectedPath, openRejectedFile, unwrapRejected } from './rejected-file.ts'
import { type BatchOutcome, openSender } from './sender.ts'
import { sendAll } from './sending.ts'
import { openSource, type Source } from './source.ts'
import { decodeText } from './text.ts'

export type SendWish = {
  path: string
  choice: SendChoice
  apiUrl: string
  apiKey: string
  signal: AbortSignal
  output: Output
}

export type Sent = {
  read: number
  accepted: number
  rejected: number
  requests: number
  retries: number
  seconds: number
  rejectedPath: string
  /** Behind how many events it went on; null when it began at the beginning. */
  resumedAt: number | null
  dryRun: boolean
  misspelled: { sent: string; expected: string; events: number }[]
  stopped: boolean
  /** Whether running it again goes on from there. */
  canResume: boolean
  fault: unknown
}

export async function sendFile(wish: SendWish): Promise<Sent> {
  const { path, choice, output } = wish
  const source = await openSource(path)
  let journal: Journal | null = null
  try {
    journal = openJournalOf(wish, source)
    if (journal?.isOther === true && choice.restart !== true)
      output.note('The file, or where it goes, is not what it was when it was stopped: it is sent from its beginning.')
    const sent = await sendFrom(wish, source, journal)
    if (sent.fault === null && !sent.stopped) journal?.remove()
    return sent
  } finally {
    journal?.close()
    await source.close()
  }
}

const nothing = { events: 0, accepted: 0, rejected: 0, rejectedBytes: 0 }

async function sendFrom(wish: SendWish, source: Source, journal: Journal | null): Promise<Sent> {
  const { path, choice, apiUrl, apiKey, signal, output } = wish
  const found = journal?.found ?? null
  const name = sourceName(path, choice)
  const rejectedFile = await openRejectedFile(
    found?.rejectedFile ?? choice.rejected ?? (await freeRejectedPath(path === '-' ? 'stdin' : path)),
    found?.rejectedBytes ?? null,
  )
  const progress: Progress = { ...(found ?? nothing), rejectedFile: rejectedFile.path }
  const misspelled = new Map<string, number>()
  const screen = openScreen(wish, source, progress)
  const limit = {
    events: Math.min(choice.batchEvents, choice.rate ?? choice.batchEvents),
    bytes: choice.batchBytes,
    waitMs: source.file === null ? gatherMs : null,
  }
  const sender = openSender({
    ...{ apiUrl, apiKey, source: name, dryRun: choice.dryRun === true, triesMax: choice.tries },
    sleep: ms => sleep(ms, undefined, { signal }),
    random: Math.random,
    note: text => output.note(text),
    waiting: screen.waiting,
  })
  const pace = openPace(choice.rate ?? null, signal)
  const startMs = performance.now()
  try {
    const { read, fault } = await sendAll({
      batches: screen.following(gatherBatches(readPieces(wish, source, name, progress.events), limit)),
      async send(batch) {
        await pace(batch.length)
        return sender.send(batch)
      },
      async settle(batch, outcome) {
        progress.rejectedBytes = await rejectedFile.write(name, outcome.rejected)
        progress.events += batch.length
        progress.accepted += outcome.accepted
        progress.rejected += outcome.rejected.length
        addAll(misspelled, outcome)
        journal?.note(progress)
        screen.settled(batch)
      },
      concurrency: choice.concurrency,
      signal,
    })
    const { accepted, rejected } = progress
    return {
      read: read + (found === null ? 0 : screen.eventsAtStart),
      ...{ accepted, rejected, ...sender.counts },
      seconds: (performance.now() - startMs) / 1_000,
      rejectedPath: rejectedFile.path,
      resumedAt: found === null ? null : screen.eventsAtStart,
      dryRun: choice.dryRun === true,
      misspelled: [...misspelled].map(([key, events]) => {
        const [sent, expected] = JSON.parse(key) as [string, string]
        return { sent, expected, events }
      }),
      stopped: signal.aborted,
      canResume: journal !== null,
      fault: signal.aborted ? null : fault,
    }
  } finally {
    screen.close()
    await rejectedFile.close()
  }
}

function addAll(sum: Map<string, number>, { misspelled }: BatchOutcome): void {
  for (const [key, events] of misspelled) sum.set(key, (sum.get(key) ?? 0) + events)
}

/** What message ids are made from. Two things that come through a pipe are not the same, unless somebody says so. */
function sourceName(path: string, { source }: SendChoice): string {
  if (source !== undefined) return source
  return path === '-' ? `stdin-${randomUUID()}` : basename(path).replace(/\.(gz|zst)$/, '')
}

async function* readPieces({ path, choice, signal }: SendWish, source: Source, name: string, skip: number) {
  const texts = decodeText(source.bytes(signal), choice.encoding)
  for await (const piece of isCsv(path, choice)
    ? readCsv(texts, { delimiter: delimiterOf(path, choice), mapping: mappingOf(choice), skip })
    : cutEvents(texts, skip)) {
    const event = unwrapRejected(piece)
    yield choice.messageIds ? withMessageId(event, name) : event
  }
}

function isCsv(path: string, { format, map, set, onlyMapped, delimiter }: SendChoice): boolean {
  const isAsked = map !== undefined || set !== undefined || onlyMapped === true || delimiter !== undefined
  if (format === 'json' && isAsked)
    throw new Failure('BAD_MAPPING', 'Cannot use --map, --set, --only-mapped or --delimiter because they are for CSV')
  return format === 'csv' || (format === undefined && (isAsked || /\.(csv|tsv)(\.gz|\.zst)?$/i.test(path)))
}

function delimiterOf(path: string, { delimiter }: SendChoice): string {
  return delimiter ?? (/\.tsv(\.gz|\.zst)?$/i.test(path) ? '\t' : ',')
}

function mappingOf({ map, set, onlyMapped, timeZone }: SendChoice): Mapping {
  return { columns: map ?? new Map(), set: set ?? [], onlyMapped: onlyMapped === true, timeZone: timeZone ?? null }
}

function openJournalOf({ path, choice, apiUrl, apiKey }: SendWish, { file }: Source): Journal | null {
  if (file === null || choice.journal === false || choice.dryRun === true) return null
  const { format, encoding, delimiter, set, onlyMapped, timeZone, source, messageIds } = choice
  const map = [...(choice.map ?? [])]
  const how = { format, encoding, delimiter, map, set, onlyMapped, timeZone, source, messageIds }
  const identity = createHash('sha256')
    .update(JSON.stringify([file.fingerprint, apiUrl, apiKey, how]))
    .digest('hex')
  return openJournal(choice.journal ?? `${path}.sending`, identity, choice.restart === true)
}

/** Holds back what would be more than `rate` events a second. */
function openPace(rate: number | null, signal: AbortSignal): (events: number) => Promise<void> {
  if (rate === null) return async () => {}
  let nextMs = performance.now()
  return async events => {
    const waitMs = nextMs - performance.now()
    nextMs = Math.max(nextMs, performance.now()) + (events / rate) * 1_000
    if (waitMs > 0) await sleep(waitMs, undefined, { signal })
  }
}

/** What comes through a pipe is sent at least so often: a key may make 60 requests a minute unless it was given more. */
const gatherMs = 1_000
const redrawMs = 200

/** Shows how far it is, on a terminal. */
function openScreen({ path, choice, output }: SendWish, source: Source, settled: Progress) {
  const eventsAtStart = settled.events
  const readUpTo = new WeakMap<Piece[], number>()
  let startMs = performance.now()
  let bytes: SendProgress['bytes'] = null
  let waiting: SendProgress['waiting'] = null
  const name = path === '-' ? 'standard input' : basename(path)
  const draw = () => {
    const { events, rejected } = settled
    const nowMs = performance.now()
    output.progress(progressLine({ name, nowMs, startMs, bytes, events, eventsAtStart, rejected, waiting }))
  }
  const timer = choice.json === true ? null : setInterval(draw, redrawMs)
  timer?.unref()
  return {
    eventsAtStart,
    async *following(batches: AsyncGenerator<Piece[]>): AsyncGenerator<Piece[]> {
      let before = 0
      for await (const batch of batches) {
        if (bytes === null && source.file !== null) {
          if (eventsAtStart > 0) before = source.bytesRead()
          bytes = { done: before, atStart: before, all: source.file.bytes }
          startMs = performance.now()
        }
        readUpTo.set(batch, source.bytesRead())
        yield batch
      }
    },
    settled(batch: Piece[]): void {
      if (bytes !== null) bytes.done = readUpTo.get(batch) ?? bytes.done
    },
    waiting(why: string | null, ms: number): void {
      waiting = why === null ? null : { why, untilMs: performance.now() + ms }
    },
    close(): void {
      if (timer !== null) clearInterval(timer)
      output.progress(null)
    },
  }
}
