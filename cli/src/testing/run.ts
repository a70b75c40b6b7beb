// Runs a command in this process, for tests: what it printed, and the exit code it asked for.

import { CommanderError } from 'commander'
import type { Environment } from '../settings.ts'
import { failureOf } from '../failure.ts'
import { openOutput } from '../output.ts'
import { buildProgram } from '../program.ts'

export type Ran = { code: number; stdout: string; stderr: string }

export async function run(args: string[], environment: Partial<Environment> = {}): Promise<Ran> {
  const ran: Ran = { code: 0, stdout: '', stderr: '' }
  const output = openOutput({ write: text => void (ran.stdout += text) }, { write: text => void (ran.stderr += text) })
  const nowhere = { adminUrl: 'http://127.0.0.1:9', apiUrl: 'http://127.0.0.1:9', dataDir: '/nonexistent' }
  const whole = { ...nowhere, adminToken: null, actor: 'tester', apiKey: null, ...environment }
  const program = buildProgram({ output, environment: whole }, text => void (ran.stderr += text))
  try {
    await program.parseAsync(['node', 'datapulse', ...args])
    ran.code = Number(process.exitCode ?? 0)
  } catch (error) {
    ran.code = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 2) : 1
    if (!(error instanceof CommanderError)) output.failure(failureOf(error), args.includes('--json'))
  }
  process.exitCode = 0
  return ran
}
