// What whoever watches asks again and again: the events behind a place.

import type { Filter, WebNeeds } from './needs.ts'
import { flag, integer, oneOf, productId, readQuery, type Table, text, type Values } from './parameters.ts'
import type { Route } from './routes.ts'
import { showRow } from './shown.ts'
import { readOn } from './turn-page.ts'

export function newEventsRoute<Filters extends Table>(
  needs: WebNeeds,
  pageRowsMax: number,
  filters: Filters,
  filterIn: (values: Values<Filters>) => Filter,
): Route {
  const rows = integer(1, pageRowsMax)
  const table = {
    after: text(1_024),
    limit: rows,
    last: rows,
    raw: flag,
    product: productId,
    mode: oneOf('live', 'test'),
  }
  return {
    method: 'GET',
    path: '/api/events/new',
    async answer({ query, now }) {
      const sent = readQuery(query, { ...table, ...filters }, now) as Values<typeof table> & Values<Filters>
      const { after, limit, last, raw, ...values } = sent
      const asked = {
        ...filterIn(values as unknown as Values<Filters>),
        limit: limit ?? pageRowsMax,
        raw: raw === true,
        ...(last !== null && { last }),
      }
      const found = await readOn(asked, after, needs.newEvents)
      return { body: { events: found.rows.map(showRow), after: found.after, more: found.more } }
    },
  }
}
