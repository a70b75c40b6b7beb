// docs/reference/admin-api.md and the admin API say the same, both ways: paths, parameters, refusals.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { limits } from '../limits.ts'
import { makeFakes } from './fakes.ts'
import { Refusal, refusals } from './problem.ts'
import { adminRoutes } from './routes.ts'

const nobody = { caller: null, adminTokenHash: '' }
const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/admin-api.md'), 'utf8')
const routes = adminRoutes(makeFakes().needs, limits.pageRowsMax)

it('the page has the routes of the API and no others', () => {
  const told = [...page.matchAll(/^### `([A-Z]+) (\S+)`$/gm)].map(([, method, path]) => `${method} ${path}`)
  assert.deepEqual(
    told,
    routes.map(({ method, path }) => `${method} ${path}`),
  )
})

it('the page has the parameters of each route and no others', async () => {
  for (const { method, path, answer } of routes) {
    const section = page.split(`### \`${method} ${path}\``)[1]!.split(/^#{2,3} /m)[0]!
    const line = /^Parameters: (.*)\.$/m.exec(section)?.[1] ?? ''
    const told = [...line.matchAll(/`(\w+)`/g)].map(([, name]) => name).toSorted(alphabetical)
    // A route names what it knows when it is asked for what it does not.
    const query = new URLSearchParams('nothing=1')
    const refusal: unknown = await answer({ query, id: 'x', body: {}, now: 0, ...nobody }).catch(
      (error: unknown) => error,
    )
    assert.ok(refusal instanceof Refusal)
    const known = /known are (.*)$/.exec(refusal.problems.find(({ name }) => name === 'nothing')!.message)![1]!
    assert.deepEqual(known === 'none' ? [] : known.split(', ').toSorted(alphabetical), told, `${method} ${path}`)
  }
})

it('the page has the refusals and no others', () => {
  const told = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [code, Number(status)])
  assert.deepEqual(
    told,
    Object.entries(refusals).map(([code, [status]]) => [code, status]),
  )
})

it('the page has the limits as they are', () => {
  assert.ok(page.includes(`${limits.adminBodyBytesMax / 1024} KiB`))
  assert.ok(page.includes(`${limits.adminRatesBodyBytesMax / 1024 / 1024} MiB`))
  assert.ok(page.includes(`Over ${limits.adminBadTokensPerMinuteMax}\nwrong tokens`))
  assert.ok(page.includes(`1 to ${limits.pageRowsMax} rows`))
  const { sessionIdleMsMax, sessionMsMax, sessionsMax, viewersMax } = limits
  assert.ok(
    page.includes(
      `after ${sessionIdleMsMax / 3_600_000} hours without a call that a person caused (a change, or a GET with \`X-Attended: true\`), ${sessionMsMax / 3_600_000} hours after`,
    ),
  )
  assert.ok(page.includes(`There may be ${sessionsMax};`))
  assert.ok(page.includes(`There may be ${viewersMax.toLocaleString('en')}, removed`))
  const { auditEntriesMax, auditAttemptsMax, auditAttemptsPerMinuteMax } = limits
  assert.ok(page.includes(`${auditEntriesMax.toLocaleString('en')} entries of acts`))
  assert.ok(page.includes(`${auditAttemptsMax.toLocaleString('en')} of attempts`))
  assert.ok(page.includes(`the first ${auditAttemptsPerMinuteMax} with`))
})

function alphabetical(a = '', b = ''): number {
  return a < b ? -1 : 1
}
