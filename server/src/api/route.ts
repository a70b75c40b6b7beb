// Which route a request's target means. The published base URL ends in a slash, so a doubled leading slash and a
// trailing one mean the same route; a query may follow.

type Route = 'event' | 'batch' | 'healthz' | 'readyz'
/** `partial`: of a batch, the good events are wanted even where others are bad. */
export type Target = { route: Route; dryRun: boolean; partial: boolean }

const routes = new Map<string, Route>([
  ['/v2/s2s/event', 'event'],
  ['/v2/s2s/batch', 'batch'],
  ['/healthz', 'healthz'],
  ['/readyz', 'readyz'],
])

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
  const route = routes.get(path)
  if (route === undefined) return null
  if (question < 0) return { route, dryRun: false, partial: false }
  const query = new URLSearchParams(relative.slice(question + 1))
  return { route, dryRun: isOn(query, 'dryrun'), partial: route === 'batch' && isOn(query, 'partial') }
}

/** There, with any value but `0`, `false` and `no`. */
function isOn(query: URLSearchParams, name: string): boolean {
  return query.getAll(name).some(value => !['0', 'false', 'no'].includes(value.trim().toLowerCase()))
}
