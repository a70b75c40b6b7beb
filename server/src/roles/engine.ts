// The engine role: the only process that loads chDB. It serves the warehouse's directory on a Unix socket, and nobody
// else opens that directory. When the native library ends the process, only questions and loads wait for its next start.

import { join } from 'node:path'
import type { Config } from '../config.ts'
import { takeExclusiveLock } from '../exclusive-lock.ts'
import { limits } from '../limits.ts'
import { lowerMerging, runRole } from '../role.ts'
import { engineSocket } from '../role-socket.ts'
import { runEngine } from '../warehouse/engine/engine.ts'
import { watchLoads } from './stuck-load.ts'

export function runEngineRole(config: Config): Promise<void> {
  return runRole('engine', config, async logger => {
    const dir = join(config.dataDir, 'warehouse')
    const release = await takeExclusiveLock(
      join(config.dataDir, 'run', 'engine.lock'),
      config.stopTimeout + limits.predecessorGraceMs,
    )
    if (release === null) throw new Error(`Cannot open ${dir} because another engine has it open.`)
    const engine = await runEngine({
      dir,
      socketPath: engineSocket(config.dataDir),
      logger,
      askSecondsMax: limits.askSecondsMax,
      askMemoryBytesMax: limits.askMemoryBytesMax,
      askQueueMax: limits.askQueueMax,
      loadSecondsMax: limits.loadSecondsMax,
      loadQueueMax: limits.loadQueueMax,
      bulkQueueMax: limits.bulkQueueMax,
      memoryBytesMax: limits.engineMemoryBytesMax,
      bodyBytesMax: limits.engineBodyBytesMax,
    })
    const isStuck = watchLoads(() => engine.status().load)
    lowerMerging()
    const watch = setInterval(() => {
      lowerMerging()
      if (!isStuck()) return
      logger.error({ secondsMax: limits.loadSecondsMax }, 'a loading statement never ends: this process ends')
      logger.end(70)
    }, limits.roleAskMs)
    return {
      status: () => ({ engine: engine.status() }),
      async close() {
        clearInterval(watch)
        await engine.close()
        release()
      },
    }
  })
}
