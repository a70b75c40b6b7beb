// A real Redis for tests, on a port of loopback or of another machine, that keeps nothing on disk. Absent where redis-server is not installed.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { type Machine, thisMachine } from '../../testing/machine.ts'

/** Why a test that needs Redis is skipped, or false. */
export const skipWithoutRedis =
  spawnSync('redis-server', ['--version']).status === 0 ? false : 'redis-server is not installed'

/** Whoever starts it ends it. `more`: further arguments. */
export async function startRedis(
  port: number,
  more: readonly string[] = [],
  machine: Machine = thisMachine,
): Promise<ChildProcess> {
  const where = ['--port', String(port), '--bind', machine.address, '--protected-mode', 'no']
  const keepsNothing = ['--save', '', '--appendonly', 'no', '--dir', tmpdir()]
  const [program = '', ...args] = machine.command(['redis-server', ...where, ...keepsNothing, ...more])
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  for await (const chunk of child.stdout) if (String(chunk).includes('Ready to accept connections')) break
  return child
}
