// The program that shows an OpenAPI document in a browser: Scalar's, whole, as the package of it for Fastify carries it. (The
// package that is named after it brings 284 others, for those who build it into programs of their own.) That package gives it
// through a route that it registers, so here is as much of Fastify as it takes to be given it.

type Reply = { header(): Reply; send(body: string): string }
type Route = { url: string; handler(request: null, reply: Reply): string }
type Package = { default(server: object, options: object, done: () => void): void }

/** Not written where it is imported: its types would bring a browser's to the whole program. */
const name: string = '@scalar/fastify-api-reference'

/** A joke that stands in the empty field for a key, and looks like one. */
const keyExample = 'QUxMIFlPVVIgQkFTRSBBUkUgQkVMT05HIFRPIFVT'

export async function apiReferenceScript(): Promise<string> {
  const { default: register } = (await import(name)) as Package
  const routes: Route[] = []
  const server = { route: (route: Route) => routes.push(route), hasPlugin: () => false, log: { warn() {} } }
  register(server, { routePrefix: '/docs', configuration: { url: '/openapi.json' } }, () => {})
  const script = routes.find(({ url }) => url.endsWith('.js'))
  if (script === undefined) throw new Error(`Cannot show the API because ${name} must give its script: it gave none`)
  const reply: Reply = { header: () => reply, send: body => body }
  return script.handler(null, reply).replaceAll(keyExample, 'dp_live_…')
}
