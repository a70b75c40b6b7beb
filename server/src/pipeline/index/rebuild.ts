// Makes the index anew from the warehouse: whatever was there is removed, the warehouse's identities stream in page by
// page, the directory is closed and opened once (which puts everything on disk), and only then the checkpoint is
// written. An index without a checkpoint belongs to no warehouse, so dying on any line here means beginning again.

import { conflictFingerprint } from '../../steps/conflict.ts'
import type { LoadingWarehouse } from '../../warehouse/load.ts'
import type { Checkpoint, IdentityIndex, IndexPlace } from './identity-index.ts'

export async function rebuildIndex(
  place: IndexPlace,
  warehouse: Pick<LoadingWarehouse, 'identities'>,
  checkpoint: Checkpoint,
  onPage: (identities: number) => void,
): Promise<IdentityIndex> {
  await place.wipe()
  const filling = await place.open()
  try {
    for await (const page of warehouse.identities()) {
      await filling.add(
        page.map(row => ({
          identity: row.identity,
          requestId: row.requestId,
          position: row.position,
          fingerprint: conflictFingerprint(row),
          uncounted: true,
        })),
      )
      onPage(page.length)
    }
  } finally {
    await filling.close()
  }
  const index = await place.open()
  try {
    await index.commit([], checkpoint)
  } catch (cause) {
    await index.close().catch(() => {})
    throw cause
  }
  return index
}
