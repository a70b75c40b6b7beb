// The warehouse that the configuration names, for the roles that talk to it: the engine's socket, or a server by URL.

import type { Config } from '../config.ts'
import type { Logger } from '../logger.ts'
import { engineSocket } from '../role-socket.ts'
import { databaseOf } from '../shares.ts'
import { openWarehouse, type Warehouse } from '../warehouse/warehouse.ts'

/** Of a share: its database, on the server that has it where several are named. */
export function openConfiguredWarehouse(config: Config, share: number, logger: Logger): Warehouse {
  const place =
    config.warehouse === 'embedded'
      ? { socketPath: engineSocket(config.dataDir) }
      : { url: serverOf(config.warehouse, share), user: config.warehouseUser, password: config.warehousePassword }
  const database = databaseOf(config.warehouseDatabase, share, config.shares)
  return openWarehouse({ ...place, database, logger, now: Date.now })
}

function serverOf(urls: string, share: number): string {
  const all = urls.split(',')
  return all[share % all.length] ?? urls
}
