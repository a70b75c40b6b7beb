// `datapulse restore`: this process becomes the server program, which puts a backup back into a data directory on which
// no server runs.

import { type Command, Option } from 'commander'
import { fileURLToPath } from 'node:url'
import { examples, type Setting, withJson } from '../command.ts'

type RestoreChoice = { from: string; dataDir: string; erasures?: string; check?: true; json?: true }

export function addRestore(program: Command, { environment }: Setting): void {
  withJson(program.command('restore'))
    .description('put a backup back into an empty data directory, checked by counts and sums; no server may run on it')
    .requiredOption('--from <folder>', 'the folder that `datapulse backup` wrote')
    .addOption(
      new Option('--data-dir <folder>', 'an empty folder, or one that is not there (DATAPULSE_DATA_DIR)').default(
        environment.dataDir,
        './data',
      ),
    )
    .option('--erasures <file>', "a newer erasures.json than the backup's: these users are kept out too")
    .option('--check', 'only check that the backup is whole: every file by its checksum')
    .addHelpText(
      'after',
      examples(
        'datapulse restore --check --from /backups/2026-06-01',
        'datapulse restore --from /backups/2026-06-01 --data-dir ./restored',
      ),
    )
    .action((choice: RestoreChoice) => becomeRestore(choice))
}

function becomeRestore({ from, dataDir, erasures, check, json }: RestoreChoice): never {
  const main = fileURLToPath(import.meta.resolve('@datapulse/server'))
  const args = [
    'restore',
    '--from',
    from,
    '--data-dir',
    dataDir,
    ...(erasures === undefined ? [] : ['--erasures', erasures]),
    ...(check ? ['--check'] : []),
    ...(json ? ['--json'] : []),
  ]
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, main, ...args])
  throw new Error(
    'Cannot restore because this system cannot replace a process: run node server/src/main.ts restore instead',
  )
}
