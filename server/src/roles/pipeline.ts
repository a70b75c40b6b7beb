// The pipeline role: follows the log, which api roles write, and loads the warehouse. It is the only one that opens the index
// of identities, and a lock of its own keeps a second one of this machine out until the first has ended. Where several machines
// share a log, they divide its shares among them (share-turns.ts). When it ends, events wait in the log.

import { join } from 'node:path'
import type { Config } from '../config.ts'
import { takeExclusiveLock } from '../exclusive-lock.ts'
import { limits } from '../limits.ts'
import type { Logger } from '../logger.ts'
import type { Ownership } from '../pipeline/ownership.ts'
import { type Part, runRole } from '../role.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { openPlaces, type Places } from './configured-log.ts'
import { openDerive } from './configured-steps.ts'
import { openConfiguredWarehouse } from './configured-warehouse.ts'
import { leaseOwner } from './lease-owner.ts'
import { openPipelineShare, type PipelineShare } from './pipeline-share.ts'
import { statusOfAll } from './share-statuses.ts'

export function runPipeline(config: Config): Promise<void> {
  return runRole('pipeline', config, async logger => {
    const derive = await openDerive(config)
    const release = await takeLock(config, logger)
    const places = openPlaces(config, 'pipeline', logger)
    const accounts = await places.accounts()
    const warehouses: Warehouse[] = []
    const open = async (share: number, ownership: Ownership | null): Promise<PipelineShare> => {
      const warehouse = (warehouses[share] ??= openConfiguredWarehouse(config, share, logger))
      const log = await places.logReader(share, true)
      return openPipelineShare({ config, share, derive, warehouse, places, accounts, log, ownership, logger })
    }
    const work = config.log === 'embedded' ? await openAlone(open) : await openInTurn(open, places, config, logger)
    return {
      status: work.status,
      answers: work.answers ?? {},
      async close() {
        await work.close()
        accounts.close()
        await places.close()
        for (const warehouse of warehouses) await warehouse?.close()
        release()
      },
    }
  })
}

type OpenShare = (share: number, ownership: Ownership | null) => Promise<PipelineShare>

async function openAlone(open: OpenShare): Promise<Part> {
  const work = await open(0, null)
  return { ...work, status: () => ({ ...work.status(), shares: [0] }) }
}

/** Has the shares whose turn it is here; stands by without any. */
async function openInTurn(open: OpenShare, places: Places, config: Config, logger: Logger): Promise<Part> {
  const { openShareTurns } = await import('./share-turns.ts')
  const [connection, bucket] = [await places.connection(), await places.marksBucket()]
  const owner = leaseOwner(config.dataDir)
  const turns = openShareTurns({ connection, bucket, shares: config.shares, owner, open, logger })
  return {
    status() {
      const own = turns.own()
      const shares = [...own.keys()].toSorted((a, b) => a - b)
      if (!turns.knowsAll()) return { notReady: 'it is not known yet who has each share of the log', shares }
      if (own.size === 0) return { notReady: null, standsBy: true, shares }
      return { ...statusOfAll([...own.values()].map(work => work.status())), shares }
    },
    close: turns.close,
  }
}

/** Waits for one before it that is still ending, however long that takes. */
async function takeLock(config: Config, logger: Logger): Promise<() => void> {
  const path = join(config.dataDir, 'run', 'pipeline.lock')
  for (;;) {
    const release = await takeExclusiveLock(path, config.stopTimeout + limits.predecessorGraceMs)
    if (release !== null) return release
    logger.warn({ path }, 'another pipeline still has this data directory: it is waited for')
  }
}
