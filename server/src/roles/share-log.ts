// The log as the door of the api sees it, where it is divided into shares: a record goes to the share of its product.

import type { LogStatus, LogWriter } from '../log/record.ts'
import { shareOfProduct } from '../shares.ts'
import { added } from './added.ts'

export type ShareLog = Pick<LogWriter, 'append' | 'status' | 'partOf'>

type Appending = Pick<LogWriter, 'append'>

/** Products whose share is remembered. */
const knownMax = 10_000

/** All shares as one log; a log that is not divided as it is. */
export function logOfShares(writers: readonly (Appending & Pick<LogWriter, 'status'>)[]): ShareLog {
  return { ...appendToShares(writers), status: () => statusOfShares(writers.map(writer => writer.status())) }
}

export function appendToShares(shares: readonly Appending[]): Pick<ShareLog, 'append' | 'partOf'> {
  const [only] = shares
  if (only !== undefined && shares.length === 1) return { append: (record, done) => only.append(record, done) }
  const known = new Map<string, number>()
  const partOf = (product: string): number => {
    const found = known.get(product)
    if (found !== undefined) return found
    if (known.size >= knownMax) known.clear()
    const share = shareOfProduct(product, shares.length)
    known.set(product, share)
    return share
  }
  return { partOf, append: (record, done) => shares[partOf(record.product)]?.append(record, done) }
}

/** What is counted is added up; it refuses as a whole when every share does. */
export function statusOfShares(statuses: readonly LogStatus[]): LogStatus {
  const [first] = statuses
  if (first === undefined || statuses.length === 1) return first as LogStatus
  const refusing = statuses.filter(status => status.refusing !== null)
  return {
    ...statuses.reduce((total, status) => added(total, status) as LogStatus),
    damage: statuses.flatMap(status => status.damage),
    refusing: refusing.length === statuses.length ? first.refusing : null,
    partsRefusing: refusing.length,
    commitMsLast: Math.max(...statuses.map(status => status.commitMsLast)),
  }
}
