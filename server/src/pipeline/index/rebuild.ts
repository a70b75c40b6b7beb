// Makes the index anew from the warehouse: whatever was there is removed, the warehouse's identities and the
// outcomes of everything else stream in page by page, the directory is closed and opened once (which puts everything on disk), and only then the checkpoint is
// written. An index without a checkpoint belongs to no warehouse, so dying on any line here means beginning again.

import type { LoadingWarehouse } from '../../warehouse/load.ts'
import { entriesOfOutcome, entriesOfStored } from './entry-of-row.ts'
import type { Checkpoint, IdentityIndex, IndexPlace } from './identity-index.ts'

export async function rebuildIndex(
  place: IndexPlace,
  warehouse: Pick<LoadingWarehouse, 'identities' | 'outcomes'>,
  checkpoint: Checkpoint,
  onPage: (identities: number) => void,
  seq?: number,
): Promise<IdentityIndex> {
  await place.wipe()
  const filling = await place.open()
  try {
    for await (const page of warehouse.identities(seq)) {
      await filling.add(page.flatMap(entriesOfStored))
      onPage(page.length)
    }
    for await (const page of warehouse.outcomes()) await filling.add(page.flatMap(entriesOfOutcome))
  } finally {
    await filling.close()
  }
  const index = await place.open()
  try {
    await index.commit(index.stage([]), checkpoint)
  } catch (cause) {
    await index.close().catch(() => {})
    throw cause
  }
  return index
}
