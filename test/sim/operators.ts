// What operators do in a simulated installation: they have a user erased, or decide about a conflict. What they ask for
// comes when it comes, also while nobody is there who does it.

import type { Pipeline } from '../../server/src/pipeline/pipeline.ts'
import type { WarehouseTables } from '../../server/src/pipeline/testing/memory-warehouse.ts'
import type { SimAccounts } from './accounts.ts'
import type { Chance } from './prng.ts'

export type Installation = { accounts: SimAccounts; tables(): WarehouseTables; pipeline(): Pipeline | null }

export function actsOfOperators(chance: Chance, { accounts, tables, pipeline }: Installation): (() => void)[] {
  const erase = () => void accounts.requestErasure(chance.pick(['shop', 'casino']), `user-${chance.between(0, 3)}`)
  const decide = () => {
    const conflicts = tables().duplicates.filter(({ row }) => row.conflict)
    if (conflicts.length === 0) return
    const { requestId, position } = chance.pick(conflicts).row.origin
    const stands = chance.happens(0.8) ? ('later' as const) : ('first' as const)
    // Refused while the pipeline is away, or done later when it fails amid it.
    pipeline()
      ?.resolve({ requestId, position, stands, reason: 'told so' })
      .catch(() => {})
  }
  return [erase, decide, decide, decide, decide, decide, decide, decide]
}
