// Runs a command in this process, for tests: what it printed, and the exit code it asked for.

import { CommanderError } from 'commander'
import type { Environment } from '../settings.ts'
import { exitCodeOf, failureOf } from '../failure.ts'
import { openOutput } from '../output.ts'
import { buildProgram } from '../program.ts'

export type Ran = { code: number; stdout: string; stderr: string }

export async function run(args: string[], environment: Partial<Environment> = {}, isTTY = false): Promise<Ran> {
  const ran: Ran = { code: 0, stdout: '', stderr: '' }
  const output = openOutput(
    { write: text => void (ran.stdout += text), isTTY },
    { write: text => void (ran.stderr += text), isTTY },
    isTTY,
  )
  const url = 'http://127.0.0.1:9'
  const nowhere = { adminUrl: url, apiUrl: url, publicUrl: url, dataDir: '/nonexistent' }
  const whole = { ...nowhere, adminToken: null, actor: 'tester', apiKey: null, ...environment }
  const program = buildProgram({ output, environment: whole }, text => output.complaint(text))
  try {
    await program.parseAsync(['node', 'datapulse', ...args])
    ran.code = Number(process.exitCode ?? 0)
  } catch (error) {
    ran.code = exitCodeOf(error)
    if (!(error instanceof CommanderError)) output.failure(failureOf(error), args.includes('--json'))
    else if (ran.stderr === '') output.complaint(error.message)
  }
  process.exitCode = 0
  return ran
}
