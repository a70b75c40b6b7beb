// That one process alone brings a share of the log to the warehouse, though several are ready to. Whoever owns it notes what
// it is about to load where all of them see it, before it does: so who takes over does that very load first, under the same
// token, and whatever the one before still sends adds nothing. From then on nothing that the one before begins is noted.

import type { LoadingWarehouse } from '../warehouse/load.ts'
import type { IdentityIndex, IndexPlace, IndexState, Pending } from './index/identity-index.ts'

export type Ownership = {
  /** What was begun last, by whoever owned the share then. */
  pending(): Pending | null
  /** Durable when it resolves. Throws when the share is another's by now. */
  begin(pending: Pending): Promise<void>
  /** Resolves when the share still was this process's, after it was asked for. Throws when it is another's by now. */
  hold(): Promise<void>
}

/** The loads of an owner: what is deleted goes by no token, so one that stood still while another took over deletes nothing. */
export function ownedLoads(loading: LoadingWarehouse, ownership: Ownership): LoadingWarehouse {
  return {
    ...loading,
    async forgetAfter(note) {
      await ownership.hold()
      await loading.forgetAfter(note)
    },
  }
}

/** The index of an owner: it knows what owners elsewhere began. */
export function ownedPlace(place: IndexPlace, ownership: Ownership): IndexPlace {
  return {
    wipe: () => place.wipe(),
    async open() {
      const index = await place.open()
      const owned: IdentityIndex = {
        ...index,
        state: async () => withPending(await index.state(), ownership.pending()),
        async begin(pending) {
          await ownership.begin(pending)
          await index.begin(pending)
        },
      }
      return owned
    },
  }
}

/** A load whose note the index has was done. */
function withPending({ checkpoint, pending }: IndexState, begun: Pending | null): IndexState {
  const isDone = begun === null || begun.token === checkpoint?.note?.token || begun.seq <= (checkpoint?.note?.seq ?? 0)
  return { checkpoint, pending: isDone ? pending : begun }
}
