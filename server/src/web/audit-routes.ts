// The admin API's answers about acts: who did what, and whether the audit log is whole.

import type { Audit, AuditEntry } from './needs.ts'
import { flag, integer, past, productId, type Reading, readQuery, text } from './parameters.ts'
import { badParameters } from './problem.ts'
import type { Route } from './routes.ts'
import { iso } from './when.ts'

export function auditRoutes(audit: Audit, pageRowsMax: number): Route[] {
  const page = { limit: integer(1, pageRowsMax), cursor: integer(1, Number.MAX_SAFE_INTEGER) }
  const filters = { product: productId, act: text(64), attempts: flag, since: past, until: past }
  return [
    {
      method: 'GET',
      path: '/api/audit',
      async answer({ query, now }) {
        const values = readQuery(query, { ...filters, ...page }, now)
        const { product, act, attempts, since, until, cursor } = values
        if (since !== null && until !== null && since >= until)
          throw badParameters([{ name: 'until', message: 'until must be later than since' }])
        const limit = values.limit ?? Math.min(50, pageRowsMax)
        const entries = audit.list({
          chain: attempts === true ? 'attempts' : 'acts',
          limit: limit + 1,
          ...(product !== null && { product }),
          ...(act !== null && { act }),
          ...(since !== null && { sinceMs: since }),
          ...(until !== null && { untilMs: until }),
          ...(cursor !== null && { before: cursor }),
        })
        const shown = entries.slice(0, limit)
        const next = entries.length > limit ? String(shown.at(-1)?.seq) : null
        return { body: { audit: shown.map(showEntry), next } }
      },
    },
    {
      method: 'GET',
      path: '/api/audit/verify',
      async answer({ query, now }) {
        const { known } = readQuery(query, { known: notedHash }, now)
        const chains = await audit.verify(known ?? undefined)
        return { body: { ok: chains.every(({ problem }) => problem === null), chains } }
      },
    },
  ]
}

/** `17:` and the hash of entry 17. */
const notedHash: Reading<{ seq: number; hash: string }> = {
  read(sent) {
    const [, seq, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(String(sent)) ?? []
    if (seq === undefined || hash === undefined)
      return { wanted: 'SEQ:HASH of an entry, as an earlier answer gave them' }
    return { value: { seq: Number(seq), hash } }
  },
}

function showEntry({ seq, startedMs, endedMs, act, outcome, code, values, hash, ...rest }: AuditEntry) {
  const { product, target, actor, way, address } = rest
  return {
    seq,
    started_at: iso(startedMs),
    ended_at: iso(endedMs),
    act,
    outcome,
    code,
    product,
    target,
    actor,
    way,
    address,
    values,
    hash,
  }
}
