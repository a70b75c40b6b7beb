// The audit log: every administrative act, by whom, on what, and how it ended. It promises:
//   `begin` and `note` have synced their entry when they return, so an act that the process died in is seen as `begun`;
//   entries are never changed, and only ever go when they are too old or too many, which is itself an entry;
//   each carries SHA-256 over the one before it and its own content, so that a changed, missing or foreign entry is
//   noticed by `verify`. Whoever may write the file can also write the whole chain anew: against that, note the last
//   hash elsewhere from time to time, and have it looked for.
//
// Two chains: `acts`, and `attempts` (a wrong admin token), so that no flood of attempts can push an act out.
// A row is an entry, or the end of one (`of` is its seq):
//   hash = SHA-256 of the JSON array [hash before or '', chain, seq, of, at_ms, kind, act, product, content], hex
//   content = JSON: target, actor, way, address, values; of an end: code, target, values
// Every process that does acts may have one open on the same file; SQLite lets one write at a time.

import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { limits } from '../limits.ts'
import { openAccountsFile } from './accounts-file.ts'
import { auditText, auditValues } from './audit-values.ts'

export type AuditChain = 'acts' | 'attempts'

/** How somebody came in: with the admin token, with a session made from it, as a program on this machine, or not at all. */
export type Way = 'token' | 'session' | 'local' | 'none'

export type Intent = {
  /** Stable, such as `key.create`. */
  act: string
  product?: string | null
  /** What it is done on: the id of a key, a request, a month. */
  target?: string | null
  /** Who they say they are. */
  actor?: string | null
  way: Way
  /** The connection's. */
  address?: string | null
  values?: Record<string, unknown>
}

export type Outcome = {
  outcome: 'done' | 'refused' | 'failed'
  /** Why not. */
  code?: string | null
  product?: string | null
  target?: string | null
  values?: Record<string, unknown>
}

export type AuditEntry = {
  seq: number
  startedMs: number
  /** null: not ended, or nobody lived to write it down. */
  endedMs: number | null
  act: string
  outcome: 'begun' | Outcome['outcome']
  code: string | null
  product: string | null
  target: string | null
  actor: string | null
  way: Way
  address: string | null
  values: Record<string, unknown>
  hash: string
}

export type AuditQuestion = {
  chain?: AuditChain
  product?: string
  act?: string
  sinceMs?: number
  untilMs?: number
  limit: number
  /** Entries before this one. */
  before?: number
}

export type ChainVerdict = {
  chain: AuditChain
  entries: number
  /** seq of the first and the last one that are kept; 0 without any. */
  first: number
  last: number
  /** Of the last one. */
  hash: string
  /** Acts without an end. */
  begun: number
  problem: string | null
}

export type AuditLog = {
  /** Before an act. What it gives is called with how it ended, once. Throws when it cannot be recorded. */
  begin(intent: Intent): (outcome: Outcome) => void
  /** What is over already, in one entry. */
  note(chain: AuditChain, entry: Intent & Outcome): void
  /** Newest first. */
  list(question: AuditQuestion): AuditEntry[]
  /** Reads all of it. `known`: an entry of `acts` whose hash somebody noted. */
  verify(known?: { seq: number; hash: string }): Promise<ChainVerdict[]>
  /** Entries of `acts` ever written: never fewer than before. */
  written(): number
  close(): void
}

export type AuditOptions = {
  path: string
  now: () => number
  limits?: { entriesMax: Record<AuditChain, number>; ageMsMax: number }
}

type Row = {
  seq: number
  of: number | null
  at_ms: number
  kind: 'begun' | Outcome['outcome']
  act: string
  product: string | null
  content: string
  hash: string
}
type NewRow = Omit<Row, 'seq' | 'hash'>
type Content = Partial<Pick<AuditEntry, 'target' | 'actor' | 'way' | 'address' | 'values' | 'code'>>

const chains: readonly AuditChain[] = ['acts', 'attempts']
const sliceRows = 1_000

export function openAuditLog({ path, now, limits: bounds = auditLimits }: AuditOptions): AuditLog {
  const file = openAccountsFile(path)
  const selectLast = file.prepare('SELECT seq, hash FROM audit WHERE chain = ? ORDER BY seq DESC LIMIT 1')
  const selectFirst = file.prepare('SELECT seq, at_ms FROM audit WHERE chain = ? ORDER BY seq LIMIT 1')
  const insertRow = file.prepare(
    `INSERT INTO audit (chain, seq, of, at_ms, kind, act, product, content, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  for (const chain of chains) inTransaction(() => trim(chain))

  return {
    begin(intent) {
      const seq = append('acts', { ...rowOf(intent), kind: 'begun' })
      return outcome => void append('acts', { ...endOf(outcome), act: intent.act, of: seq })
    },
    note: (chain, entry) => void append(chain, rowOf(entry)),
    list: question => list(file, question),
    verify: known => verify(path, known),
    written: () => (selectLast.get('acts') as { seq: number } | undefined)?.seq ?? 0,
    close: () => file.close(),
  }

  function rowOf(entry: Intent & Partial<Outcome>): NewRow {
    const { act, product = null, target = null, actor = null, way, address = null, values = {}, code } = entry
    const content = contentOf({ target, actor, way, address, values, ...(code != null && { code }) })
    return {
      of: null,
      at_ms: now(),
      kind: entry.outcome ?? 'done',
      act,
      product: product && auditText(product),
      content,
    }
  }

  function endOf({ outcome, code, product = null, target, values }: Outcome): Omit<NewRow, 'act'> {
    const content = contentOf({
      ...(code != null && { code }),
      ...(target != null && { target }),
      ...(values !== undefined && { values }),
    })
    return { of: null, at_ms: now(), kind: outcome, product: product && auditText(product), content }
  }

  function append(chain: AuditChain, row: NewRow): number {
    return inTransaction(() => {
      const seq = insert(chain, row)
      trim(chain)
      return seq
    })
  }

  function insert(chain: AuditChain, row: NewRow): number {
    const last = selectLast.get(chain) as { seq: number; hash: string } | undefined
    const seq = (last?.seq ?? 0) + 1
    const hash = hashOf(last?.hash ?? '', chain, { ...row, seq })
    insertRow.run(chain, seq, row.of, row.at_ms, row.kind, row.act, row.product, row.content, hash)
    return seq
  }

  /** Lets go of the oldest: all that are too old, or a hundredth (ten at least) where there are too many. */
  function trim(chain: AuditChain): void {
    const first = selectFirst.get(chain) as { seq: number; at_ms: number } | undefined
    const last = selectLast.get(chain) as { seq: number } | undefined
    if (first === undefined || last === undefined) return
    const { entriesMax, ageMsMax } = bounds
    const tooOldMs = now() - ageMsMax
    const isOverfull = last.seq - first.seq >= entriesMax[chain]
    if (!isOverfull && first.at_ms >= tooOldMs) return
    const surplus = isOverfull ? first.seq + Math.max(10, Math.ceil(entriesMax[chain] / 100)) - 1 : 0
    const young = file
      .prepare('SELECT seq FROM audit WHERE chain = ? AND at_ms >= ? ORDER BY seq LIMIT 1')
      .get(chain, tooOldMs) as { seq: number } | undefined
    const through = Math.min(last.seq, Math.max(surplus, (young?.seq ?? last.seq + 1) - 1))
    if (through < first.seq) return
    const { hash } = file.prepare('SELECT hash FROM audit WHERE chain = ? AND seq = ?').get(chain, through) as Row
    const values = { through, hash, entries: through - first.seq + 1 }
    insert(chain, { ...rowOf({ act: trimAct, way: 'local', values }), kind: 'done' })
    file.prepare('DELETE FROM audit WHERE chain = ? AND seq <= ?').run(chain, through)
  }

  function inTransaction<T>(work: () => T): T {
    file.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      file.exec('COMMIT')
      return result
    } catch (fault) {
      if (file.isTransaction) file.exec('ROLLBACK')
      throw fault
    }
  }
}

const trimAct = 'audit.trim'
const auditLimits = {
  entriesMax: { acts: limits.auditEntriesMax, attempts: limits.auditAttemptsMax },
  ageMsMax: limits.auditAgeMsMax,
}

function contentOf(content: Content): string {
  const { values, target, actor } = content
  const bounded = {
    ...content,
    ...(target != null && { target: auditText(target) }),
    ...(actor != null && { actor: auditText(actor) }),
    ...(values !== undefined && { values: auditValues(values) }),
  }
  const text = JSON.stringify(bounded)
  if (Buffer.byteLength(text) <= limits.auditEntryBytesMax) return text
  return JSON.stringify({ ...bounded, values: { omitted: `more than ${limits.auditEntryBytesMax} bytes` } })
}

function hashOf(before: string, chain: string, row: Omit<Row, 'hash'>): string {
  const { seq, of, at_ms, kind, act, product, content } = row
  return createHash('sha256')
    .update(JSON.stringify([before, chain, seq, of, at_ms, kind, act, product, content]))
    .digest('hex')
}

function list(file: DatabaseSync, question: AuditQuestion): AuditEntry[] {
  const { chain = 'acts', product, act, sinceMs, untilMs, before, limit } = question
  const conditions = ['chain = ?', 'of IS NULL']
  const values: (string | number)[] = [chain]
  const add = (condition: string, ...more: (string | number)[]) => {
    conditions.push(condition)
    values.push(...more)
  }
  if (before !== undefined) add('seq < ?', before)
  if (act !== undefined) add('act = ?', act)
  if (sinceMs !== undefined) add('at_ms >= ?', sinceMs)
  if (untilMs !== undefined) add('at_ms < ?', untilMs)
  // Of some acts the product is known at their end only.
  const endsWith =
    'EXISTS (SELECT 1 FROM audit AS e WHERE e.chain = audit.chain AND e.of = audit.seq AND e.product = ?)'
  if (product !== undefined) add(`(product = ? OR product IS NULL AND ${endsWith})`, product, product)
  const sql = `SELECT * FROM audit WHERE ${conditions.join(' AND ')} ORDER BY seq DESC LIMIT ?`
  const rows = file.prepare(sql).all(...values, limit) as Row[]
  // Left to itself, SQLite walks the whole chain for this one.
  const selectEnd = file.prepare('SELECT * FROM audit INDEXED BY audit_by_of WHERE chain = ? AND of = ?')
  return rows.map(row => entryOf(row, row.kind === 'begun' ? (selectEnd.get(chain, row.seq) as Row | undefined) : row))
}

/** An entry with its end; what is known at the end only is added. */
function entryOf(row: Row, end: Row | undefined): AuditEntry {
  const begun = JSON.parse(row.content) as Content
  const ended = end === undefined ? {} : (JSON.parse(end.content) as Content)
  return {
    seq: row.seq,
    startedMs: row.at_ms,
    endedMs: end?.at_ms ?? null,
    act: row.act,
    outcome: end?.kind ?? 'begun',
    code: ended.code ?? null,
    product: row.product ?? end?.product ?? null,
    target: begun.target ?? ended.target ?? null,
    actor: begun.actor ?? null,
    way: begun.way ?? 'none',
    address: begun.address ?? null,
    values: { ...begun.values, ...ended.values },
    hash: row.hash,
  }
}

/** By a connection of its own, which sees the file as it is at this moment, slice by slice so that others get their turn. */
async function verify(path: string, known?: { seq: number; hash: string }): Promise<ChainVerdict[]> {
  const file = new DatabaseSync(path, { readOnly: true })
  try {
    file.exec('BEGIN')
    const verdicts: ChainVerdict[] = []
    for (const chain of chains) verdicts.push(await verifyChain(file, chain, chain === 'acts' ? known : undefined))
    return verdicts
  } finally {
    file.close()
  }
}

async function verifyChain(file: DatabaseSync, chain: AuditChain, known?: { seq: number; hash: string }) {
  const verdict: ChainVerdict = { chain, entries: 0, first: 0, last: 0, hash: '', begun: 0, problem: null }
  const select = file.prepare('SELECT * FROM audit WHERE chain = ? AND seq > ? ORDER BY seq LIMIT ?')
  const open = new Set<number>()
  let lookedFor = known
  for (let after = 0; ; after = verdict.last) {
    const rows = select.all(chain, after, sliceRows) as Row[]
    for (const row of rows) {
      if (verdict.entries === 0) {
        verdict.first = row.seq
        verdict.hash = row.seq === 1 ? '' : (trimmedHash(file, chain, row.seq - 1) ?? '')
        if (row.seq > 1 && verdict.hash === '') verdict.problem ??= `entries before ${row.seq} are gone`
      } else if (row.seq !== verdict.last + 1)
        verdict.problem ??= `entries between ${verdict.last} and ${row.seq} are gone`
      if (hashOf(verdict.hash, chain, row) !== row.hash)
        verdict.problem ??= `entry ${row.seq} is not what was written, or does not follow the one before it`
      if (row.seq === lookedFor?.seq) {
        if (row.hash !== lookedFor.hash) verdict.problem ??= `entry ${row.seq} does not have the hash that was noted`
        lookedFor = undefined
      }
      if (row.kind === 'begun') open.add(row.seq)
      if (row.of !== null) open.delete(row.of)
      verdict.entries++
      verdict.last = row.seq
      verdict.hash = row.hash
    }
    if (rows.length < sliceRows) break
    await turn()
  }
  if (lookedFor !== undefined && (lookedFor.seq >= verdict.first || verdict.entries === 0))
    verdict.problem ??= `entry ${lookedFor.seq}, whose hash was noted, is gone`
  verdict.begun = open.size
  return verdict
}

/** The hash of the last entry that was let go of, as the chain itself says it. */
function trimmedHash(file: DatabaseSync, chain: AuditChain, through: number): string | undefined {
  const sql = `SELECT content ->> '$.values.hash' AS hash FROM audit
    WHERE chain = ? AND act = ? AND content ->> '$.values.through' = ? ORDER BY seq DESC LIMIT 1`
  return (file.prepare(sql).get(chain, trimAct, through) as { hash: string } | undefined)?.hash
}
