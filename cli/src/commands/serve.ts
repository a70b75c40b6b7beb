// `datapulse serve`: this process becomes the server. Everything after `serve` is the server's own configuration.

import type { Command } from 'commander'
import { fileURLToPath } from 'node:url'
import { examples, type Setting } from '../command.ts'

export function addServe(program: Command, _setting: Setting): void {
  program
    .command('serve')
    .description("run the server; every further option is the server's own (`serve --help` lists them)")
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .argument('[options...]', 'options of the server, for example --port 9000')
    .addHelpText('after', examples('datapulse serve', 'datapulse serve --port 9000 --data-dir /var/lib/datapulse'))
    .action((_options, _values, command: Command) => becomeServer(command.args))
}

/** Signals and the exit code are the server's own, since it takes this process over. */
function becomeServer(args: readonly string[]): never {
  const main = fileURLToPath(import.meta.resolve('@datapulse/server'))
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, main, ...args])
  throw new Error('Cannot serve because this system cannot replace a process: run node server/src/main.ts instead')
}
