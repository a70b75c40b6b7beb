// Which route a request's target means. The published base URL ends in a slash, so a doubled leading slash and a
// trailing one mean the same route; a query may follow.

/**
 * `partial`: of a batch, the good events are wanted even where others are bad. `request` of `requests` is the id in the
 * path, null where ids are asked for in the query. A `page` is for whoever reads.
 */
export type Target =
  | { route: 'event' | 'batch'; dryRun: boolean; partial: boolean }
  | { route: 'healthz' | 'readyz' }
  | { route: 'requests'; request: string | null; query: URLSearchParams }
  | { route: 'reconciliation'; query: URLSearchParams }
  | { route: 'page'; path: string }

const event: Target = { route: 'event', dryRun: false, partial: false }
const batch: Target = { route: 'batch', dryRun: false, partial: false }

/** null when there is no such route. */
export function findRoute(target: string): Target | null {
  if (target === '/v2/s2s/event') return event
  if (target === '/v2/s2s/batch') return batch
  return parseTarget(target)
}

function parseTarget(target: string): Target | null {
  // A proxy's form of a target has the address in front.
  const relative = target.startsWith('http') ? target.replace(/^https?:\/\/[^/?]*/, '') : target
  const question = relative.indexOf('?')
  let path = question < 0 ? relative : relative.slice(0, question)
  if (path.startsWith('//')) path = path.slice(1)
  if (path.length > 1 && path.endsWith('/')) path = path.slice(0, -1)
  const query = new URLSearchParams(question < 0 ? '' : relative.slice(question + 1))
  switch (path) {
    case '/v2/s2s/event':
      return { route: 'event', dryRun: isOn(query, 'dryrun'), partial: false }
    case '/v2/s2s/batch':
      return { route: 'batch', dryRun: isOn(query, 'dryrun'), partial: isOn(query, 'partial') }
    case '/healthz':
    case '/readyz':
      return { route: path === '/healthz' ? 'healthz' : 'readyz' }
    case '/v2/s2s/reconciliation':
      return { route: 'reconciliation', query }
    case requests:
      return { route: 'requests', request: null, query }
    case '/openapi.json':
      return { route: 'page', path }
    default: {
      if (path === '/docs' || path.startsWith('/docs/')) return { route: 'page', path }
      const request = path.startsWith(`${requests}/`) ? path.slice(requests.length + 1) : ''
      return request === '' || request.includes('/') ? null : { route: 'requests', request, query }
    }
  }
}

const requests = '/v2/s2s/requests'

/** There, with any value but `0`, `false` and `no`. */
function isOn(query: URLSearchParams, name: string): boolean {
  return query.getAll(name).some(value => !['0', 'false', 'no'].includes(value.trim().toLowerCase()))
}
