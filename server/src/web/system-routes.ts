// The admin API's answer to how the installation is, and what to do where it is not well: /api/system.

import type { WebNeeds } from './needs.ts'
import { readQuery } from './parameters.ts'
import type { Route } from './routes.ts'
import { showStanding } from './shown.ts'
import { checkSystem, worstOf } from './system-checks.ts'
import type { Part, SystemFound } from './system-found.ts'
import { iso } from './when.ts'

const dayMs = 86_400_000
const unknownKeysShown = 20

/** The parts are asked one beside the other, so a hole may be a moment's; one that is there each time is real. */
export async function readStanding(needs: Pick<WebNeeds, 'standing'>, now: number) {
  for (let left = 3; ; left--) {
    const standing = showStanding(await needs.standing(), now)
    if (standing.accounting.holds !== false || left === 0) return standing
  }
}

export function systemRoutes(needs: WebNeeds): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/system',
      async answer({ query, now }) {
        readQuery(query, {}, now)
        const [found, { accounting }, unknownKeys, listed] = await Promise.all([
          needs.system(),
          readStanding(needs, now),
          needs.listUnknownKeys({ sinceMs: now - dayMs, untilMs: now + 1 }),
          needs.listBackups({}),
        ])
        const backups = listed === 'away' ? null : listed.backups
        const unknownKeyRequests = unknownKeys?.reduce((sum, { requests }) => sum + requests, 0) ?? null
        const checks = checkSystem({ ...found, nowMs: now, accounting, unknownKeyRequests, backups })
        return {
          body: {
            time: iso(now),
            verdict: worstOf(checks),
            checks,
            ...showSystem(found),
            unknown_keys:
              unknownKeys
                ?.toSorted((a, b) => b.requests - a.requests)
                .slice(0, unknownKeysShown)
                .map(({ prefix, address, requests, lastMs }) => ({
                  prefix: prefix || null,
                  address,
                  requests,
                  last_at: iso(lastMs),
                })) ?? null,
          },
        }
      },
    },
  ]
}

function showSystem(found: SystemFound) {
  const { settings, log, reader, warehouse, rollups, index, shares, disks, directories, memory, machine, versions } =
    found
  return {
    parts: found.parts.map(showPart),
    settings: {
      log: settings.log,
      accounts: settings.accounts,
      warehouse: settings.warehouse,
      limits: settings.limits,
      backup: settings.backup,
      data_dir: settings.dataDir,
      log_retention_ms: settings.logRetentionMs,
      log_retention_bytes: settings.logRetentionBytes,
      log_budget_bytes: settings.logBudgetBytes,
      disk_free_min_bytes: settings.diskFreeMinBytes,
    },
    log: log && {
      offset: log.offset,
      events: log.events,
      oldest_offset: log.oldestOffset,
      oldest_at: iso(log.oldestMs),
      newest_at: iso(log.newestMs),
      bytes: log.bytes,
      segments: log.segments,
      commit_ms_last: log.commitMsLast,
      damage: log.damage,
      refusing: log.refusing,
      shares_refusing: log.sharesRefusing,
      weaker: log.weaker,
    },
    reader: reader && {
      offset: reader.offset,
      events: reader.events,
      lag_events: reader.lagEvents,
      lag_seconds: reader.lagSeconds,
    },
    warehouse: warehouse && {
      events: warehouse.events,
      bytes: warehouse.bytes,
      parts: warehouse.parts,
      last_load: warehouse.lastLoad && { seq: warehouse.lastLoad.seq, loaded_at: iso(warehouse.lastLoad.loadedMs) },
    },
    rollups: rollups && { behind_loads: rollups.behindLoads, up_to_date_at: iso(rollups.upToDateMs) },
    index,
    shares: shares.map(({ share, machine: name, ready, why, lagEvents, lagSeconds }) => ({
      ...{ share, machine: name, ready, why },
      lag_events: lagEvents,
      lag_seconds: lagSeconds,
    })),
    disks: disks.map(({ kinds, totalBytes, freeBytes }) => ({
      kinds,
      total_bytes: totalBytes,
      free_bytes: freeBytes,
    })),
    directories: directories && { bytes: directories.bytes, counted_at: iso(directories.countedMs) },
    memory: { total_bytes: memory.totalBytes, available_bytes: memory.availableBytes },
    machine,
    versions,
  }
}

function showPart({ name, state, why, sinceMs, pid, memoryBytes, ends, lastEnd }: Part) {
  return {
    name,
    state,
    why,
    since: iso(sinceMs),
    pid,
    memory_bytes: memoryBytes,
    ends,
    last_end: lastEnd && { at: iso(lastEnd.atMs), code: lastEnd.code, signal: lastEnd.signal },
  }
}
