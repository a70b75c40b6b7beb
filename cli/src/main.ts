// The `datapulse` command. Exit codes: 0 it is done; 1 it could not be done; 2 it was asked for in a wrong way; 3 all was
// sent and some of it rejected.
// What was asked for goes to stdout, everything else to stderr; with --json both are JSON.

import { CommanderError } from 'commander'
import { readEnvironment } from './settings.ts'
import { exitCodeOf, failureOf } from './failure.ts'
import { openOwnOutput } from './output.ts'
import { buildProgram } from './program.ts'

const json = process.argv.includes('--json')
const output = openOwnOutput()
// Commander's own complaints come in pieces; they are told once, at the end.
let complaint = ''
const program = buildProgram({ output, environment: readEnvironment() }, text => {
  complaint += text
})

try {
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = exitCodeOf(error)
  if (error instanceof CommanderError) {
    const message = complaint.trim() || error.message
    if (error.exitCode === 0) output.complaint(complaint)
    else if (json)
      output.failure(
        {
          code: 'USAGE',
          message: message.replace(/^error: /, '').replace(/\n\(--help says more\)$/, ''),
          problems: [],
        },
        true,
      )
    else output.complaint(`${message}\n`)
  } else output.failure(failureOf(error), json)
}
