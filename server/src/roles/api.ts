// The api role: the public port, the log's only writer, and the keys. It loads no large library and needs no other role:
// with everything else away it goes on taking events.

import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { codes } from '@datapulse/contract'
import type { Accounts } from '../accounts/accounts.ts'
import { type Api, openApi } from '../api/api.ts'
import type { Config } from '../config.ts'
import { limits } from '../limits.ts'
import type { Logger } from '../logger.ts'
import { runRole } from '../role.ts'
import { openSite, type Site } from '../site/site.ts'
import { openPort } from '../start-problem.ts'
import { answersOfApi, askWeb } from './answers.ts'
import { mortalLog, readiness, sharedWindowsIn } from './api-parts.ts'
import { openApiWorkers } from './api-workers.ts'
import { openPlaces } from './configured-log.ts'
import { logOfShares, type ShareLog } from './share-log.ts'

export function runApi(config: Config): Promise<void> {
  return runRole('api', config, async logger => {
    const places = openPlaces(config, 'api', logger)
    const accounts = await places.accounts()
    const writers = await places.logWriters()
    const log = logOfShares(writers)
    // Where there are several threads each has its own.
    const site = config.apiWorkers === 1 ? openSite() : null
    const open = () =>
      site !== null ? openDoor(config, accounts, log, site, logger) : openApiWorkers(config, writers, logger)
    const api = await openPort(config, ['host', 'port'], open)
    return {
      answers: answersOfApi(api, Date.now),
      status: () => ({
        port: api.port,
        api: apiStatus(api),
        log: logStatus(log, config),
        accounts: accounts.status(),
        disk: disk(config),
        site: site?.status() ?? null,
      }),
      async close() {
        await api.close()
        await Promise.all(writers.map(writer => writer.close()))
        accounts.close()
        await places.close()
      },
    }
  })
}

async function openDoor(config: Config, accounts: Accounts, log: ShareLog, pages: Site, logger: Logger): Promise<Api> {
  const stateDir = join(config.dataDir, 'api')
  return openApi({
    accounts,
    log: mortalLog(log, config),
    host: config.host,
    port: config.port,
    now: Date.now,
    logger,
    limits,
    trustedProxies: config.trustedProxies,
    unknownKeysDir: stateDir,
    windowsDir: stateDir,
    sharedWindows: await sharedWindowsIn(config, logger),
    readiness: () => readiness(config),
    answers: askWeb(config),
    pages,
  })
}

function apiStatus(api: Api) {
  const status = api.status()
  // Every code from the start: a counter that appears with its first number has never risen, and wakes nobody.
  const requestsByCode = { ...noRequests, ...status.requestsByCode }
  return { ...status, requestsByCode }
}

const noRequests = Object.fromEntries(Object.keys(codes).map(code => [code, 0]))

function logStatus(log: ShareLog, config: Config) {
  const status = log.status()
  const { refusing, damage, partsRefusing = 0 } = status
  const isRefusing = refusing !== null || partsRefusing > 0
  return { ...status, isRefusing, damaged: damage.length, budgetBytes: config.logBudget }
}

function disk(config: Config): { freeBytes: number; usedBytes: number; freeMinBytes: number } {
  const found = statfsSync(config.dataDir)
  const freeBytes = found.bavail * found.bsize
  return { freeBytes, usedBytes: (found.blocks - found.bfree) * found.bsize, freeMinBytes: config.diskFreeMin }
}
