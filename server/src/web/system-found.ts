// What is told of the installation as a system: its parts, its log, its warehouse, its disk and memory. Whatever cannot be known
// just now is null. Times are Unix milliseconds, sizes bytes.

export type PartName = 'supervisor' | 'engine' | 'api' | 'pipeline' | 'web' | 'site'

export type Part = {
  name: PartName
  /** `starting`: it ended, and is started again; `away`: it does not answer; `resting`: it runs when it is needed. */
  state: 'ready' | 'not_ready' | 'starting' | 'away' | 'resting'
  /** What is wrong where it is not ready. */
  why: string | null
  /** Of what it is now. */
  sinceMs: number | null
  pid: number | null
  memoryBytes: number | null
  /** How often it ended by itself in the last half hour, and how the last time. */
  ends: number
  lastEnd: { atMs: number; code: number | null; signal: string | null } | null
}

export type LogFound = {
  offset: number
  events: number
  oldestOffset: number
  /** When the first and the last record that are kept were received. */
  oldestMs: number | null
  newestMs: number | null
  bytes: number
  segments: number
  commitMsLast: number
  /** What was found broken, a sentence each. */
  damage: string[]
  refusing: string | null
  /** Of a log that keeps products apart: how many of its shares refuse, where not all do. */
  sharesRefusing: number
  weaker: string | null
}

/** A share of the log, where there are several, and the machine whose pipeline has it. */
export type ShareFound = {
  share: number
  machine: string | null
  ready: boolean
  why: string | null
  lagEvents: number | null
  lagSeconds: number | null
}

export type SystemFound = {
  parts: Part[]
  settings: {
    log: 'embedded' | 'nats'
    accounts: 'embedded' | 'nats'
    warehouse: 'embedded' | 'server'
    limits: 'memory' | 'redis'
    /** `elsewhere`: several shares have a warehouse each, which is backed up by its own means. */
    backup: 'here' | 'elsewhere'
    dataDir: string
    logRetentionMs: number
    logRetentionBytes: number
    logBudgetBytes: number
    diskFreeMinBytes: number
  }
  log: LogFound | null
  /** Where the reader of the log is. */
  reader: { offset: number; events: number; lagEvents: number; lagSeconds: number } | null
  warehouse: {
    events: number
    bytes: number
    parts: number
    lastLoad: { seq: number; loadedMs: number } | null
  } | null
  /** What reports are answered from. `behindLoads`: of one share; `upToDateMs`: when it last had everything. */
  rollups: { behindLoads: number | null; upToDateMs: number | null } | null
  index: { bytes: number; rebuilds: number } | null
  shares: ShareFound[]
  disks: { kinds: string[]; totalBytes: number; freeBytes: number }[]
  /** By kind of what is kept; null until it was counted. */
  directories: { bytes: Record<string, number>; countedMs: number } | null
  memory: { totalBytes: number; availableBytes: number }
  machine: { name: string; cores: number }
  versions: {
    server: string
    node: string
    engine: string | null
    warehouse: number
    log: number | null
    index: number
  }
  limitsHold: boolean | null
  auditFaults: number | null
}
