// The web role: the admin port. It holds nothing of its own: keys and products come from accounts, answers about events
// from the warehouse, health and metrics from what every role tells on its socket.

import { join } from 'node:path'
import { openAccounts } from '../accounts/accounts.ts'
import type { Config } from '../config.ts'
import { collectMetrics } from '../metrics.ts'
import { runRole } from '../role.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { readOrMakeAdminToken } from '../web/admin-token.ts'
import type { CountRow, DuplicatesQuestion, Filter, Page, RejectedRow } from '../web/needs.ts'
import { openWeb } from '../web/web.ts'
import { openConfiguredWarehouse } from './pipeline.ts'
import { askStanding } from './standing.ts'

export function runWeb(config: Config): Promise<void> {
  return runRole('web', config, async logger => {
    const accounts = openAccounts({ path: join(config.dataDir, 'accounts.db'), now: Date.now, logger })
    const warehouse = openConfiguredWarehouse(config, logger)
    const token = config.adminToken || (await readOrMakeAdminToken(join(config.dataDir, 'admin-token'))).token
    const web = await openWeb({
      host: config.adminHost,
      port: config.adminPort,
      hostNames: config.adminNames,
      token,
      needs: {
        accounts,
        listEvents: warehouse.listEvents,
        countEvents: question => countEvents(warehouse, question),
        listDuplicates: question => listDuplicates(warehouse, question),
        listParked: warehouse.listParked,
        countRejected: question => countRejected(warehouse, question),
        standing: () => askStanding(config, warehouse),
        metrics: () => collectMetrics(config.dataDir),
      },
      now: Date.now,
      logger,
    })
    return {
      status: () => ({ web: web.status() }),
      async close() {
        await web.close()
        await warehouse.close()
        accounts.close()
      },
    }
  })
}

/** Counts and exact sums by everything that a count is told by. */
async function countEvents(warehouse: Warehouse, question: Filter): Promise<CountRow[]> {
  const rows = await warehouse.countEvents({ ...question, by: ['product', 'mode', 'event_name', 'currency'] })
  return rows.map(({ product = '', mode = 'live', event_name = '', currency = '', events, sum = null }) => ({
    product,
    mode,
    event_name,
    currency,
    events,
    amount: sum,
  }))
}

async function countRejected(warehouse: Warehouse, question: Filter): Promise<RejectedRow[]> {
  const rows = await warehouse.countRejected({ ...question, by: ['product', 'key_id', 'code'] })
  return rows.map(({ product = '', key_id = '', code = '', events, requests, last_at }) => ({
    product,
    key_id,
    code,
    events,
    requests,
    last_at,
  }))
}

/** A duplicate beside what stands, flat: `first_amount` and so on are what the first one had. */
async function listDuplicates(warehouse: Warehouse, question: DuplicatesQuestion): Promise<Page> {
  const { rows, cursor } = await warehouse.listDuplicates(question)
  const flat = rows.map(({ first, ...row }) => ({
    ...row,
    first_client_user_id: first?.client_user_id ?? null,
    first_amount: first?.amount ?? null,
    first_currency: first?.currency ?? null,
    first_received_at: first?.received_at ?? null,
  }))
  return { rows: flat, cursor }
}
