// The admin API's answers about persons who are to be erased, and how long a product's events are kept.

import { sentField, sentFields } from './act.ts'
import { checkProduct } from './known-product.ts'
import type { Accounts, Erasure } from './needs.ts'
import { integer, orNever, productId, readFields, readQuery, required, text } from './parameters.ts'
import { badParameters, Refusal } from './problem.ts'
import type { Route } from './routes.ts'
import { showErasure, showProduct } from './shown.ts'

const userBytesMax = 512
const retentionDaysMax = 36_500

export function erasureRoutes(accounts: Accounts): Route[] {
  return [
    {
      method: 'PATCH',
      path: '/api/products/:id',
      act: {
        name: 'product.update',
        on: ({ id, body }) => {
          const before = accounts.listProducts().find(product => product.id === id)?.retentionDays ?? 'never'
          return {
            product: id,
            target: id,
            values: { ...sentFields(body, 'retention_days'), was: { retention_days: before } },
          }
        },
      },
      async answer({ query, id, body, now }) {
        readQuery(query, {}, now)
        const { retention_days } = readFields(body, { retention_days: orNever(integer(1, retentionDaysMax)) }, now)
        if (retention_days === null) {
          const message = 'retention_days must be given: that is what is changed'
          throw badParameters([{ name: 'retention_days', message }])
        }
        checkProduct(accounts, id)
        const days = retention_days === 'never' ? null : retention_days
        const result = await accounts.updateProduct(id, { retentionDays: days })
        if (!result.ok) throw new Refusal('NOT_POSSIBLE', result.problem)
        return { body: showProduct(result.product) }
      },
    },
    {
      method: 'GET',
      path: '/api/erasures',
      async answer({ query, now }) {
        const { product } = readQuery(query, { product: productId }, now)
        checkProduct(accounts, product)
        return { body: { erasures: accounts.listErasures(product ?? undefined).map(showErasure) } }
      },
    },
    {
      method: 'POST',
      path: '/api/erasures',
      // Not the user, who is to be forgotten: the erasure's own id says which it was.
      act: {
        name: 'user.erase',
        on: ({ body }) => ({ product: sentField(body, 'product') }),
        done: ({ body }) => ({ target: sentField(body, 'id') }),
      },
      async answer({ query, body, now }) {
        readQuery(query, {}, now)
        const table = {
          product: required(productId, 'a user is one of a product'),
          user: required(text(userBytesMax), 'it is the client_user_id of who is erased'),
        }
        const { product, user } = readFields(body, table, now)
        checkProduct(accounts, product)
        const result = await accounts.requestErasure(product!, user!)
        if (!result.ok) throw new Refusal('NOT_POSSIBLE', result.problem)
        return { status: result.created ? 202 : 200, body: showErasure(result.erasure) }
      },
    },
    {
      method: 'GET',
      path: '/api/erasures/:id',
      async answer({ query, id, now }) {
        readQuery(query, {}, now)
        const erasure: Erasure | undefined = accounts.listErasures().find(one => one.id === id)
        if (erasure === undefined) throw new Refusal('NOT_FOUND', 'There is no erasure of this id')
        return { body: showErasure(erasure) }
      },
    },
  ]
}
