// `datapulse send`: sends a file of events through the public API, as a partner's server would, and says what became of
// every one of them. The key comes from the environment or a file: arguments are there for all users of a machine to see.

import type { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { readUrl } from '../admin.ts'
import { examples, type Setting, wholeNumber, withApi, withJson } from '../command.ts'
import { Failure, failureOf } from '../failure.ts'
import { gatherBatches } from '../send/batches.ts'
import { openRejectedFile, readBytes } from '../send/file.ts'
import { cutEvents, type Piece } from '../send/pieces.ts'
import { openSender, type SendTally } from '../send/sender.ts'

type SendChoice = {
  json?: true
  apiUrl: string
  keyFile?: string
  batchEvents: number
  batchBytes: number
  concurrency: number
  tries: number
  rejected?: string
}

/** The exit code when the whole file was sent and the server refused events of it: sending it again cannot help. */
const someRejected = 3

export function addSend(program: Command, setting: Setting): void {
  withApi(withJson(program.command('send')), setting)
    .description(
      'send a file of events: a JSON array or one JSON object a line, gzip too; - is standard input; exit code 3 when some were rejected',
    )
    .argument('<file>', 'the file, or -')
    .option('--key-file <file>', 'file that holds the API key; without it DATAPULSE_API_KEY does')
    .option('--batch-events <events>', 'at most so many events in a request', wholeNumber(1, 5_000), 5_000)
    .option('--batch-bytes <bytes>', 'at most so many bytes in a request', wholeNumber(1_024, 8_000_000), 4_000_000)
    .option(
      '--concurrency <requests>',
      'requests at once; above 1 events may arrive in another order',
      wholeNumber(1, 64),
      1,
    )
    .option(
      '--tries <times>',
      'how often a request is tried when the server or the network fails',
      wholeNumber(1, 100),
      10,
    )
    .option('--rejected <file>', 'where rejected events are written (FILE.rejected.ndjson when not given)')
    .addHelpText(
      'after',
      examples(
        'DATAPULSE_API_KEY=dp_live_… datapulse send events.ndjson',
        'datapulse send --key-file key.txt --json backfill.json.gz',
        'datapulse generate --events 1000 | datapulse send --key-file key.txt -',
      ),
    )
    .action((file: string, choice: SendChoice) => sendFile(file, choice, setting))
}

async function sendFile(path: string, choice: SendChoice, setting: Setting): Promise<void> {
  const { output } = setting
  const rejectedPath = choice.rejected ?? (path === '-' ? 'stdin.rejected.ndjson' : `${path}.rejected.ndjson`)
  const rejectedFile = openRejectedFile(rejectedPath)
  const sender = openSender({
    apiUrl: readUrl(choice.apiUrl, '--api-url'),
    apiKey: await findKey(choice, setting),
    triesMax: choice.tries,
    sleep,
    random: Math.random,
    note: text => output.note(text),
    rejected: rejectedFile.write,
  })
  const startMs = performance.now()
  const limit = { events: choice.batchEvents, bytes: choice.batchBytes }
  const { read, fault } = await sendAll(
    gatherBatches(cutEvents(readBytes(path)), limit),
    sender.send,
    choice.concurrency,
  )
  await rejectedFile.close()

  report(
    { ...sender.tally, read, seconds: (performance.now() - startMs) / 1_000, rejectedPath, fault },
    choice,
    setting,
  )
  if (fault !== null) throw fault
  if (sender.tally.rejected > 0) process.exitCode = someRejected
}

/** Sends all batches, `concurrency` at once. The first fault ends it: what is under way ends, nothing new begins. */
async function sendAll(batches: AsyncGenerator<Piece[]>, send: (batch: Piece[]) => Promise<void>, concurrency: number) {
  let read = 0
  let fault: unknown = null
  const work = async (): Promise<void> => {
    while (fault === null) {
      try {
        const { done, value } = await batches.next()
        if (done) return
        read += value.length
        await send(value)
      } catch (error) {
        fault ??= error
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return { read, fault }
}

type Report = SendTally & { read: number; seconds: number; rejectedPath: string; fault: unknown }

function report(sent: Report, choice: SendChoice, { output }: Setting): void {
  const { read, accepted, rejected, requests, retries, seconds, rejectedPath, fault } = sent
  const unknown = read - accepted - rejected
  if (choice.json) {
    output.json({
      sent: read,
      accepted,
      rejected,
      unknown,
      requests,
      retries,
      seconds: Math.round(seconds * 1_000) / 1_000,
      rejected_file: rejected > 0 ? rejectedPath : null,
      complete: fault === null,
    })
    return
  }
  output.line(
    `${read} events read, ${accepted} accepted, ${rejected} rejected, in ${requests} requests (${retries} tried again) and ${seconds.toFixed(1)} s.`,
  )
  if (rejected > 0) output.line(`The rejected events and what is wrong with them are in ${rejectedPath}.`)
  if (unknown > 0)
    output.line(
      `${unknown} events have no known outcome: sending the file again is safe for events with a transaction_id or message_id.`,
    )
  if (fault !== null) output.line(`It is not the whole file: ${failureOf(fault).code}.`)
}

async function findKey(choice: SendChoice, { environment }: Setting): Promise<string> {
  const found = choice.keyFile === undefined ? environment.apiKey : await readKeyFile(choice.keyFile)
  const key = found?.trim() ?? ''
  if (/^[\x21-\x7e]+$/.test(key)) return key
  throw new Failure(
    'NO_KEY',
    'Cannot send without an API key: set DATAPULSE_API_KEY or name a file with --key-file; `datapulse keys create` makes one',
  )
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Failure('NO_KEY', `Cannot read the key file ${path}: ${(error as Error).message}`)
  }
}
