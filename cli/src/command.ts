// What every command is made of: how it is described, the options they all have, and what it gets to work with.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Admin, openAdmin } from './admin.ts'
import type { Environment } from './settings.ts'
import type { Output } from './output.ts'

/** What a command gets to work with. */
export type Setting = { output: Output; environment: Environment }

export type AdminChoice = { json?: true; url: string; dataDir: string }

/** Adds --json, --url and --data-dir. */
export function withAdmin(command: Command, { environment }: Setting): Command {
  return withJson(command)
    .addOption(
      new Option('--url <url>', 'admin port of the server (DATAPULSE_ADMIN_URL)').default(
        environment.adminUrl,
        environment.adminUrl,
      ),
    )
    .addOption(
      new Option(
        '--data-dir <folder>',
        "the server's data directory, which holds the admin token (DATAPULSE_DATA_DIR)",
      ).default(environment.dataDir, './data'),
    )
}

/** Adds --api-url. */
export function withApi(command: Command, { environment }: Setting): Command {
  return command.addOption(
    new Option('--api-url <url>', 'public port of the server (DATAPULSE_API_URL)').default(
      environment.apiUrl ?? environment.publicUrl,
      environment.apiUrl ?? environment.publicUrl,
    ),
  )
}

export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON, errors too')
}

export function adminOf(choice: AdminChoice, { environment }: Setting): Admin {
  const { adminToken: token, actor } = environment
  return openAdmin({ url: choice.url, dataDir: choice.dataDir, token, actor })
}

/** Reads an option that is a whole number. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return text => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}

/** Reads an option that is a length of time, into milliseconds. */
export function lengthOfTime(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})(s|m|h|d)$/.exec(text) ?? []
  const ms = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit]
  if (ms !== undefined && Number(count) > 0) return Number(count) * ms
  throw new InvalidArgumentError('It must be a length of time such as 30s, 10m, 2h or 1d.')
}

/** Reads an option that is a share: 0 to 1. */
export function share(text: string): number {
  const value = /^(0|1|0?\.\d+|0\.\d+|1\.0+)$/.test(text) ? Number(text) : Number.NaN
  if (value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('It must be a number from 0 to 1.')
}

/** The help text's examples. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map(line => `  $ ${line}`).join('\n')}`
}
