// All commands, put together. Each is one file in commands/.

import { Command, Help, type Option } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import type { Setting } from './command.ts'
import { addAudit } from './commands/audit.ts'
import { addBackup } from './commands/backup.ts'
import { addCounts } from './commands/counts.ts'
import { addDiagnostics } from './commands/diagnostics.ts'
import { addDoctor } from './commands/doctor.ts'
import { addDuplicates } from './commands/duplicates.ts'
import { addEvents } from './commands/events.ts'
import { addGenerate } from './commands/generate.ts'
import { addKeys } from './commands/keys.ts'
import { addMigrate } from './commands/migrate.ts'
import { addParked } from './commands/parked.ts'
import { addProducts } from './commands/products.ts'
import { addRates } from './commands/rates.ts'
import { addReceipts } from './commands/receipts.ts'
import { addRejected } from './commands/rejected.ts'
import { addReplay } from './commands/replay.ts'
import { addReport } from './commands/report.ts'
import { addReprocess } from './commands/reprocess.ts'
import { addRestore } from './commands/restore.ts'
import { addSend } from './commands/send.ts'
import { addServe } from './commands/serve.ts'
import { addTail } from './commands/tail.ts'
import { addStatus } from './commands/status.ts'
import { addUsers } from './commands/users.ts'
import { addViewers } from './commands/viewers.ts'

const description = 'DataPulse Server Events: takes user events over HTTP, durably, and counts each of them once.'

/** The whole command line. `complain` gets what commander says about a wrong use. */
export function buildProgram(setting: Setting, complain: (text: string) => void): Command {
  const { version } = manifest
  const program = new Command('datapulse').description(description).version(version).helpCommand(true)
  const adds = [
    addServe,
    addDoctor,
    addDiagnostics,
    addStatus,
    addProducts,
    addKeys,
    addEvents,
    addTail,
    addCounts,
    addReport,
    addReceipts,
    addDuplicates,
    addParked,
    addRejected,
    addReplay,
    addRates,
    addReprocess,
    addUsers,
    addViewers,
    addAudit,
    addBackup,
    addRestore,
    addMigrate,
    addSend,
    addGenerate,
  ]
  for (const add of adds) add(program, setting)
  program.addHelpText('after', firstSteps)
  everyCommand(program, command =>
    command
      .configureHelp({ optionDescription, visibleOptions })
      .exitOverride()
      .showSuggestionAfterError()
      .showHelpAfterError('(--help says more)')
      .configureOutput({ writeErr: complain, writeOut: text => void setting.output.text(text) }),
  )
  return program
}

const firstSteps = `
First steps:
  $ datapulse serve                         run the server: its first start prints a key, and a line that sends an event
  $ datapulse keys create --product casino  make a key for a partner
  $ datapulse events list                   see what came
  $ datapulse tail                          watch what comes
  $ datapulse diagnostics --product casino  see why nothing comes

\`datapulse COMMAND --help\` says more of each, with examples. In a checkout, write \`npx --no datapulse\`.`

const plainHelp = new Help()

function optionDescription(option: Option): string {
  const told = plainHelp.optionDescription(option)
  return option.mandatory ? `${told} (required)` : told
}

/** What must be there comes first, and what all commands share comes last. */
function visibleOptions(command: Command): Option[] {
  return plainHelp.visibleOptions(command).toSorted((a, b) => rankOf(a) - rankOf(b))
}

const shared = new Set(['--json', '--url', '--data-dir', '--api-url', '--help'])

function rankOf({ mandatory, long }: Option): number {
  return mandatory ? 0 : shared.has(long ?? '') ? 2 : 1
}

/** Visits a command and all below it. */
export function everyCommand(command: Command, visit: (command: Command) => void): void {
  visit(command)
  for (const below of command.commands) everyCommand(below, visit)
}
