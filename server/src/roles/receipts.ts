// Receipts, put together from the warehouse and from the part of the log that it says nothing of yet. Asked in this
// order (what is loaded, then what is queued), so that an event that is loaded meanwhile is found in one or the other.

import { limits } from '@datapulse/contract'
import type { LogReader } from '../log/record.ts'
import { placeOfTransactionId } from '../steps/transaction-id.ts'
import type { Receipt, ReceiptsQuestion } from '../warehouse/asking/receipts.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { findQueued } from './queued.ts'

/** Without `limit`, which is fixed. */
export type ReceiptsWish = Omit<ReceiptsQuestion, 'limit'>

/**
 * The receipts, in the order of receipt; null when there are none. Throws a fault with `code` when it cannot be known.
 */
export type ReadReceipts = (wish: ReceiptsWish) => Promise<Receipt[] | null>

const searchMsMax = 5_000
/** A request whose load was cut in parts stands within one load's length of the checkpoint. */
const partMsMax = 500

export function receiptsOver(parts: {
  warehouse: Pick<Warehouse, 'readReceipts'>
  log: LogReader
  now: () => number
}): ReadReceipts {
  const { warehouse, log, now } = parts
  return async asked => {
    const place = asked.transaction === undefined ? null : placeOfTransactionId(asked.transaction)
    const { transaction, ...rest } = asked
    const wish: ReceiptsWish = place === null ? asked : { ...rest, request: place.requestId }
    const { receipts, note } = await warehouse.readReceipts({ ...wish, limit: limits.receiptsOfOutcomeMax })
    const from = note !== null && note.logId === (await log.id()) ? note.to : (await log.oldest()).offset
    const isLoaded = wish.request !== undefined && receipts.length > 0
    const queued = await findQueued(log, from, wish, { searchMsMax: isLoaded ? partMsMax : searchMsMax, now })
    const known = new Set(receipts.map(placeOf))
    const all = [...receipts, ...queued.receipts.filter(receipt => !known.has(placeOf(receipt)))]
    if (!queued.isWhole && !isLoaded) throw unsearched()
    const wanted = place === null ? all : all.filter(one => one.position === place.position && one.transactionId === '')
    return wanted.length === 0 ? null : wanted
  }
}

function placeOf({ requestId, position }: Receipt): string {
  return `${requestId} ${position}`
}

function unsearched(): Error {
  const message = 'Too much is queued to look through it all: ask again when it is processed'
  return Object.assign(new Error(message), { code: 'WAREHOUSE_BUSY', retry: true })
}
