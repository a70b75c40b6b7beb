// A real Redis for tests, on a port of loopback, that keeps nothing on disk. Absent where redis-server is not installed.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'

/** Why a test that needs Redis is skipped, or false. */
export const skipWithoutRedis =
  spawnSync('redis-server', ['--version']).status === 0 ? false : 'redis-server is not installed'

/** Whoever starts it ends it. `more`: further arguments. */
export async function startRedis(port: number, more: readonly string[] = []): Promise<ChildProcess> {
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    tmpdir(),
    ...more,
  ]
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  for await (const chunk of child.stdout) if (String(chunk).includes('Ready to accept connections')) break
  return child
}
