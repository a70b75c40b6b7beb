// `datapulse migrate`: this process becomes the server program, which moves the installation of one machine, on which no
// server runs, to where the cluster's machines keep theirs.

import type { Command } from 'commander'
import { fileURLToPath } from 'node:url'
import { examples, type Setting, withJson } from '../command.ts'

type MigrateChoice = { from: string; dryRun?: true; json?: true }

export function addMigrate(program: Command, _: Setting): void {
  withJson(program.command('migrate'))
    .description(
      'move the installation of one machine to a cluster: DATAPULSE_LOG, DATAPULSE_ACCOUNTS, DATAPULSE_WAREHOUSE and DATAPULSE_SHARES say where to, as they will to its machines; run it again after it was ended, and it goes on',
    )
    .requiredOption('--from <folder>', 'the data directory that is left; no server may run on it')
    .option('--dry-run', 'only say what would be moved')
    .addHelpText('after', examples('datapulse migrate --from ./data --dry-run', 'datapulse migrate --from ./data'))
    .action((choice: MigrateChoice) => becomeMigrate(choice))
}

function becomeMigrate({ from, dryRun, json }: MigrateChoice): never {
  const main = fileURLToPath(import.meta.resolve('@datapulse/server'))
  const args = ['migrate', '--from', from, ...(dryRun ? ['--dry-run'] : []), ...(json ? ['--json'] : [])]
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, main, ...args])
  throw new Error(
    'Cannot migrate because this system cannot replace a process: run node server/src/main.ts migrate instead',
  )
}
