// Which route a request's target means. The published base URL ends in a slash, so a doubled leading slash and a
// trailing one mean the same route; a query may follow.

type Route = 'event' | 'batch' | 'healthz' | 'readyz'
export type Target = { route: Route; dryRun: boolean }

const routes = new Map<string, Route>([
  ['/v2/s2s/event', 'event'],
  ['/v2/s2s/batch', 'batch'],
  ['/healthz', 'healthz'],
  ['/readyz', 'readyz'],
])

const event: Target = { route: 'event', dryRun: false }
const batch: Target = { route: 'batch', dryRun: false }

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
  return { route, dryRun: question >= 0 && isDryRun(new URLSearchParams(relative.slice(question + 1))) }
}

/** `?dryrun` with any value but `0`, `false` and `no`. */
function isDryRun(query: URLSearchParams): boolean {
  return query.getAll('dryrun').some(value => !['0', 'false', 'no'].includes(value.trim().toLowerCase()))
}
