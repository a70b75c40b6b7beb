// An engine on a data directory where no server runs, for what is done there meanwhile: a process of its own, as ever, which
// ends when this one does.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { environmentWith } from '../config.ts'
import type { RoleMessage } from '../role.ts'
import { engineEnvironment } from '../warehouse/engine/environment.ts'

export type LoneEngine = { end(): Promise<void> }

/** `purpose` ends the sentence "Cannot … because its engine must start". */
export async function startLoneEngine(dataDir: string, purpose: string): Promise<LoneEngine> {
  const child = fork(process.argv[1] as string, ['--role', 'engine', '--data-dir', dataDir], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: environmentWith(engineEnvironment),
  })
  const ended = once(child, 'exit').then(
    ([code]): RoleMessage => ({ kind: 'failed', message: `it ended with ${code}` }),
  )
  const heard = once(child, 'message').then(([message]) => message as RoleMessage)
  const message = await Promise.race([heard, ended])
  if (message.kind !== 'ready') throw new Error(`Cannot ${purpose} because its engine must start: ${message.message}`)
  return {
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.send('stop')
      const [code] = await gone
      if (code !== 0) throw new Error(`Cannot ${purpose} because its engine must end well: it ended with ${code}`)
    },
  }
}
