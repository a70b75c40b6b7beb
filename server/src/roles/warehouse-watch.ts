// Asks the warehouse again and again how it is, for the metrics, which must answer at once and cannot wait for it.

import type { WarehouseStatus } from '../warehouse/asking/status.ts'

export type WarehouseWatch = {
  /** Of the last answer; null where nothing is known. */
  status(): { isUp: boolean | null; eventsMissing: number | null }
  close(): void
}

/** Asks at once, and then every `everyMs`; what takes longer than that counts as no answer. */
export function watchWarehouse(
  warehouse: { status(): Promise<Pick<WarehouseStatus, 'eventsMissing'>> },
  everyMs: number,
): WarehouseWatch {
  let told: { isUp: boolean | null; eventsMissing: number | null } = { isUp: null, eventsMissing: null }
  let asking = false
  const ask = (): void => {
    if (asking) {
      told = { isUp: false, eventsMissing: null }
      return
    }
    asking = true
    warehouse
      .status()
      .then(
        ({ eventsMissing }) => void (told = { isUp: true, eventsMissing }),
        () => void (told = { isUp: false, eventsMissing: null }),
      )
      .finally(() => void (asking = false))
  }
  ask()
  const timer = setInterval(ask, everyMs)
  timer.unref()
  return { status: () => told, close: () => clearInterval(timer) }
}
