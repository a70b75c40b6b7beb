// Why a command could not do what it was asked for: a code for programs and one sentence for people, and the exit code.

import { CommanderError } from 'commander'

export type Told = { code: string; message: string; problems: { name: string; message: string }[] }

export class Failure extends Error {
  readonly code: string
  readonly problems: Told['problems']

  constructor(code: string, message: string, problems: Told['problems'] = []) {
    super(message)
    this.code = code
    this.problems = problems
  }
}

/** What to tell about anything that was thrown. */
export function failureOf(error: unknown): Told {
  if (error instanceof Failure) return { code: error.code, message: error.message, problems: error.problems }
  const { code, message } = error as { code?: unknown; message?: unknown }
  return { code: typeof code === 'string' ? code : 'FAILED', message: String(message ?? error), problems: [] }
}

/** Codes of what was asked for in a wrong way: asking the same again cannot help. The server's are those of its 400. */
const wrongUses = new Set([
  ...['BAD_PARAMETERS', 'BAD_BODY', 'BAD_URL', 'BAD_FILE', 'BAD_SHARES', 'BAD_UNTIL', 'BAD_MAPPING', 'FILE_EXISTS'],
])

export function exitCodeOf(error: unknown): 0 | 1 | 2 {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  return error instanceof Failure && wrongUses.has(error.code) ? 2 : 1
}
