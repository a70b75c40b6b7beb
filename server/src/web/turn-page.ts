// Asks for a page, or for what is new behind a place.

import type { NewEvents, NewEventsQuestion, Page } from './needs.ts'
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

/** The same for the place among new events. */
export async function readOn(
  asked: Omit<NewEventsQuestion, 'after'>,
  after: string | null,
  read: (asked: NewEventsQuestion) => Promise<NewEvents>,
): Promise<NewEvents> {
  try {
    return await read({ ...asked, ...(after !== null && { after }) })
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code !== 'WAREHOUSE_REFUSED' || after === null) throw error
    const message = `after must be what an earlier answer to the same question gave: got ${shorten(after)}`
    throw badParameters([{ name: 'after', message }])
  }
}
