// What the admin API answers, as one table: a method, a path, and a function from the request to a JSON value. The
// table is also what tells a wrong method (405) from a wrong path (404).

import { erasureRoutes } from './erasure-routes.ts'
import { type Act, sentField, sentFields } from './act.ts'
import { auditRoutes } from './audit-routes.ts'
import { diagnosticsRoutes } from './diagnostics-routes.ts'
import { eventStreamRoute } from './event-stream-route.ts'
import { EventStreams } from './event-streams.ts'
import { rateLimitMax } from './key-usage.ts'
import { keyUsageRoutes } from './key-usage-routes.ts'
import { checkProduct } from './known-product.ts'
import { newEventsRoute } from './new-events-route.ts'
import type { Accounts, ConflictDecision, Filter, Key, KeyChange, KeyWish, Known, Refused, WebNeeds } from './needs.ts'
import {
  flag,
  future,
  integer,
  label,
  listOf,
  oneOf,
  orNever,
  past,
  productId,
  readFields,
  readQuery,
  required,
  text,
  uuid,
} from './parameters.ts'
import { backupRoutes } from './backup-routes.ts'
import { badParameters, Refusal } from './problem.ts'
import { rejectionRoutes } from './rejection-routes.ts'
import { ratesRoutes } from './rates-routes.ts'
import { reportRoutes } from './report-routes.ts'
import { sessionRoutes } from './session-routes.ts'
import { showDecision, showKey, showProduct, showReprocess, showRow } from './shown.ts'
import { readStanding, systemRoutes } from './system-routes.ts'
import { tryRoutes } from './try-routes.ts'
import { turnPage } from './turn-page.ts'

export type Asked = {
  query: URLSearchParams
  id: string
  body: object
  now: number
  /** null where anybody may ask. */
  caller: Known | null
  /** SHA-256 as hex. */
  adminTokenHash: string
}
/**
 * `cookie`: the session that the browser gets; null takes it away. `stream`: server-sent events in place of the body;
 * `cut` ends the connection of one who does not read.
 */
export type Answer = {
  status?: 200 | 201 | 202
  body: unknown
  cookie?: string | null
  stream?: (cut: () => void) => ReadableStream<Uint8Array<ArrayBuffer>>
}
/**
 * What changes something is an act: it has a name, and is recorded before and after it is done (act.ts). Its act is null only
 * where what is sent does not fit into a query and nothing changes. `bodyBytesMax`: where it is not that of every route.
 * `open` says to whom, where it is not: a GET to viewers, all else to admins. `token`: to whoever sends a right one in the body.
 */
export type Route = { path: string; open?: Open; answer: (asked: Asked) => Promise<Answer> } & (
  | { method: 'GET' }
  | { method: 'POST' | 'PATCH' | 'DELETE'; act: Act | null; bodyBytesMax?: number }
)

export type Open = 'anyone' | 'token' | 'viewer' | 'admin'

export function openTo({ method, open }: Pick<Route, 'method' | 'open'>): Open {
  return open ?? (method === 'GET' ? 'viewer' : 'admin')
}

const idBytesMax = 512
const none = {}
const question = { product: productId, mode: oneOf('live', 'test'), since: past, until: past }
const eventFilters = {
  user: text(idBytesMax),
  event: text(128),
  transaction: text(idBytesMax),
  click: text(idBytesMax),
  message: text(idBytesMax),
  request: uuid,
}

const receiptIds = {
  request: uuid,
  transaction: text(idBytesMax),
  message: text(idBytesMax),
  idempotency_key: text(255),
}
const countFilters = { event: text(128), user: text(idBytesMax), click: text(idBytesMax) }
const countBy = ['product', 'mode', 'event_name', 'currency', 'month', 'day', 'hour'] as const
const countRowsMax = 10_000

export function adminRoutes(needs: WebNeeds, pageRowsMax: number, streams = new EventStreams()): Route[] {
  const page = { limit: integer(1, pageRowsMax), cursor: text(1_024) }
  const pageOf = ({ limit, cursor }: { limit: number | null; cursor: string | null }) => ({
    limit: limit ?? Math.min(50, pageRowsMax),
    ...(cursor !== null && { cursor }),
  })
  const filterIn = (values: Filters) => {
    checkProduct(needs.accounts, values.product ?? null)
    return filterOf(values)
  }
  return [
    ...accountRoutes(needs.accounts),
    ...erasureRoutes(needs.accounts),
    {
      method: 'GET',
      path: '/api/events',
      async answer({ query, now }) {
        const values = readQuery(query, { ...question, ...page, ...eventFilters, raw: flag }, now)
        const asked = { ...filterIn(values), ...pageOf(values), raw: values.raw === true }
        const { rows, cursor } = await turnPage(asked, needs.listEvents)
        return { body: { events: rows.map(showRow), next: cursor } }
      },
    },
    newEventsRoute(needs, pageRowsMax, eventFilters, filterIn),
    eventStreamRoute(needs, streams, eventFilters, filterIn),
    {
      method: 'GET',
      path: '/api/counts',
      async answer({ query, now }) {
        const table = { ...question, ...countFilters, by: listOf(...countBy), clock: oneOf('received', 'event') }
        const values = readQuery(query, { ...table, limit: integer(1, countRowsMax) }, now)
        const rows = await needs.countEvents({
          ...filterIn(values),
          ...(values.by !== null && { by: values.by }),
          ...(values.clock !== null && { clock: values.clock }),
          limit: values.limit ?? countRowsMax,
        })
        return { body: { counts: rows.map(showRow) } }
      },
    },
    {
      method: 'GET',
      path: '/api/duplicates',
      async answer({ query, now }) {
        const values = readQuery(query, { ...question, ...page, ...eventFilters, conflict: flag, resolved: flag }, now)
        const conflict = {
          ...(values.conflict !== null && { conflict: values.conflict }),
          ...(values.resolved !== null && { resolved: values.resolved }),
        }
        const { rows, cursor } = await turnPage(
          { ...filterIn(values), ...pageOf(values), ...conflict },
          needs.listDuplicates,
        )
        return { body: { duplicates: rows.map(showRow), next: cursor } }
      },
    },
    {
      method: 'GET',
      path: '/api/parked',
      async answer({ query, now }) {
        const values = readQuery(query, { ...question, ...page, request: uuid, reason: text(64), raw: flag }, now)
        const reason = values.reason !== null && { reason: values.reason }
        const { rows, cursor } = await turnPage(
          { ...filterIn(values), ...pageOf(values), ...reason, raw: values.raw === true },
          needs.listParked,
        )
        return { body: { parked: rows.map(showRow), next: cursor } }
      },
    },
    {
      method: 'GET',
      path: '/api/receipts',
      async answer({ query, now }) {
        const { product, mode, ...ids } = readQuery(
          query,
          { product: productId, mode: question.mode, ...receiptIds },
          now,
        )
        const given = Object.entries(ids).filter(([, value]) => value !== null)
        if (given.length !== 1) {
          const message =
            'one of request, transaction, message and idempotency_key must be given: that is what is looked for'
          throw badParameters([{ name: 'request', message }])
        }
        const { idempotency_key: idempotencyKey, ...others } = Object.fromEntries(given) as Record<string, string>
        checkProduct(needs.accounts, product)
        const found = await needs.receipts({
          ...(product !== null && { product }),
          ...(mode !== null && { mode }),
          ...(idempotencyKey !== undefined && { idempotencyKey }),
          ...others,
        })
        if (found === null) throw new Refusal('NOT_FOUND', 'No event came under this id')
        return { body: found }
      },
    },
    {
      method: 'GET',
      path: '/api/rejected',
      async answer({ query, now }) {
        const values = readQuery(query, { product: productId, since: past, until: past }, now)
        return {
          body: {
            rejected: (await needs.countRejected(filterIn(values))).map(showRow),
          },
        }
      },
    },
    conflictRoute(needs),
    ...diagnosticsRoutes(needs),
    ...keyUsageRoutes(needs),
    ...reportRoutes(needs),
    ...rejectionRoutes(needs, pageRowsMax),
    ...tryRoutes(needs),
    ...ratesRoutes(needs),
    ...reprocessRoutes(needs),
    ...auditRoutes(needs.audit, pageRowsMax),
    ...backupRoutes(needs),
    ...sessionRoutes(needs.access),
    {
      method: 'GET',
      path: '/api/status',
      async answer({ query, now }) {
        readQuery(query, none, now)
        return { body: await readStanding(needs, now) }
      },
    },
    ...systemRoutes(needs),
  ]
}

function pipelineAway(): Refusal {
  return new Refusal('PIPELINE_AWAY', 'The pipeline cannot be asked just now', { headers: { 'retry-after': '2' } })
}

function conflictRoute(needs: WebNeeds): Route {
  return {
    method: 'POST',
    path: '/api/conflicts',
    act: {
      name: 'conflict.resolve',
      on: ({ body }) => ({
        target: sentField(body, 'request'),
        values: sentFields(body, 'position', 'stands', 'reason'),
      }),
      done: ({ body }) => ({ product: sentField(body, 'product') }),
    },
    async answer({ query, body, now }) {
      readQuery(query, none, now)
      const table = {
        request: required(uuid, 'it is the request of the event that came later'),
        position: integer(0, 4_999),
        stands: required(oneOf('first', 'later'), 'it says which of the two events counts'),
        reason: text(500),
      }
      const { request, position, stands, reason } = readFields(body, table, now)
      const wish = { requestId: request!, position: position ?? 0, stands: stands!, reason: reason ?? '' }
      const decided = await needs.resolveConflict(wish)
      if (decided === null) throw pipelineAway()
      if (decided === 'none')
        throw new Refusal('NOT_FOUND', 'No event that came from there is in conflict with another')
      if (decided === 'busy')
        throw new Refusal('NOT_POSSIBLE', 'Events are being processed again: wait until that has ended')
      if ('otherwise' in decided) throw new Refusal('NOT_POSSIBLE', decidedSentence(decided.otherwise))
      return { body: showDecision(decided.resolution) }
    },
  }
}

function decidedSentence({ requestId, position, firstRequestId, firstPosition, decidedMs }: ConflictDecision): string {
  const [stands, stood] = [`${requestId} #${position}`, `${firstRequestId} #${firstPosition}`]
  const when = new Date(decidedMs).toISOString()
  return (
    `It was decided at ${when} that the event of ${stands} counts instead of that of ${stood}. ` +
    `To decide otherwise, name ${stood} as the one that stands: later`
  )
}

function reprocessRoutes(needs: WebNeeds): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/reprocess',
      async answer({ query, now }) {
        readQuery(query, none, now)
        const last = await needs.readReprocess({})
        if (last === 'away') throw pipelineAway()
        return { body: { reprocess: last && showReprocess(last) } }
      },
    },
    {
      method: 'POST',
      path: '/api/reprocess',
      act: { name: 'reprocess.start', on: ({ body }) => ({ values: sentFields(body, 'from', 'to') }) },
      async answer({ query, body, now }) {
        readQuery(query, none, now)
        const why = 'it is a time of receipt'
        const { from, to } = readFields(body, { from: required(past, why), to: required(past, why) }, now)
        if (from! >= to!) throw badParameters([{ name: 'to', message: 'to must be later than from' }])
        const begun = await needs.startReprocess({ fromMs: from!, toMs: to! })
        if (begun === null) throw pipelineAway()
        if (!begun)
          throw new Refusal('NOT_POSSIBLE', 'Events are being processed again already: wait until that has ended')
        return { status: 202, body: { state: 'building' } }
      },
    },
  ]
}

function accountRoutes(accounts: Accounts): Route[] {
  const show = (key: Key, now: number) => showKey(key, accounts.lastUsed(key.id), now)
  const find = (id: string): Key => {
    const key = accounts.listKeys().find(one => one.id === id)
    if (key === undefined) throw new Refusal('NOT_FOUND', 'There is no key of this id')
    return key
  }
  return [
    {
      method: 'GET',
      path: '/api/products',
      async answer({ query, now }) {
        readQuery(query, none, now)
        return { body: { products: accounts.listProducts().map(showProduct) } }
      },
    },
    {
      method: 'POST',
      path: '/api/products',
      act: {
        name: 'product.create',
        on: ({ body }) => ({ product: sentField(body, 'id'), target: sentField(body, 'id') }),
        done: ({ status }) => ({ values: { created: status === 201 } }),
      },
      async answer({ query, body, now }) {
        readQuery(query, none, now)
        const { id } = readFields(body, { id: required(productId, 'it names the product') }, now)
        const { product, created } = granted(await accounts.createProduct(id!))
        return { status: created ? 201 : 200, body: showProduct(product) }
      },
    },
    {
      method: 'GET',
      path: '/api/products/:id',
      async answer({ query, id, now }) {
        readQuery(query, none, now)
        checkProduct(accounts, id)
        const product = accounts.listProducts().find(one => one.id === id)
        return { body: showProduct(product!) }
      },
    },
    {
      method: 'GET',
      path: '/api/keys',
      async answer({ query, now }) {
        const { product } = readQuery(query, { product: productId }, now)
        checkProduct(accounts, product)
        return { body: { keys: accounts.listKeys(product ?? undefined).map(key => show(key, now)) } }
      },
    },
    {
      method: 'POST',
      path: '/api/keys',
      act: {
        name: 'key.create',
        on: ({ body }) => ({
          product: sentField(body, 'product'),
          values: sentFields(body, 'name', 'mode', ...settingNames),
        }),
        done: ({ body }) => ({ target: sentField(body, 'id'), values: sentFields(body, 'prefix', ...settingNames) }),
      },
      async answer({ query, body, now }) {
        readQuery(query, none, now)
        const { key, secret } = granted(await accounts.createKey(readKeyWish(body, now)))
        const { id, ...rest } = show(key, now)
        return { status: 201, body: { id, key: secret, ...rest } }
      },
    },
    {
      method: 'GET',
      path: '/api/keys/:id',
      async answer({ query, id, now }) {
        readQuery(query, none, now)
        return { body: show(find(id), now) }
      },
    },
    {
      method: 'PATCH',
      path: '/api/keys/:id',
      act: {
        name: 'key.update',
        on: ({ id, body, now }) => {
          const found = accounts.listKeys().find(one => one.id === id)
          const values = sentFields(body, 'name', ...settingNames)
          if (found === undefined) return { target: id, values }
          const before: Record<string, unknown> = show(found, now)
          const was = Object.fromEntries(Object.keys(values).map(name => [name, before[name]]))
          return { product: found.product, target: id, values: { ...values, was } }
        },
      },
      async answer({ query, id, body, now }) {
        readQuery(query, none, now)
        const { key } = granted(await accounts.updateKey(find(id).id, readKeyChange(body, now)))
        return { body: show(key, now) }
      },
    },
    {
      method: 'DELETE',
      path: '/api/keys/:id',
      act: {
        name: 'key.revoke',
        on: ({ id }) => ({ product: accounts.listKeys().find(one => one.id === id)?.product ?? null, target: id }),
      },
      async answer({ query, id, now }) {
        readQuery(query, none, now)
        const { key } = granted(await accounts.revokeKey(find(id).id))
        return { body: show(key, now) }
      },
    },
  ]
}

function granted<Granted extends { ok: true }>(result: Granted | Refused): Granted {
  if (!result.ok) throw new Refusal('NOT_POSSIBLE', result.problem)
  return result
}

type Filters = { product?: string | null } & {
  [Name in keyof typeof question | keyof typeof eventFilters]?: string | number | null
}

/** Only what was asked for; `since` and `until` under the names that say their unit. */
function filterOf(values: Filters): Filter {
  const { since, until } = values
  if (since != null && until != null && since >= until) {
    throw badParameters([{ name: 'until', message: 'until must be later than since' }])
  }
  const { product, mode, user, event, transaction, click, message, request } = values
  const filter = { product, mode, user, event, transaction, click, message, request, sinceMs: since, untilMs: until }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value != null)) as Filter
}

function readKeyChange(body: object, now: number): KeyChange {
  const { name, rate_limit, scopes, expires_at } = readFields(
    body,
    { ...keySettings, expires_at: orNever(future) },
    now,
  )
  const change: KeyChange = {
    ...(name !== null && { name }),
    ...(rate_limit !== null && { rateLimit: rate_limit }),
    ...(scopes !== null && { scopes }),
    ...(expires_at !== null && { expiresMs: expires_at === 'never' ? null : expires_at }),
  }
  if (Object.keys(change).length > 0) return change
  const message = 'one of name, rate_limit, scopes and expires_at must be given: that is what is changed'
  throw badParameters([{ name: 'name', message }])
}

const settingNames = ['rate_limit', 'scopes', 'expires_at'] as const
const keySettings = { name: label(100), rate_limit: integer(1, rateLimitMax), scopes: listOf('ingest', 'read') }

function readKeyWish(body: object, now: number): KeyWish {
  const wish = readFields(
    body,
    {
      product: required(productId, 'a key belongs to one'),
      ...keySettings,
      mode: question.mode,
      expires_at: future,
    },
    now,
  )
  return {
    product: wish.product!,
    ...(wish.name !== null && { name: wish.name }),
    ...(wish.mode !== null && { mode: wish.mode }),
    ...(wish.scopes !== null && { scopes: wish.scopes }),
    ...(wish.rate_limit !== null && { rateLimit: wish.rate_limit }),
    expiresMs: wish.expires_at,
  }
}
