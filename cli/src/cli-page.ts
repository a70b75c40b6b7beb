// docs/reference/cli.md, made from the commands' own help; a test holds the page and the help equal, and
// `node tools/write-pages.ts` writes it anew.

import type { Command } from 'commander'
import { openOutput } from './output.ts'
import { buildProgram, everyCommand } from './program.ts'
import { readEnvironment } from './settings.ts'

export function cliPage(): string {
  const silent = { write: () => {} }
  const setting = { output: openOutput(silent, silent), environment: readEnvironment({}) }
  const program = buildProgram(setting, () => {})
  const parts = [intro]
  everyCommand(program, command => {
    if (command === program || command.commands.length > 0) return
    parts.push(`## ${nameOf(command)}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`)
  })
  return parts.join('\n')
}

const intro = `# The command line

\`npx --no datapulse\` at the root of a checkout runs it, and \`npx --no datapulse help\` lists the commands (npx takes a
\`--help\` right behind \`datapulse\` for its own; \`npx --no -- datapulse --help\` works too). It talks to a server over HTTP: most commands to the admin port,
\`send\` to the public port as a partner's server does, \`doctor\` to both; \`generate\` talks to nobody, \`serve\` is the server, and \`restore\` and
\`migrate\` are the server program too.

| exit code | means |
|---|---|
| 0 | it is done |
| 1 | it could not be done; one sentence on stderr says why. Also: \`status\`, \`doctor\`, \`diagnostics\` or \`audit verify\` found something that is not well |
| 2 | it was asked for in a wrong way: an option that is not there, or a value that the command or the server does not take |
| 3 | \`send\` only: the whole file was sent, and some of its events, or all, were rejected; sending them again as they are cannot help |

What was asked for goes to stdout and everything else to stderr. With \`--json\` both are JSON; an error is
\`{"error","code","message","problems":[{"name","message"}]}\`. Without it, rows are tables on a terminal and tab-separated
lines elsewhere. Colours are for terminals, too, and not where \`NO_COLOR\` is set. Nothing that came from outside moves a terminal: control
characters and those that turn the direction of writing are shown (\`␛[2J\`, \`<U+202E>\`) instead of done. With \`--csv\` it is so on a terminal; in a file or
a pipe values are whole, but a text that begins like a formula (\`=\`, \`+\`, \`-\`, \`@\`, a tab, a line break) gets a \`'\` before it, so that no
spreadsheet computes it. Numbers stay as they are, negative ones too.

| variable | for |
|---|---|
| \`DATAPULSE_ADMIN_URL\` | the admin port, instead of \`--url\`; without it \`DATAPULSE_ADMIN_HOST\` and \`DATAPULSE_ADMIN_PORT\` say where it is, as they do to the [server](configuration.md) |
| \`DATAPULSE_ADMIN_TOKEN\` | the admin token; without it the file \`admin-token\` in the data directory is read |
| \`DATAPULSE_ACTOR\` | who the audit log says did it, instead of the name of the system's user: sent as \`X-Actor\` with every call, a claim and not a proof |
| \`DATAPULSE_DATA_DIR\` | the data directory, instead of \`--data-dir\` |
| \`DATAPULSE_API_URL\` | the public port, instead of \`--api-url\`; without it \`send\` goes by \`DATAPULSE_HOST\` and \`DATAPULSE_PORT\` |
| \`DATAPULSE_API_KEY\` | the API key for \`send\` |

What the rows of \`--json\` hold is in [the admin API](admin-api.md). Times are ISO 8601 (\`2026-01-31T12:00:00Z\`), Unix seconds or
milliseconds, or a length of time (\`15m\`, \`24h\`, \`7d\`).

**\`send\`** takes a JSON array, one JSON object a line, or CSV, compressed by gzip or Zstandard or not; it holds a few batches in memory,
however large the file is. JSON is cut without parsing and writing its numbers anew, so no digit of an amount is lost. Events keep their
order unless \`--concurrency\` is above 1. The server keeps the good events of a batch and names the others (exit code 3, however many were
accepted; a file that could not be sent to its end is 1, rejected events or not); 429 and 5xx are waited out as \`Retry-After\` and
\`RateLimit\` say. A 200 that does not account for every event of its batch is no answer of ours, and ends it.

- *Stopped* by Ctrl-C, \`kill -9\` or a power cut, the same command goes on behind the last event whose outcome was noted in
  \`FILE.sending\` (a lock, too: two never send one file at once). Is the file another by then, or another place or key meant, it is sent from
  its beginning. Standard input and pipes have no such file.
- *Doubles*: an event with neither a \`message_id\` nor a \`transaction_id\` gets a \`message_id\` made from the file's name (or \`--source\`), its
  line and its text. So a part that is sent twice counts once; two lines, or two files, are never taken for one event. Of standard input
  they are other ones each time, unless \`--source\` says what it is.
- *Rejected* events are in \`FILE.rejected.ndjson\` (or \`.rejected.2.ndjson\` and so on: a file that is there is never touched), in the order of
  the file: \`{"source","line","violations":[{"field","rule","message"}],"text","event"}\`. \`text\` is the line as it was, where that is not the event
  itself. Correct \`event\` there, and send that file.
- *CSV*: the first row names the columns. A column is the field of its name unless \`--map\` says another; \`--set\` gives every event a field.
  Cells of the contract's fields are read as their types, others as text unless a type is said: \`text\`, \`number\` (its digits are kept),
  \`boolean\`, \`time\` (Unix time, or ISO 8601 turned into milliseconds) or \`json\`. An empty cell is no field. Columns that make no event
  (no \`client_user_id\`, say) are told before anything is sent.
- \`--dry-run\` asks the server what would become of each event, stores nothing, and writes the rejected ones down; keys that look like a field
  (\`userAgent\`) are counted under \`misspelled\`.

With \`--json\` it reports \`{"sent","accepted","rejected","unknown","requests","retries","seconds","rejected_file","resumed_at","complete"}\`,
for all of the file, what was sent before it went on included; \`unknown\` counts events whose outcome is not known, \`resumed_at\` is the number
of events behind which it went on, or null.

**\`tail\`** shows every event that is stored, once, in the order of storing, over any time that the server is away (once it has answered).
Elsewhere than on a terminal, and with \`--json\`, it prints one JSON object a line, of the fields of [the admin API](admin-api.md#get-apieventsnew).

**\`generate\`** writes the same bytes for the same options. \`--summary\` writes what a server must end with after the file was sent once,
in order, with a key of an empty product: \`{"format":1,"options","sent","accepted","rejected","stored","duplicate","conflict","sha256",
"counts":[{"event_name","currency","events","amount"}]}\`, where sent = accepted + rejected, accepted = stored + duplicate, a conflict is a
kind of duplicate, and \`counts\` (sorted by event name and currency, null first) are the rows of \`counts --json\` for that product: stored
events, and the exact sum of their amounts as decimal text. It is computed from the written lines by plain reading, and shares no code with
the server. With \`--rate\` it writes events of now as time goes by, as a Poisson process of sessions: who is new registers, all log in, deposit, bet,
see results, some withdraw. At its end it says \`{"sent","duplicate","conflict","mistake","seconds","rate"}\`, on stderr where the events go to stdout.
\`send -\` sends what comes through a pipe at least once a second.
`

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

function helpOf(command: Command): string {
  let help = ''
  command.configureOutput({
    writeOut: text => void (help += text),
    getOutHelpWidth: () => 120,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return help.trimEnd()
}
