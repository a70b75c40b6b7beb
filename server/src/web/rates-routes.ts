// The admin API's answers about exchange rates, and taking a month's file.

import { createHash } from 'node:crypto'
import { limits } from '../limits.ts'
import { sentField, sentFields } from './act.ts'
import type { WebNeeds } from './needs.ts'
import { readQuery } from './parameters.ts'
import { badParameters, Refusal } from './problem.ts'
import type { Route } from './routes.ts'
import { showRatesMonth } from './shown.ts'

export function ratesRoutes(needs: WebNeeds): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/rates',
      async answer({ query, now }) {
        readQuery(query, {}, now)
        return { body: { months: (await needs.listRates({})).map(showRatesMonth) } }
      },
    },
    {
      method: 'POST',
      path: '/api/rates',
      act: {
        name: 'rates.import',
        on: ({ body }) => ({ target: sentField(body, 'month'), values: { sha256: sha256(JSON.stringify(body)) } }),
        done: ({ body }) => ({ values: sentFields(body, 'currencies') }),
      },
      bodyBytesMax: limits.adminRatesBodyBytesMax,
      async answer({ query, body, now }) {
        readQuery(query, {}, now)
        const result = await needs.importRates(body)
        if (!result.ok) throw badParameters(result.problems)
        return { status: 201, body: { month: result.month, currencies: result.currencies } }
      },
    },
    {
      method: 'GET',
      path: '/api/rates/:id',
      async answer({ query, id, now }) {
        readQuery(query, {}, now)
        const rates = /^\d{4}-\d{2}$/.test(id) ? await needs.readRates(id) : []
        if (rates.length === 0) throw new Refusal('NOT_FOUND', 'There are no rates of this month')
        return { body: { month: id, base_currency: 'USD', rates } }
      },
    },
  ]
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
