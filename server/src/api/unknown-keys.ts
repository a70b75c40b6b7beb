// Keys that nobody has: what a partner's server sends that was mistyped, cut off, or made for another installation. They
// belong to no product, so they are listed for the installation, by their first characters and the sender's address, and
// kept for days, restarts included. A request without a key is one of them, under the prefix ''.
//
// However many keys are tried, an hour has at most `unknownKeysPerHourMax` entries, of one address at most
// `unknownKeysPerAddressMax`: further keys of an address are counted under the prefix '*', and when the hour is full
// further addresses under the address '*' too. Counting is one look into a map; what has changed is written down once a
// second (`flush`), without waiting for the disk: a crash loses a second, and the list is nobody's truth.
//
//   data/api/unknown-keys.db, format 1 in PRAGMA user_version (a newer one is left alone, and nothing is kept):
//   unknown_keys(hour, prefix, address, requests, first_ms, last_ms)     hour: Unix time in whole hours

import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { limits } from '../limits.ts'

/** `prefix`: see above. Times are Unix milliseconds. */
export type UnknownKey = { prefix: string; address: string; requests: number; firstMs: number; lastMs: number }

type Logger = { warn(fields: object, message: string): void }

const formatVersion = 1
const hourMs = 3_600_000
const prefixCharacters = 12

export class UnknownKeys {
  #logger: Logger
  #file: DatabaseSync | null = null
  #upsert: StatementSync | null = null
  #hour = -1
  /** Of this hour, by prefix and address. `requests` counts those that are not written down yet. */
  #entries = new Map<string, UnknownKey>()
  #byAddress = new Map<string, number>()
  #changed = new Set<UnknownKey>()

  constructor(directory: string, logger: Logger) {
    this.#logger = logger
    this.#attempt('the list of unknown keys cannot be opened: they are not listed', () => {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      this.#file = openFile(pathIn(directory))
      this.#upsert = this.#file.prepare(`
        INSERT INTO unknown_keys (hour, prefix, address, requests, first_ms, last_ms) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (hour, prefix, address) DO UPDATE SET requests = requests + excluded.requests,
          first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)`)
    })
  }

  /** One more request with this key, '' for none. */
  count(presented: string, address: string, nowMs: number): void {
    const hour = Math.floor(nowMs / hourMs)
    if (hour !== this.#hour) this.#begin(hour)
    const entry = this.#entryOf(shorten(presented), address, nowMs)
    entry.requests++
    entry.firstMs = Math.min(entry.firstMs, nowMs)
    entry.lastMs = nowMs
    this.#changed.add(entry)
  }

  /** Writes down what was counted since the last time. */
  flush(): void {
    if (this.#changed.size === 0) return
    const file = this.#file
    const upsert = this.#upsert
    if (file !== null && upsert !== null) {
      this.#attempt('unknown keys were not written down', () => {
        file.exec('BEGIN IMMEDIATE')
        try {
          for (const { prefix, address, requests, firstMs, lastMs } of this.#changed)
            upsert.run(this.#hour, prefix, address, requests, firstMs, lastMs)
          file.exec('COMMIT')
        } catch (fault) {
          if (file.isTransaction) file.exec('ROLLBACK')
          throw fault
        }
      })
    }
    for (const entry of this.#changed) entry.requests = 0
    this.#changed.clear()
  }

  close(): void {
    this.flush()
    this.#file?.close()
    this.#file = null
  }

  /** A new hour: what was counted is written down, what is too old goes, and what this hour has already is known again. */
  #begin(hour: number): void {
    this.flush()
    this.#hour = hour
    this.#entries.clear()
    this.#byAddress.clear()
    const file = this.#file
    if (file === null) return
    this.#attempt('unknown keys of earlier hours cannot be read', () => {
      file.prepare('DELETE FROM unknown_keys WHERE hour <= ?').run(hour - limits.unknownKeysHoursMax)
      const rows = file
        .prepare('SELECT prefix, address, first_ms AS firstMs, last_ms AS lastMs FROM unknown_keys WHERE hour = ?')
        .all(hour) as Omit<UnknownKey, 'requests'>[]
      for (const row of rows) this.#add({ ...row, requests: 0 })
    })
  }

  #entryOf(prefix: string, address: string, nowMs: number): UnknownKey {
    const known = this.#entries.get(nameOf(prefix, address))
    if (known !== undefined) return known
    if (this.#entries.size >= limits.unknownKeysPerHourMax) return this.#folded('*', '*', nowMs)
    const isManyOfOne = (this.#byAddress.get(address) ?? 0) >= limits.unknownKeysPerAddressMax
    return this.#folded(isManyOfOne ? '*' : prefix, address, nowMs)
  }

  #folded(prefix: string, address: string, nowMs: number): UnknownKey {
    const known = this.#entries.get(nameOf(prefix, address))
    return known ?? this.#add({ prefix, address, requests: 0, firstMs: nowMs, lastMs: nowMs })
  }

  #add(entry: UnknownKey): UnknownKey {
    this.#entries.set(nameOf(entry.prefix, entry.address), entry)
    this.#byAddress.set(entry.address, (this.#byAddress.get(entry.address) ?? 0) + 1)
    return entry
  }

  #attempt(problem: string, work: () => void): void {
    try {
      work()
    } catch (fault) {
      this.#logger.warn({ fault: String(fault) }, problem)
    }
  }
}

/** What is kept of these hours, the most requests first; the hour that `sinceMs` lies in is told whole. */
export function listUnknownKeys(directory: string, sinceMs: number, untilMs: number, limit: number): UnknownKey[] {
  if (!existsSync(pathIn(directory))) return []
  const file = new DatabaseSync(pathIn(directory), { readOnly: true, timeout: 1_000 })
  try {
    return file
      .prepare(
        `SELECT prefix, address, sum(requests) AS requests, min(first_ms) AS firstMs, max(last_ms) AS lastMs
        FROM unknown_keys WHERE hour >= ? AND last_ms >= ? AND first_ms < ?
        GROUP BY prefix, address ORDER BY requests DESC, lastMs DESC LIMIT ?`,
      )
      .all(Math.floor(sinceMs / hourMs), sinceMs, untilMs, limit) as UnknownKey[]
  } finally {
    file.close()
  }
}

/**
 * As keys are shortened everywhere, and of what is too short to be a key no more than half: a password that was put in the
 * wrong place must not be readable here.
 */
function shorten(presented: string): string {
  const characters = Math.min(prefixCharacters, Math.floor(presented.length / 2))
  return presented.slice(0, characters).replace(/[^\w.-]/g, '?') || (presented === '' ? '' : '?')
}

function nameOf(prefix: string, address: string): string {
  return `${prefix} ${address}`
}

function pathIn(directory: string): string {
  return join(directory, 'unknown-keys.db')
}

function openFile(path: string): DatabaseSync {
  const file = new DatabaseSync(path, { timeout: 100 })
  try {
    file.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    const found = (file.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
    if (found > formatVersion)
      throw new Error(`Cannot open ${path} because its format must be ${formatVersion} or older: got ${found}.`)
    file.exec(`
      CREATE TABLE IF NOT EXISTS unknown_keys (
        hour INTEGER NOT NULL, prefix TEXT NOT NULL, address TEXT NOT NULL, requests INTEGER NOT NULL,
        first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, PRIMARY KEY (hour, prefix, address)) WITHOUT ROWID;
      PRAGMA user_version = ${formatVersion}`)
    return file
  } catch (fault) {
    file.close()
    throw fault
  }
}
