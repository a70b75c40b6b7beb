// Why the warehouse did not do what it was asked: a code, a sentence, and whether asking again can help.

import { AssertionError } from 'node:assert'
import { ClickHouseError } from '@clickhouse/client'

export type WarehouseFaultCode =
  /** It cannot be reached, or went away in between. */
  | 'WAREHOUSE_AWAY'
  /** Too many questions at once, too many parts, or no memory left just now. */
  | 'WAREHOUSE_BUSY'
  | 'WAREHOUSE_DISK_FULL'
  /** The question needs more time or memory than one may take, or has too long an answer. */
  | 'WAREHOUSE_SLOW'
  /** The table or database is not there: a wiped directory. */
  | 'WAREHOUSE_EMPTY'
  /** It was written by a newer version of this program. */
  | 'WAREHOUSE_NEWER'
  /** It cannot take a value that it was given: this row, this parameter. Only such faults are told so. */
  | 'WAREHOUSE_REFUSED'
  /** Anything else: wrong credentials, a broken disk, a mistake of ours. What was asked is not at fault. */
  | 'WAREHOUSE_FAILED'

export type WarehouseFault = Error & { code: WarehouseFaultCode; retry: boolean }

/** Makes a fault. */
export function warehouseFault(
  code: WarehouseFaultCode,
  message: string,
  retry: boolean,
  cause?: unknown,
): WarehouseFault {
  return Object.assign(new Error(message, cause === undefined ? {} : { cause }), { code, retry })
}

/** What an error of the client means. A fault stays as it is. */
export function faultOf(error: unknown): WarehouseFault {
  if (isWarehouseFault(error)) return error
  const said = error instanceof Error ? error.message : String(error)
  if (mistakes.some(mistake => error instanceof mistake))
    return warehouseFault('WAREHOUSE_FAILED', `The warehouse was not asked: ${said}`, false, error)
  if (!(error instanceof ClickHouseError))
    return warehouseFault('WAREHOUSE_AWAY', `The warehouse cannot be reached: ${said || codeOf(error)}`, true, error)
  const meaning = noSpace.test(said)
    ? full
    : said.startsWith('Query memory limit exceeded')
      ? slow
      : meanings.get(Number(error.code))
  const sentence = `The warehouse answered ${error.code} ${error.type ?? ''}: ${said}`
  const { code, retry } = meaning ?? failed
  return warehouseFault(code, sentence, retry, error)
}

function isWarehouseFault(error: unknown): error is WarehouseFault {
  return (
    error instanceof Error && 'retry' in error && String((error as { code?: unknown }).code).startsWith('WAREHOUSE_')
  )
}

function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  if (typeof code === 'string') return code
  return cause === undefined ? '' : codeOf(cause)
}

/** What no network throws: a value that our own code could not write down. */
const mistakes = [RangeError, TypeError, ReferenceError, AssertionError]

/** What writing says on a full disk, under many codes. */
const noSpace = /no space left on device|disk quota exceeded/i

const away = { code: 'WAREHOUSE_AWAY', retry: true } as const
const busy = { code: 'WAREHOUSE_BUSY', retry: true } as const
const full = { code: 'WAREHOUSE_DISK_FULL', retry: true } as const
const slow = { code: 'WAREHOUSE_SLOW', retry: false } as const
const failed = { code: 'WAREHOUSE_FAILED', retry: false } as const
const refused = { code: 'WAREHOUSE_REFUSED', retry: false } as const
const empty = { code: 'WAREHOUSE_EMPTY', retry: false } as const
const meanings = new Map<number, { code: WarehouseFaultCode; retry: boolean }>([
  ...[203, 209, 210, 279, 236, 999, 242].map(code => [code, away] as const),
  ...[202, 241, 252, 439].map(code => [code, busy] as const),
  ...[243].map(code => [code, full] as const),
  ...[159, 160, 396].map(code => [code, slow] as const),
  ...[60, 81].map(code => [code, empty] as const),
  ...[6, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 128, 131].map(code => [code, refused] as const),
  ...[307, 321, 349, 376, 407, 457, 467, 691].map(code => [code, refused] as const),
])
