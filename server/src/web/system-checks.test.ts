// What is said of an installation, by what is found of it: the worst is what its verdict is, and each says what to do.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fakeSystem, startMs } from './fakes.ts'
import type { BackupThere } from './needs.ts'
import { checkSystem, size, type SystemFacts, worstOf } from './system-checks.ts'
import type { Part, SystemFound } from './system-found.ts'

const hourMs = 3_600_000
const backup: BackupThere = {
  ...{ to: '/backups/1', state: 'complete', takenMs: startMs - hourMs, endedMs: startMs - hourMs },
  ...{ bytes: 1, events: 1, queued: 0, warehouse: 'copied', program: '0.1.0', checkedMs: null, problem: '' },
}

function facts(more: Partial<SystemFacts> = {}): SystemFacts {
  const accounting = { holds: true, problem: null }
  return { ...fakeSystem(), nowMs: startMs, accounting, unknownKeyRequests: 0, backups: [backup], ...more }
}

/** What is not good, by its findings. */
function findings(more: Partial<SystemFacts>): string[] {
  const bad = checkSystem(facts(more)).filter(({ verdict }) => verdict !== 'good')
  for (const { verdict, next } of bad) assert.equal(next === 'Nothing to do.', verdict === 'unknown')
  return bad.map(({ finding }) => finding)
}

function parts(name: string, change: Partial<Part>): Part[] {
  return fakeSystem().parts.map(part => (part.name === name ? { ...part, ...change } : part))
}

const { log, settings } = fakeSystem() as SystemFound & { log: NonNullable<SystemFound['log']> }

it('says nothing where all is well', () => {
  assert.deepEqual(findings({}), [])
  assert.equal(worstOf(checkSystem(facts())), 'good')
  assert.deepEqual(findings({ parts: parts('site', { state: 'resting' }) }), [])
})

it('tells a door that is away from another part, and a part that ends again and again', () => {
  const away = { state: 'away', why: 'does not answer' } as const
  assert.deepEqual(findings({ parts: parts('api', away) }), ['api_away'])
  assert.deepEqual(findings({ parts: parts('engine', { ...away, state: 'starting' }) }), ['part_away'])
  assert.equal(worstOf(checkSystem(facts({ parts: parts('engine', away) }))), 'problem')
  const lastEnd = { atMs: startMs, code: null, signal: 'SIGKILL' }
  assert.deepEqual(findings({ parts: parts('engine', { ends: 2, lastEnd }) }), [])
  const often = facts({ parts: parts('engine', { ends: 3, lastEnd }) })
  assert.deepEqual(findings(often), ['ends_often'])
  assert.match(checkSystem(often)[1]!.found, /engine ended 3 times .* by SIGKILL/)
})

it('tells of the log: refusing before damaged before nearly full', () => {
  assert.deepEqual(findings({ log: { ...log, bytes: settings.logBudgetBytes * 0.81 } }), ['log_budget'])
  assert.deepEqual(findings({ log: { ...log, damage: ['x'], bytes: settings.logBudgetBytes } }), ['log_damaged'])
  assert.deepEqual(findings({ log: { ...log, damage: ['x'], refusing: 'full.' } }), ['log_refusing'])
  assert.deepEqual(findings({ log: { ...log, damage: ['x'], sharesRefusing: 1 } }), ['log_shares_refusing'])
  assert.deepEqual(findings({ log: { ...log, weaker: 'Older than 2.10.' } }), ['log_weaker'])
})

it('tells of a share that nobody has, unless a part is away, which says why', () => {
  const share = { share: 1, machine: null, ready: false, why: 'nobody answers', lagEvents: null, lagSeconds: null }
  const shares = [{ ...share, share: 0, machine: 'one', ready: true, why: null }, share]
  assert.deepEqual(findings({ shares }), ['shares_away'])
  assert.match(checkSystem(facts({ shares }))[0]!.found, /share 1 of the log/)
  assert.deepEqual(findings({ shares, parts: parts('pipeline', { state: 'away' }) }), ['part_away'])
})

it('tells of disk and memory by what is left', () => {
  const disk = (freeBytes: number) => ({ disks: [{ kinds: ['data'], totalBytes: 1e11, freeBytes }] })
  assert.deepEqual(findings(disk(0.9e9)), ['disk_full'])
  assert.deepEqual(findings(disk(1.4e9)), ['disk_low'])
  assert.deepEqual(findings(disk(1.6e9)), [])
  assert.deepEqual(findings({ memory: { totalBytes: 8e9, availableBytes: 3e8 } }), ['memory_low'])
})

it('tells of what waits, what is missing, and reports that are slower', () => {
  const reader = { offset: 1, events: 1, lagEvents: 900 }
  assert.deepEqual(findings({ reader: { ...reader, lagSeconds: 59 } }), [])
  assert.deepEqual(findings({ reader: { ...reader, lagSeconds: 61 } }), ['lag_behind'])
  assert.deepEqual(findings({ reader: { ...reader, lagSeconds: 1_801 } }), ['lag_long'])
  assert.deepEqual(findings({ accounting: { holds: false, problem: 'two are gone' } }), ['accounting_broken'])
  assert.deepEqual(findings({ rollups: { behindLoads: 9, upToDateMs: startMs - hourMs } }), ['rollups_late'])
  const justBegun = { parts: parts('pipeline', { sinceMs: startMs - 1_000 }) }
  assert.deepEqual(findings({ ...justBegun, rollups: { behindLoads: 9, upToDateMs: null } }), [])
})

it('tells of backups: none, old, failed, damaged, and where they are made elsewhere', () => {
  assert.deepEqual(findings({ backups: [] }), ['backup_none'])
  assert.deepEqual(findings({ backups: [], log: { ...log, events: 0 } }), [])
  assert.deepEqual(findings({ backups: [{ ...backup, takenMs: startMs - 49 * hourMs }] }), ['backup_old'])
  assert.deepEqual(findings({ backups: [{ ...backup, state: 'failed', problem: 'full' }, backup] }), ['backup_failed'])
  assert.deepEqual(findings({ backups: [{ ...backup, state: 'damaged', problem: 'bad' }] }), ['backup_damaged'])
  assert.deepEqual(findings({ backups: [], settings: { ...settings, backup: 'elsewhere' } }), [])
})

it('tells of keys that nobody has when there are many, of limits, and of acts that were not recorded', () => {
  assert.deepEqual(findings({ unknownKeyRequests: 99 }), [])
  assert.deepEqual(findings({ unknownKeyRequests: 100 }), ['keys_many'])
  assert.deepEqual(findings({ limitsHold: false }), ['limits_apart'])
  assert.deepEqual(findings({ auditFaults: 1 }), ['audit_faults'])
})

it('says of what cannot be asked that it is unknown', () => {
  const nothing = { log: null, reader: null, rollups: null, limitsHold: null, unknownKeyRequests: null, backups: null }
  const unknown = findings({ ...nothing, accounting: { holds: null, problem: null }, disks: [] })
  assert.equal(unknown.length, 8)
  assert.ok(
    unknown.every(finding => finding.endsWith('_unknown')),
    String(unknown),
  )
})

it('tells sizes as people do', () => {
  assert.deepEqual([0, 1_023, 1_536, 1024 ** 3 * 1.5, 1024 ** 5].map(size), [
    '0 B',
    '1023 B',
    '1.5 KiB',
    '1.5 GiB',
    '1024 TiB',
  ])
})
