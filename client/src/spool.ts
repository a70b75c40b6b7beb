// The door of the spool: events handed over are on this disk, synced, before `track` resolves, and are sent by this process or,
// after a crash, by the next one on the same directory. Node's alone, which is why it is not in `index.ts`.

import { DataPulseError } from './error.ts'
import type { OpenSpool } from './outbox.ts'
import { DiskSpool } from './spool/disk-spool.ts'
import { segmentBytesMax } from './spool/segment.ts'

export type DiskSpoolOptions = {
  /** Of this process alone: made where it is not there. */
  directory: string
  /** What the spool may take on the disk (1 GiB). Beyond it `track` waits. */
  bytesMax?: number
}

/**
 * A spool for the option `spool` of the client.
 * @example new DataPulseClient({ url, key, spool: diskSpool({ directory: '/var/lib/shop/datapulse' }) })
 */
export function diskSpool({ directory, bytesMax = 1024 ** 3 }: DiskSpoolOptions): OpenSpool {
  const bytesMin = 4 * segmentBytesMax
  if (typeof directory !== 'string' || directory === '')
    throw new DataPulseError('BAD_OPTION', 'Cannot open a spool because directory must be the path of one')
  if (!Number.isSafeInteger(bytesMax) || bytesMax < bytesMin)
    throw new DataPulseError('BAD_OPTION', `Cannot open a spool because bytesMax must be at least ${bytesMin}`)
  return needs => new DiskSpool({ directory, bytesMax }, needs)
}
