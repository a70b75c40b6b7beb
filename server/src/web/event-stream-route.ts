// Events as they are stored, for whoever watches, as server-sent events: what `GET /api/events/new` answers, told each second by
// itself, with a bounded number of rows and an exact count.

import { limits } from '../limits.ts'
import type { EventStreams } from './event-streams.ts'
import type { Filter, Known, WebNeeds } from './needs.ts'
import { integer, oneOf, productId, readQuery, required, type Table, text, type Values } from './parameters.ts'
import type { Route } from './routes.ts'
import { showRow } from './shown.ts'
import { readOn } from './turn-page.ts'

export function eventStreamRoute<Filters extends Table>(
  needs: WebNeeds,
  streams: EventStreams,
  filters: Filters,
  filterIn: (values: Values<Filters>) => Filter,
): Route {
  const table = {
    product: required(productId, 'it is whose events are watched'),
    mode: oneOf('live', 'test'),
    last: integer(0, limits.streamRowsMax),
    after: text(1_024),
  }
  return {
    method: 'GET',
    path: '/api/events/stream',
    async answer({ query, now, caller, adminTokenHash }) {
      const sent = readQuery(query, { ...table, ...filters }, now) as Values<typeof table> & Values<Filters>
      const { last, after, ...values } = sent
      const filter = filterIn(values as unknown as Values<Filters>)
      const asked = { ...filter, limit: limits.streamRowsMax, last: last ?? 0, sample: true }
      const read = async (place: string | null) => {
        const found = await readOn(asked, place, needs.newEvents)
        return { events: found.rows.map(showRow), count: found.count, after: found.after }
      }
      // What is wrong with the question is answered, not streamed.
      const first = await read(after)
      const isAllowed = () => caller !== null && mayLook(needs, caller, adminTokenHash)
      return { body: null, stream: cut => streams.open({ read, first, isAllowed, cut }) }
    },
  }
}

/** Whether the token or the session with which somebody came still opens anything; asking keeps no session alive. */
function mayLook({ access }: WebNeeds, { session, role, tokenHash }: Known, adminTokenHash: string): boolean {
  if (session !== null) return access.listSessions(adminTokenHash).some(({ id }) => id === session.id)
  return role === 'admin' || (tokenHash !== null && access.findViewer(tokenHash) !== null)
}
