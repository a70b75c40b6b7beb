// `datapulse send`: sends a file of events through the public API, as a partner's server would, and says what became of
// every one of them. The key comes from the environment or a file: arguments are there for all users of a machine to see.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { readFile } from 'node:fs/promises'
import { readUrl } from '../admin.ts'
import { examples, type Setting, wholeNumber, withApi, withJson } from '../command.ts'
import { Failure } from '../failure.ts'
import { openInterruption } from '../interruption.ts'
import { readTarget, type Target } from '../send/mapping.ts'
import { reportOf, tellReport } from '../send/report.ts'
import { sendFile } from '../send/send.ts'

export type SendChoice = {
  json?: true
  apiUrl: string
  keyFile?: string
  format?: 'json' | 'csv'
  encoding: string
  delimiter?: string
  map?: Map<string, Target | null>
  set?: { target: Target; text: string }[]
  onlyMapped?: true
  timeZone?: string
  source?: string
  messageIds: boolean
  dryRun?: true
  rate?: number
  batchEvents: number
  batchBytes: number
  concurrency: number
  tries: number
  rejected?: string
  journal?: string | false
  restart?: true
}

/** The exit code when the whole file was sent and the server refused events of it: sending it again cannot help. */
const someRejected = 3

export function addSend(program: Command, setting: Setting): void {
  withApi(withJson(program.command('send')), setting)
    .description(
      'send a file of events: a JSON array, one JSON object a line, or CSV, gzip and Zstandard too; - is standard input; stopped, it goes on from there when it is run again; exit code 3 when some were rejected',
    )
    .argument('<file>', 'the file, or -')
    .option('--key-file <file>', 'file that holds the API key; without it DATAPULSE_API_KEY does')
    .option('--dry-run', 'ask what would become of the events; nothing is stored')
    .addOption(
      new Option('--format <format>', 'what the file holds; without it its name and its first character tell').choices([
        'json',
        'csv',
      ]),
    )
    .option(
      '--map <column=field>',
      'CSV: what a column fills, as field or field:type; nothing behind = leaves it out',
      addMap,
    )
    .option('--set <field=value>', 'CSV: a field that every event gets, as field=value or field:type=value', addSet)
    .option('--only-mapped', 'CSV: leave out the columns that no --map names')
    .option('--delimiter <character>', 'CSV: what is between cells (a comma; a tab for .tsv)', oneCharacter)
    .option('--time-zone <zone>', 'CSV: of times that do not say theirs, such as Asia/Taipei', timeZone)
    .option('--encoding <encoding>', 'of the text, such as big5 or utf-16le', encoding, 'utf-8')
    .option(
      '--source <name>',
      "what message ids are made from, with line and text: the file's name when not given, for standard input new each time",
    )
    .option('--no-message-ids', 'give no message_id to events that have neither that nor a transaction_id')
    .option('--rate <events>', 'at most so many events a second', wholeNumber(1, 1_000_000))
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
    .option('--rejected <file>', 'where rejected events are written (FILE.rejected.ndjson, or .2, .3 when not given)')
    .option('--journal <file>', 'where it is noted how far the file was sent (FILE.sending when not given)')
    .option('--no-journal', 'note it nowhere')
    .option('--restart', 'begin at the beginning, wherever it was stopped')
    .addHelpText(
      'after',
      examples(
        'DATAPULSE_API_KEY=dp_live_… datapulse send events.ndjson',
        'datapulse send --key-file key.txt --json backfill.json.gz',
        "datapulse send --key-file key.txt --map 'User=client_user_id' --map 'Created At=timestamp' --time-zone Asia/Taipei --set event_name=register users.csv",
        'datapulse send --key-file key.txt events.ndjson.rejected.ndjson',
        'datapulse generate --events 1000 | datapulse send --key-file key.txt -',
      ),
    )
    .action((file: string, choice: SendChoice) => send(file, choice, setting))
}

async function send(path: string, choice: SendChoice, setting: Setting): Promise<void> {
  const { output } = setting
  const apiKey = await findKey(choice, setting)
  const apiUrl = readUrl(choice.apiUrl, '--api-url')
  const interruption = openInterruption(() =>
    output.note('Stopping when what is under way has its answer; once more stops at once.'),
  )
  try {
    const sent = await sendFile({ path, choice, apiUrl, apiKey, signal: interruption.signal, output })
    if (choice.json) output.json(reportOf(sent))
    else tellReport(sent, output)
    if (sent.fault !== null) throw sent.fault
    if (sent.rejected > 0) process.exitCode = someRejected
  } finally {
    interruption.end()
  }
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

function addMap(text: string, before: Map<string, Target | null> = new Map()): Map<string, Target | null> {
  const at = text.lastIndexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be COLUMN=FIELD, COLUMN=FIELD:TYPE or COLUMN=.')
  const field = text.slice(at + 1).trim()
  return new Map([...before, [text.slice(0, at), field === '' ? null : readTarget(field)]])
}

function addSet(text: string, before: SendChoice['set'] = []): SendChoice['set'] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be FIELD=VALUE or FIELD:TYPE=VALUE.')
  return [...before, { target: readTarget(text.slice(0, at).trim()), text: text.slice(at + 1) }]
}

function oneCharacter(text: string): string {
  if (text === '\\t') return '\t'
  if (text.length === 1) return text
  throw new InvalidArgumentError('It must be one character.')
}

function timeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    throw new InvalidArgumentError('It must be the name of a time zone, such as Asia/Taipei or UTC, or +08:00.')
  }
}

function encoding(text: string): string {
  try {
    return new TextDecoder(text).encoding
  } catch {
    throw new InvalidArgumentError('It must be the name of an encoding, such as utf-8, big5 or utf-16le.')
  }
}
