// The way of an event through the server, told at the entrance:
//
//   A partner's server posts to the api role (api/). It checks the key (accounts/), the limit and every field (contract/),
//   appends the body as sent to the log (log/), and answers 200 once the log has synced it. The pipeline role (pipeline/)
//   follows the log, normalises each event (contract/, steps/), finds duplicates, and loads the warehouse (warehouse/),
//   which runs in the engine role. The web role (web/) answers questions on the admin port.
//
// This file starts them, or with the word `restore` puts a backup back (roles/restore.ts), or with `migrate` moves an installation to a
// cluster (roles/migrate.ts). Without --role (or with `all`) it becomes the supervisor, which runs each role in a process of
// its own, in the order in which they need each other; with a role it becomes that role. roles/ says what each is wired to.

import { type Config, dataDirSentence, readConfig } from './config.ts'
import { makeDataDir } from './made-directory.ts'

type Run = (config: Config) => Promise<void>

/** Each process loads only what its role needs: the engine's library is the engine's alone. */
const runs: Record<string, () => Promise<Run>> = {
  all: async () => (await import('./supervisor.ts')).supervise,
  engine: async () => (await import('./roles/engine.ts')).runEngineRole,
  api: async () => (await import('./roles/api.ts')).runApi,
  pipeline: async () => (await import('./roles/pipeline.ts')).runPipeline,
  web: async () => (await import('./roles/web.ts')).runWeb,
}

// Whatever is made from here on is its owner's alone, also in a data directory that others can look into.
process.umask(0o077)

const modes: Record<string, () => Promise<(args: string[]) => Promise<void>>> = {
  restore: async () => (await import('./roles/restore.ts')).runRestore,
  migrate: async () => (await import('./roles/migrate.ts')).runMigrate,
}
const mode = modes[process.argv[2] ?? '']
const result = mode === undefined ? readConfig() : { help: '' }
if (mode !== undefined) await (await mode())(process.argv.slice(3))
else if ('help' in result) process.stdout.write(result.help)
else if ('problems' in result) refuse(result.problems)
else await start(result.config, result.warnings)

async function start(config: Config, warnings: string[]): Promise<void> {
  if (config.role === 'all') for (const line of warnings) process.stderr.write(`${line}\n`)
  const problem = makeDataDir(config.dataDir)
  if (problem !== null) return refuse([dataDirSentence(config.dataDir, problem)])
  const run = await runs[config.role]?.()
  await run?.(config)
}

function refuse(problems: string[]): void {
  process.stderr.write(`The configuration is wrong:\n${problems.map(line => `  ${line}\n`).join('')}`)
  process.exitCode = 2
}
