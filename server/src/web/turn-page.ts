// Asks for a page.

import type { Page } from './needs.ts'
import { badParameters } from './problem.ts'

/** A cursor that was tampered with is the asker's mistake, and only the warehouse can tell. */
export async function turnPage<Q extends { cursor?: string }>(
  asked: Q,
  list: (asked: Q) => Promise<Page>,
): Promise<Page> {
  try {
    return await list(asked)
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown }
    if (code !== 'WAREHOUSE_REFUSED' || asked.cursor === undefined) throw error
    throw badParameters([
      { name: 'cursor', message: `cursor must be what an earlier page gave as next: ${String(message)}` },
    ])
  }
}
