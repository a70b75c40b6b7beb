// The warehouse that the configuration names, for the roles that talk to it: the engine's socket, or a server by URL.

import type { Config } from '../config.ts'
import type { Logger } from '../logger.ts'
import { engineSocket } from '../role-socket.ts'
import { openWarehouse, type Warehouse } from '../warehouse/warehouse.ts'

export function openConfiguredWarehouse(config: Config, logger: Logger): Warehouse {
  const place =
    config.warehouse === 'embedded'
      ? { socketPath: engineSocket(config.dataDir) }
      : { url: config.warehouse, user: config.warehouseUser, password: config.warehousePassword }
  return openWarehouse({ ...place, database: config.warehouseDatabase, logger, now: Date.now })
}
