// What was loaded, as it passes by: so that whoever read up to the last load knows that there is no other yet.

import type { LoadingWarehouse } from '../warehouse/load.ts'

/** Another number after each load; null while it is not known: one is at work, or the last failed and may be there all the same. */
export type LoadsSeen = () => number | null

export function seeLoads(loading: LoadingWarehouse): { loading: LoadingWarehouse; seen: LoadsSeen } {
  let loads = 0
  let isKnown = true
  return {
    loading: {
      ...loading,
      async load(...load) {
        isKnown = false
        await loading.load(...load)
        loads += 1
        isKnown = true
      },
    },
    seen: () => (isKnown ? loads : null),
  }
}
