// Lists that come in pages: followed by their cursors until `limit` rows are there, printed as they come.

import type { Cell } from '@datapulse/contract/csv'
import type { Admin, Query } from './admin.ts'
import type { Output } from './output.ts'
import { safeJson } from './visible.ts'

export type Row = Record<string, Cell>

const pageRowsMax = 1_000

/** Yields pages of the list `name` at `path`. */
export async function* readPages(admin: Admin, path: string, name: string, query: Query, limit: number) {
  let cursor: string | null = null
  for (let left = limit; left > 0; ) {
    const page: Query = { ...query, limit: Math.min(left, pageRowsMax), ...(cursor !== null && { cursor }) }
    const body = await admin.get<Record<string, unknown>>(path, page)
    const rows = (body[name] ?? []) as Row[]
    yield rows
    left -= rows.length
    cursor = (body['next'] ?? null) as string | null
    if (cursor === null || rows.length === 0) return
  }
}

/** Prints them as one JSON array, a line for each row. */
export async function printJsonPages(output: Output, pages: AsyncIterable<Row[]>): Promise<void> {
  let before = '['
  for await (const rows of pages) {
    for (const row of rows) {
      await output.text(`${before}\n${safeJson(row)}`)
      before = ','
    }
  }
  await output.text(before === '[' ? '[]\n' : '\n]\n')
}

export async function gatherPages(pages: AsyncIterable<Row[]>): Promise<Row[]> {
  const all: Row[] = []
  for await (const rows of pages) all.push(...rows)
  return all
}

/** Unix milliseconds as people read them. */
export function shownTime(ms: Cell): string {
  return typeof ms === 'number' ? new Date(ms).toISOString() : String(ms ?? '')
}
