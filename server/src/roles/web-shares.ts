// What the web role asks, where the log is divided into shares: what is about one product goes to the share that has it, what
// is about all of them to every share. On one machine there is one share.

import type { Config } from '../config.ts'
import type { LogReader } from '../log/record.ts'
import type { Logger } from '../logger.ts'
import type { ReprocessRange } from '../pipeline/reprocess.ts'
import type { Resolved, ResolveWish } from '../pipeline/resolve.ts'
import { shareOfProduct } from '../shares.ts'
import { type AllShares, overAllShares } from '../warehouse/all-shares.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { askPipelineStatus, askReprocess, askResolve } from './answers.ts'
import type { Places } from './configured-log.ts'
import { openConfiguredWarehouse } from './configured-warehouse.ts'
import type { PipelineShareStatus } from './pipeline-share.ts'
import { type ReadReceipts, receiptsOver } from './receipts.ts'
import type { AskPipeline } from './remote-questions.ts'
import { statusOfAll } from './share-statuses.ts'

export type WebShare = { warehouse: Warehouse; log: LogReader; ask: AskPipeline; readReceipts: ReadReceipts }

export type WebShares = {
  of(product: string): WebShare
  first: WebShare
  warehouse: AllShares
  readReceipts: ReadReceipts
  /** Of all pipelines together; null while one of them is away. */
  pipelineStatus(): Promise<PipelineShareStatus | null>
  /** Whether it was begun everywhere: false where another one is at work, null where nobody can be asked. */
  reprocess(range: ReprocessRange): Promise<boolean | null>
  /** Asks one after the other whose conflict it is. */
  resolve(wish: ResolveWish): Promise<Resolved | 'busy' | null>
  close(): Promise<void>
}

export async function openWebShares(config: Config, places: Places, logger: Logger): Promise<WebShares> {
  const open = async (_: unknown, share: number): Promise<WebShare> => {
    const warehouse = openConfiguredWarehouse(config, share, logger)
    const log = await places.logReader(share, false)
    const readReceipts = receiptsOver({ warehouse, log, now: Date.now })
    return { warehouse, log, ask: await places.askPipeline(share), readReceipts }
  }
  const shares = await Promise.all(Array.from({ length: config.shares }, open))
  const numberOf = (product: string) => shareOfProduct(product, shares.length)
  const of = (product: string) => shares[numberOf(product)] as WebShare
  const first = of('')
  return {
    of,
    first,
    warehouse: overAllShares(
      shares.map(share => share.warehouse),
      numberOf,
    ),
    async readReceipts(wish) {
      if (wish.product !== undefined) return of(wish.product).readReceipts(wish)
      const found = (await Promise.all(shares.map(share => share.readReceipts(wish)))).filter(one => one !== null)
      return found.length === 0 ? null : found.flat().toSorted((a, b) => a.receivedMs - b.receivedMs)
    },
    async pipelineStatus() {
      const told = await Promise.all(shares.map(({ ask }) => askPipelineStatus<PipelineShareStatus>(ask)))
      const there = told.filter(status => status !== null)
      return there.length < told.length ? null : statusOfAll(there)
    },
    async reprocess(range) {
      const begun = await Promise.all(shares.map(({ ask }) => askReprocess(ask, range)))
      return begun.includes(null) ? null : !begun.includes(false)
    },
    async resolve(wish) {
      let unasked = false
      for (const { ask } of shares) {
        const resolved = await askResolve(ask, wish)
        if (resolved === null) unasked = true
        else if (resolved !== 'none') return resolved
      }
      return unasked ? null : 'none'
    },
    async close() {
      for (const { log, warehouse } of shares) await Promise.all([log.close(), warehouse.close()])
    },
  }
}
