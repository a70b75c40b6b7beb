// What the admin API answers, as one table: a method, a path, and a function from the request to a JSON value. The
// table is also what tells a wrong method (405) from a wrong path (404).

import type { Accounts, Key, KeyWish, Refused, WebNeeds } from './needs.ts'
import { flag, future, integer, listOf, oneOf, past, productId, readFields, readQuery, text } from './parameters.ts'
import { badParameters, Refusal } from './problem.ts'
import {
  showCount,
  showDuplicate,
  showEvent,
  showKey,
  showParked,
  showProduct,
  showRejected,
  showStanding,
} from './shown.ts'

export type Asked = { query: URLSearchParams; id: string; body: object; now: number }
export type Answer = { status?: 200 | 201; body: unknown }
export type Route = { method: 'GET' | 'POST' | 'DELETE'; path: string; answer: (asked: Asked) => Promise<Answer> }

const idBytesMax = 512
const rateLimitMax = 6_000_000
const mode = oneOf('live', 'test')
const question = { product: productId, mode, since: past, until: past }
const none = {}

export function adminRoutes(needs: WebNeeds, pageRowsMax: number): Route[] {
  const page = { limit: integer(1, pageRowsMax), cursor: text(1_024) }
  const pageOf = (values: { limit: number | null; cursor: string | null }) => ({
    limit: values.limit ?? Math.min(50, pageRowsMax),
    cursor: values.cursor,
  })
  return [
    ...accountRoutes(needs.accounts),
    {
      method: 'GET',
      path: '/api/events',
      async answer({ query, now }) {
        const values = readQuery(query, { ...question, ...page, ...eventFilters, raw: flag }, now)
        const { rows, next } = await needs.listEvents(
          {
            ...questionOf(values),
            name: values.event,
            userId: values.user,
            transactionId: values.transaction,
            clickId: values.click,
            messageId: values.message,
            requestId: values.request,
            raw: values.raw === true,
          },
          pageOf(values),
        )
        return { body: { events: rows.map(showEvent), next } }
      },
    },
    {
      method: 'GET',
      path: '/api/counts',
      async answer({ query, now }) {
        const values = readQuery(query, { ...question, event: text(128) }, now)
        const counts = await needs.countEvents({ ...questionOf(values), name: values.event })
        return { body: { counts: counts.map(showCount) } }
      },
    },
    {
      method: 'GET',
      path: '/api/duplicates',
      async answer({ query, now }) {
        const table = { ...question, ...page, event: text(128), transaction: text(idBytesMax), conflict: flag }
        const values = readQuery(query, table, now)
        const { rows, next } = await needs.listDuplicates(
          {
            ...questionOf(values),
            name: values.event,
            transactionId: values.transaction,
            conflict: values.conflict,
          },
          pageOf(values),
        )
        return { body: { duplicates: rows.map(showDuplicate), next } }
      },
    },
    {
      method: 'GET',
      path: '/api/parked',
      async answer({ query, now }) {
        const values = readQuery(query, { ...question, ...page }, now)
        const { rows, next } = await needs.listParked(questionOf(values), pageOf(values))
        return { body: { parked: rows.map(showParked), next } }
      },
    },
    {
      method: 'GET',
      path: '/api/rejected',
      async answer({ query, now }) {
        const { product, since, until } = readQuery(query, { product: productId, since: past, until: past }, now)
        const rejected = await needs.countRejected(questionOf({ product, mode: null, since, until }))
        return { body: { rejected: rejected.map(showRejected) } }
      },
    },
    {
      method: 'GET',
      path: '/api/status',
      async answer({ query, now }) {
        readQuery(query, none, now)
        return { body: showStanding(await needs.standing(), now) }
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
      async answer({ query, body, now }) {
        readQuery(query, none, now)
        const { id } = readFields(body, { id: productId }, now)
        if (id === null) throw badParameters([{ name: 'id', message: 'id is missing: it names the product' }])
        const { product, created } = granted(await accounts.createProduct(id))
        return { status: created ? 201 : 200, body: showProduct(product) }
      },
    },
    {
      method: 'GET',
      path: '/api/products/:id',
      async answer({ query, id, now }) {
        readQuery(query, none, now)
        const product = accounts.listProducts().find(one => one.id === id)
        if (product === undefined) throw new Refusal('NOT_FOUND', 'There is no product of this id')
        return { body: showProduct(product) }
      },
    },
    {
      method: 'GET',
      path: '/api/keys',
      async answer({ query, now }) {
        const { product } = readQuery(query, { product: productId }, now)
        return { body: { keys: accounts.listKeys(product ?? undefined).map(key => show(key, now)) } }
      },
    },
    {
      method: 'POST',
      path: '/api/keys',
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
      method: 'DELETE',
      path: '/api/keys/:id',
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

const eventFilters = {
  user: text(idBytesMax),
  event: text(128),
  transaction: text(idBytesMax),
  click: text(idBytesMax),
  message: text(idBytesMax),
  request: text(64),
}

function questionOf(values: {
  product: string | null
  mode: 'live' | 'test' | null
  since: number | null
  until: number | null
}) {
  const { since, until } = values
  if (since !== null && until !== null && since >= until) {
    throw badParameters([{ name: 'until', message: 'until must be later than since' }])
  }
  return { product: values.product, mode: values.mode, sinceMs: since, untilMs: until }
}

function readKeyWish(body: object, now: number): KeyWish {
  const wish = readFields(
    body,
    {
      product: productId,
      name: text(100),
      mode,
      rate_limit: integer(1, rateLimitMax),
      expires_at: future,
      scopes: listOf('ingest', 'read'),
    },
    now,
  )
  const problems = []
  if (wish.product === null) problems.push({ name: 'product', message: 'product is missing: a key belongs to one' })
  if (wish.expires_at !== null && wish.expires_at <= now) {
    problems.push({ name: 'expires_at', message: 'expires_at must lie in the future' })
  }
  if (problems.length > 0 || wish.product === null) throw badParameters(problems)
  return {
    product: wish.product,
    ...(wish.name !== null && { name: wish.name }),
    ...(wish.mode !== null && { mode: wish.mode }),
    ...(wish.scopes !== null && { scopes: wish.scopes }),
    ...(wish.rate_limit !== null && { rateLimit: wish.rate_limit }),
    expiresMs: wish.expires_at,
  }
}
