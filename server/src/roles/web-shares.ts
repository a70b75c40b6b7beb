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
  /** Of each pipeline; null where it is away. */
  pipelineStatuses(): Promise<(PipelineShareStatus | null)[]>
  /** When the first and the last record that are kept were received, over all logs. */
  logTimes(): Promise<{ oldestMs: number | null; newestMs: number | null }>
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
  const pipelineStatuses = () => Promise.all(shares.map(({ ask }) => askPipelineStatus<PipelineShareStatus>(ask)))
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
    pipelineStatuses,
    async logTimes() {
      const times = await Promise.all(shares.map(({ log }) => timesOf(log)))
      const known = times.flat().filter(time => time !== null)
      return known.length === 0
        ? { oldestMs: null, newestMs: null }
        : { oldestMs: Math.min(...known), newestMs: Math.max(...known) }
    },
    async pipelineStatus() {
      const told = await pipelineStatuses()
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

/** Of the first and the last record that are kept. */
async function timesOf(log: LogReader): Promise<(number | null)[]> {
  const [oldest, head] = [await log.oldest(), await log.head()]
  const at = async (offset: number) => {
    if (offset < oldest.offset || offset >= head.offset) return null
    const { records } = await log.read(offset, { recordsMax: 1, bytesMax: 1 })
    return records[0]?.receivedMs ?? null
  }
  return [await at(oldest.offset), await at(head.offset - 1)]
}
