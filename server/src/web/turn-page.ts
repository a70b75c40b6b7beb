// Asks for a page.

import type { Page } from './needs.ts'
import { shorten } from './parameters.ts'
import { badParameters } from './problem.ts'

/** A cursor that was tampered with is the asker's mistake, and only the warehouse can tell. */
export async function turnPage<Q extends { cursor?: string }>(
  asked: Q,
  list: (asked: Q) => Promise<Page>,
): Promise<Page> {
  try {
    return await list(asked)
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code !== 'WAREHOUSE_REFUSED' || asked.cursor === undefined) throw error
    const message = `cursor must be what an earlier page gave as next: got ${shorten(asked.cursor)}`
    throw badParameters([{ name: 'cursor', message }])
  }
}
