// The admin API's answers about rejected requests, and sending them again.

import { limits } from '../limits.ts'
import { sentField, sentFields } from './act.ts'
import { checkProduct } from './known-product.ts'
import type { ReplayWish, WebNeeds } from './needs.ts'
import {
  flag,
  integer,
  mappingOf,
  oneOf,
  past,
  productId,
  readFields,
  readQuery,
  required,
  text,
  uuid,
} from './parameters.ts'
import { badParameters, Refusal } from './problem.ts'
import type { Route } from './routes.ts'
import { showRow } from './shown.ts'
import { turnPage } from './turn-page.ts'

const filters = {
  product: productId,
  mode: oneOf('live', 'test'),
  key: text(64),
  code: text(64),
  rule: text(64),
  field: text(128),
  request: uuid,
  since: past,
  until: past,
}
const groupsMax = 1_000

type Values = { product: string | null } & { [Name in keyof typeof filters]: string | number | null }

export function rejectionRoutes(needs: WebNeeds, pageRowsMax: number): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/rejected/requests',
      async answer({ query, now }) {
        const page = { limit: integer(1, pageRowsMax), cursor: text(1_024) }
        const { limit, cursor, ...values } = readQuery(query, { ...filters, ...page }, now)
        checkProduct(needs.accounts, values.product)
        const asked = {
          ...questionOf(values),
          limit: limit ?? Math.min(50, pageRowsMax),
          ...(cursor !== null && { cursor }),
        }
        const { rows, cursor: next } = await turnPage(asked, needs.listRejections)
        return { body: { requests: rows.map(showRow), next } }
      },
    },
    {
      method: 'GET',
      path: '/api/rejected/rules',
      async answer({ query, now }) {
        const { limit, ...values } = readQuery(query, { ...filters, limit: integer(1, groupsMax) }, now)
        checkProduct(needs.accounts, values.product)
        const rows = await needs.groupRejections({ ...questionOf(values), limit: limit ?? groupsMax })
        return { body: { rules: rows.map(showRow) } }
      },
    },
    {
      method: 'GET',
      path: '/api/rejected/requests/:id',
      async answer({ query, id, now }) {
        readQuery(query, {}, now)
        const found = 'value' in uuid.read(id, now) ? await needs.readRejection(id.toLowerCase()) : null
        if (found === null) throw new Refusal('NOT_FOUND', 'No rejected request of this id is kept')
        const { raw, exact, violations, ...rest } = found
        return { body: { ...showRow(rest), violations, exact, raw } }
      },
    },
    {
      method: 'POST',
      path: '/api/replay',
      act: {
        name: 'replay.send',
        on: ({ body }) => ({
          target: sentField(body, 'request'),
          values: sentFields(body, 'position', 'mapping', 'partial', 'dry_run'),
        }),
        done: ({ body }) => ({
          product: sentField(body, 'product'),
          values: sentFields(body, 'accepted', 'rejected', 'request_ids'),
        }),
      },
      async answer({ query, body, now }) {
        readQuery(query, {}, now)
        const wish = readWish(body, now)
        const report = await needs.replay(wish)
        if (report === null) throw new Refusal('NOT_FOUND', 'Nothing is kept of this request')
        if (typeof report === 'string') throw new Refusal('NOT_POSSIBLE', report)
        return { body: report }
      },
    },
  ]
}

function readWish(body: object, now: number): ReplayWish {
  const values = readFields(
    body,
    {
      request: required(uuid, 'it is what is sent again'),
      position: integer(-2, limits.replayEventsMax - 1),
      mapping: mappingOf(128),
      partial: flag,
      dry_run: flag,
    },
    now,
  )
  return {
    request: values.request as string,
    ...(values.position !== null && { position: values.position }),
    mapping: values.mapping ?? new Map(),
    partial: values.partial === true,
    dryRun: values.dry_run === true,
  }
}

function questionOf({ since, until, ...values }: Values) {
  if (since !== null && until !== null && since >= until)
    throw badParameters([{ name: 'until', message: 'until must be later than since' }])
  const filter = { ...values, sinceMs: since, untilMs: until }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== null)) as object
}
