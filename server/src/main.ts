// The way of an event through the server, told at the entrance:
//
//   A partner's server posts to the api role (api/). It checks the key (accounts/), the limit and every field (contract/),
//   appends the body as sent to the log (log/), and answers 200 once the log has synced it. The pipeline role (pipeline/)
//   follows the log, normalises each event (contract/, steps/), finds duplicates, and loads the warehouse (warehouse/),
//   which runs in the engine role. The web role (web/) answers questions on the admin port.
//
// This file starts them. Without --role (or with `all`) it becomes the supervisor, which runs each role in a process of
// its own, in the order in which they need each other; with a role it becomes that role. roles/ says what each is wired to.

import { type Config, readConfig } from './config.ts'
import { runApi } from './roles/api.ts'
import { runEngineRole } from './roles/engine.ts'
import { runPipeline } from './roles/pipeline.ts'
import { runWeb } from './roles/web.ts'
import { supervise } from './supervisor.ts'

const runs: Record<string, (config: Config) => Promise<void>> = {
  all: supervise,
  engine: runEngineRole,
  api: runApi,
  pipeline: runPipeline,
  web: runWeb,
}

const result = readConfig()
if ('help' in result) process.stdout.write(result.help)
else if ('problems' in result) {
  process.stderr.write(`The configuration is wrong:\n${result.problems.map(line => `  ${line}\n`).join('')}`)
  process.exitCode = 2
} else {
  if (result.config.role === 'all') for (const line of result.warnings) process.stderr.write(`${line}\n`)
  await runs[result.config.role]?.(result.config)
}
