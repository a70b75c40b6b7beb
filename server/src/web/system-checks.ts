// Whether the installation is well, and if not, what to do: a list of checks, each with its verdict, what was found, the numbers
// behind it and the next step. Pure. `finding` is stable, so that it can be told in other languages.

import { limits } from '../limits.ts'
import { counted, length, ok } from './check.ts'
import type { BackupThere } from './needs.ts'
import type { Part, SystemFound } from './system-found.ts'

/** The worst first. `unknown`: what it is about cannot be asked just now. */
export const systemVerdicts = ['problem', 'attention', 'unknown', 'good'] as const

export type SystemVerdict = (typeof systemVerdicts)[number]

export type SystemCheck = {
  check: string
  verdict: SystemVerdict
  finding: string
  found: string
  next: string
  numbers: Record<string, number | string | null>
}

/** What is told beside the system itself: whether every event is accounted for, and keys that nobody has, in the last day. */
export type SystemFacts = SystemFound & {
  nowMs: number
  accounting: { holds: boolean | null; problem: string | null }
  unknownKeyRequests: number | null
  /** The newest first; null when they cannot be asked. */
  backups: readonly BackupThere[] | null
}

const lagAttentionSeconds = 60
const lagProblemSeconds = 1_800
const budgetShare = 0.8
/** Of the free space at which no event is taken any more. */
const freeTimes = 1.5
const memoryShare = 0.05
const endsOften = 3
const unknownKeysMany = 100

export function checkSystem(facts: SystemFacts): SystemCheck[] {
  return checks.map(check => check(facts))
}

export function worstOf(all: readonly SystemCheck[]): SystemVerdict {
  return systemVerdicts.find(verdict => all.some(check => check.verdict === verdict)) ?? 'good'
}

/** As people say it: 1.5 GiB. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${Number((bytes / 1024 ** step).toFixed(1))} ${units[step]}`
}

type Check = (facts: SystemFacts) => SystemCheck

const checks: Check[] = [
  checkParts,
  checkEnds,
  checkLog,
  checkDisk,
  checkProcessing,
  checkAccounting,
  checkRollups,
  checkMemory,
  checkBackups,
  checkKeys,
  checkLimits,
  checkAudit,
]

function checkParts({ parts, shares }: SystemFacts): SystemCheck {
  const lost = shares.filter(({ machine }) => machine === null).map(({ share }) => share)
  const away = parts.filter(isAway)
  const [first] = away
  const numbers = { away: away.map(({ name }) => name).join(', '), count: away.length }
  const say = sayer('parts', numbers)
  if (first === undefined && lost.length > 0)
    return sayer('parts', { shares: lost.join(', '), count: lost.length })(
      'problem',
      'shares_away',
      `No machine answers for ${lost.length === 1 ? 'share' : 'shares'} ${lost.join(', ')} of the log. Events of its products are taken and wait in the log.`,
      'Another machine takes it over within ten seconds. If none does, see that a pipeline runs somewhere, and read its log.',
    )
  if (first === undefined) return say('good', 'parts_ready', `All ${parts.length} parts work.`, ok)
  const why = away.map(({ name, why: reason }) => `${name}: ${reason ?? 'does not answer'}`).join('; ')
  const isDoor = away.some(({ name }) => name === 'api')
  const told = sayer('parts', { ...numbers, why })
  return isDoor
    ? told(
        'problem',
        'api_away',
        `The api is not ready, so no event is taken. ${why}`,
        'It is started again by itself. If that does not help within a minute, read its last line in the log of the server: it names the cause.',
      )
    : told(
        'problem',
        'part_away',
        `Not ready: ${why}. Events are taken and wait in the log meanwhile.`,
        'It is started again by itself. If that does not help within a few minutes, read its last line in the log of the server.',
      )
}

function isAway({ state, name }: Part): boolean {
  return state !== 'ready' && state !== 'resting' && name !== 'supervisor'
}

function checkEnds({ parts }: SystemFacts): SystemCheck {
  const most = parts.reduce((worst, part) => (part.ends > worst.ends ? part : worst), parts[0] ?? nobody)
  const { signal = null, code = null } = most.lastEnd ?? {}
  const how = signal ?? (code === null ? '' : `code ${code}`)
  const say = sayer('ends', { part: most.name, ends: most.ends, how })
  if (most.ends === 0) return say('good', 'ends_none', 'No part ended by itself in the last half hour.', ok)
  const found = `The ${most.name} ended ${counted(most.ends, 'time')} in the last half hour, the last time by ${how}, and was started again.`
  if (most.ends < endsOften) return say('good', 'ends_few', found, ok)
  return say(
    'attention',
    'ends_often',
    found,
    'Read the lines before each end in the log of the server. SIGKILL without a reason is mostly the system, when memory runs out: see the journal of the system.',
  )
}

const nobody = { name: 'supervisor', ends: 0, lastEnd: null } as const

function checkLog({ log, settings }: SystemFacts): SystemCheck {
  const budget = settings.logBudgetBytes
  if (log === null) return sayer('log', {})('unknown', 'log_unknown', 'The api is away, which alone knows it.', ok)
  const say = sayer('log', {
    bytes: log.bytes,
    budget,
    damaged: log.damage.length,
    shares: log.sharesRefusing,
    why: log.refusing ?? log.weaker,
  })
  const used = `It takes ${size(log.bytes)} of ${size(budget)}.`
  if (log.refusing !== null)
    return say(
      'problem',
      'log_refusing',
      `The log takes nothing: ${log.refusing} Every event is answered 500 with Retry-After.`,
      'Make room on the disk, or mend what stops processing. It goes on by itself when there is room.',
    )
  if (log.sharesRefusing > 0)
    return say(
      'problem',
      'log_shares_refusing',
      `${counted(log.sharesRefusing, 'share')} of the log ${log.sharesRefusing === 1 ? 'takes' : 'take'} nothing: events of these products are answered 500 with Retry-After.`,
      'See the servers of NATS and the log of the api. It goes on by itself when they take messages again.',
    )
  if (log.damage.length > 0)
    return say(
      'problem',
      'log_damaged',
      `${counted(log.damage.length, 'place')} of the log cannot be read any more.`,
      'Check the disk, see what is parked as log_damaged, and ask the partners for the events of that time: sending again counts once.',
    )
  if (log.bytes > budget * budgetShare)
    return say(
      'attention',
      'log_budget',
      `${used} When it is used up, events are answered 500.`,
      'Mend what stops processing. Without a lag, lower DATAPULSE_LOG_RETENTION_BYTES; to win time, raise DATAPULSE_LOG_BUDGET.',
    )
  if (log.weaker !== null)
    return say(
      'attention',
      'log_weaker',
      log.weaker,
      'Bring the NATS servers to a version that syncs before it answers.',
    )
  return say('good', 'log_good', used, ok)
}

function checkDisk({ disks, settings }: SystemFacts): SystemCheck {
  const min = settings.diskFreeMinBytes
  const least = disks.toSorted((a, b) => a.freeBytes - b.freeBytes)[0]
  if (least === undefined) return sayer('disk', {})('unknown', 'disk_unknown', 'The disk cannot be looked at.', ok)
  const say = sayer('disk', { free: least.freeBytes, min, total: least.totalBytes })
  const free = `${size(least.freeBytes)} of ${size(least.totalBytes)} are free.`
  const next =
    'Make room: a larger disk, or lower DATAPULSE_LOG_RETENTION, or a shorter retention of events. Delete nothing in the data directory by hand.'
  if (least.freeBytes < min)
    return say('problem', 'disk_full', `${free} Below ${size(min)} no event is taken: each is answered 500.`, next)
  if (least.freeBytes < min * freeTimes)
    return say('attention', 'disk_low', `${free} Below ${size(min)} no event is taken.`, next)
  return say('good', 'disk_good', free, ok)
}

function checkProcessing({ reader }: SystemFacts): SystemCheck {
  if (reader === null)
    return sayer('processing', {})(
      'unknown',
      'lag_unknown',
      'The pipeline is away, which alone knows how far it is. Events are taken and wait in the log.',
      ok,
    )
  const { lagEvents, lagSeconds } = reader
  const say = sayer('processing', { events: lagEvents, seconds: lagSeconds })
  const found = `${counted(lagEvents, 'event')} ${lagEvents === 1 ? 'waits' : 'wait'}, the oldest for ${length(lagSeconds * 1_000)}.`
  const next = 'See that the pipeline and the warehouse are ready. A backfill works itself off: the number falls.'
  if (lagSeconds > lagProblemSeconds) return say('problem', 'lag_long', found, next)
  if (lagSeconds > lagAttentionSeconds) return say('attention', 'lag_behind', found, next)
  return say('good', 'lag_none', lagEvents === 0 ? 'Everything is processed.' : found, ok)
}

function checkAccounting({ accounting }: SystemFacts): SystemCheck {
  const say = sayer('accounting', { problem: accounting.problem })
  if (accounting.holds === null)
    return say('unknown', 'accounting_unknown', 'Not every part can be asked just now.', ok)
  if (accounting.holds) return say('good', 'accounting_holds', 'Every event has its outcome.', ok)
  return say(
    'problem',
    'accounting_broken',
    `Events are not accounted for: ${accounting.problem}`,
    'Keep the log of the server, make a backup, and see the runbook: DatapulseAccounting and DatapulseEventsMissing.',
  )
}

function checkRollups({ rollups, parts, nowMs }: SystemFacts): SystemCheck {
  if (rollups === null) return sayer('rollups', {})('unknown', 'rollups_unknown', 'The pipeline is away.', ok)
  const begunMs = parts.find(({ name }) => name === 'pipeline')?.sinceMs ?? nowMs
  const behindMs = nowMs - (rollups.upToDateMs ?? begunMs)
  const say = sayer('rollups', { behind_ms: behindMs })
  if (behindMs <= limits.rollLateMs)
    return say('good', 'rollups_good', 'Reports are answered from what is kept ready.', ok)
  return say(
    'attention',
    'rollups_late',
    `What reports are answered from has not been up to date for ${length(behindMs)}: they are made from the events, which is slower and just as right.`,
    'After a start with a large warehouse or while a backlog is worked off this ends by itself; else read the log of the pipeline.',
  )
}

function checkMemory({ memory }: SystemFacts): SystemCheck {
  const { totalBytes, availableBytes } = memory
  const say = sayer('memory', { total: totalBytes, available: availableBytes })
  const found = `${size(availableBytes)} of ${size(totalBytes)} are available.`
  if (availableBytes >= totalBytes * memoryShare) return say('good', 'memory_good', found, ok)
  return say(
    'attention',
    'memory_low',
    `${found} When it runs out the system ends the part that takes most, which is started again.`,
    'Give the machine more memory, or find what else uses it.',
  )
}

function checkBackups({ backups, settings, log, nowMs }: SystemFacts): SystemCheck {
  const say = sayer('backup', {})
  if (settings.backup === 'elsewhere')
    return say('good', 'backup_elsewhere', 'ClickHouse and NATS have backups of their own; none can be made here.', ok)
  if (backups === null) return say('unknown', 'backup_unknown', 'The pipeline is away, which makes backups.', ok)
  const [latest] = backups
  const whole = backups.find(({ state }) => state === 'complete')
  const ageMs = whole === undefined ? null : nowMs - (whole.takenMs ?? whole.endedMs)
  const told = sayer('backup', { age_ms: ageMs, to: latest?.to ?? null, problem: latest?.problem ?? null })
  const retry = 'Make room or choose another folder, and make one anew.'
  if (latest?.state === 'failed')
    return told('attention', 'backup_failed', `The last backup failed: ${latest.problem}`, retry)
  if (latest?.state === 'damaged')
    return told(
      'problem',
      'backup_damaged',
      `The last backup is damaged: ${latest.problem}`,
      'Make one anew, on another disk.',
    )
  if (ageMs === null) {
    const isEmpty = (log?.events ?? 0) === 0
    if (isEmpty) return say('good', 'backup_nothing', 'There is nothing to back up yet.', ok)
    const next = 'Make one below, on another disk than the data, and then every night by cron.'
    return say('attention', 'backup_none', 'No backup is known here: a disk that is lost takes everything along.', next)
  }
  const found = `The last backup is ${length(ageMs)} old.`
  if (ageMs <= limits.backupAgeMsMax) return told('good', 'backup_good', found, ok)
  return told('attention', 'backup_old', found, 'Make one below, or see why the one of every night was not made.')
}

function checkKeys({ unknownKeyRequests: requests }: SystemFacts): SystemCheck {
  if (requests === null) return sayer('keys', {})('unknown', 'keys_unknown', 'The list cannot be read.', ok)
  const say = sayer('keys', { requests })
  const found = `${counted(requests, 'request')} of the last 24 hours came without a key, or with one that nobody has.`
  if (requests < unknownKeysMany) return say('good', 'keys_few', found, ok)
  return say(
    'attention',
    'keys_many',
    found,
    'See below from where: a partner who uses a wrong key is told 401 and loses events; a stranger is best stopped at the proxy.',
  )
}

function checkLimits({ limitsHold, settings }: SystemFacts): SystemCheck {
  const say = sayer('limits', {})
  if (limitsHold === null) return say('unknown', 'limits_unknown', 'The api is away.', ok)
  const where = settings.limits === 'redis' ? 'over all machines' : 'here'
  if (limitsHold) return say('good', 'limits_hold', `Limits of keys hold ${where}.`, ok)
  return say(
    'attention',
    'limits_apart',
    'Redis does not answer, so each machine applies the limits of keys by itself. Nothing valid is refused.',
    'Bring Redis back: it is found again by itself.',
  )
}

function checkAudit({ auditFaults: faults }: SystemFacts): SystemCheck {
  const say = sayer('audit', { faults })
  if (faults === null || faults === 0) return say('good', 'audit_good', 'Every act could be recorded.', ok)
  return say(
    'problem',
    'audit_faults',
    `${counted(faults, 'time')} an act could not be recorded since the web part started.`,
    'Look at the disk and at the log of the server. What cannot be recorded is not done.',
  )
}

function sayer(check: string, numbers: SystemCheck['numbers']) {
  return (verdict: SystemVerdict, finding: string, found: string, next: string): SystemCheck => ({
    check,
    verdict,
    finding,
    found,
    next,
    numbers,
  })
}
