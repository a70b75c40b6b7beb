// Which backups there are, as far as this machine knows: those that were made or checked from here, and whatever lies beside
// them. Where they are is noted in DATA_DIR/backups.json; what they hold is read from their own manifests, so that one that was
// removed is not told of, and one that another hand put there is.
//
//   backups.json  { format, places: [{ to, at_ms, problem, check: null | { at_ms, manifest_at, problem } }] }   the newest last
//
// `problem` is '' where it was made whole; `manifest_at` says of which backup in that folder the check was. A file that cannot be
// read is as good as none: nothing that cannot be made anew depends on it.

import { existsSync, readFileSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeFileDurably } from '../durable-file.ts'
import { type Manifest, manifestName, readManifest } from './manifest.ts'

/** Times are Unix milliseconds. */
export type KnownBackup = {
  to: string
  /** `damaged`: its manifest cannot be read, or its last check found something; `failed`: nothing is there. */
  state: 'complete' | 'damaged' | 'failed'
  takenMs: number | null
  endedMs: number
  bytes: number
  events: number
  queued: number
  /** `server`: the warehouse is a ClickHouse server, and not in it. */
  warehouse: 'copied' | 'server'
  program: string | null
  /** When every file was last compared with its checksum. */
  checkedMs: number | null
  problem: string
}

export type KnownBackups = {
  /** One that was made, or failed with a problem; also of one that begins, should it be cut off. */
  note(to: string, atMs: number, problem: string): void
  noteCheck(to: string, atMs: number, problem: string): Promise<void>
  /** The newest first. */
  list(): Promise<KnownBackup[]>
}

type Place = { to: string; at_ms: number; problem: string; check: Check | null }
type Check = { at_ms: number; manifest_at: string; problem: string }
type Summary = Omit<KnownBackup, 'to' | 'checkedMs'> & { at: string }

const fileFormat = 1
const fileName = 'backups.json'
/** Beyond these the oldest are forgotten, or not looked at. */
const placesMax = 100
const foldersMax = 10
const besideMax = 500

type Logger = { warn(fields: object, message: string): void }

export function openKnownBackups(dataDir: string, logger: Logger): KnownBackups {
  let places = readPlaces(dataDir, logger)
  const read = openManifests()
  const keep = (place: Place) => {
    places = [...places.filter(({ to }) => to !== place.to), place].slice(-placesMax)
    try {
      writeFileDurably(dataDir, fileName, `${JSON.stringify({ format: fileFormat, places }, null, 1)}\n`)
    } catch (cause) {
      logger.warn({ cause: String(cause) }, 'where backups are could not be noted')
    }
  }
  return {
    note: (to, atMs, problem) => keep({ to, at_ms: atMs, problem, check: null }),
    async noteCheck(to, atMs, problem) {
      const found = await read(to)
      const known = places.find(place => place.to === to)
      const check = { at_ms: atMs, manifest_at: found?.at ?? '', problem }
      keep({ to, at_ms: known?.at_ms ?? atMs, problem: known?.problem ?? '', check })
    },
    async list() {
      const found: KnownBackup[] = []
      for (const to of await foldersOf(places)) {
        const summary = await read(to)
        if (summary === null) continue
        const { at, ...told } = summary
        const check = places.find(place => place.to === to)?.check ?? null
        const own = check?.manifest_at === at ? check : null
        const isDamaged = own !== null && own.problem !== ''
        found.push({
          ...{ to, ...told, checkedMs: own?.at_ms ?? null },
          ...(isDamaged && { state: 'damaged' as const, problem: own.problem }),
        })
      }
      const lastMs = Math.max(0, ...found.map(({ endedMs }) => endedMs))
      const isThere = new Set(found.map(({ to }) => to))
      const failed = places.filter(({ to, problem, at_ms }) => problem !== '' && at_ms > lastMs && !isThere.has(to))
      return [...found, ...failed.map(failedAt)].toSorted((a, b) => b.endedMs - a.endedMs)
    },
  }
}

function failedAt({ to, at_ms: endedMs, problem }: Place): KnownBackup {
  const nothing = { takenMs: null, bytes: 0, events: 0, queued: 0, program: null, checkedMs: null }
  return { to, state: 'failed', endedMs, ...nothing, warehouse: 'copied', problem }
}

/** The places that are noted, and what lies beside the latest of them. */
async function foldersOf(places: readonly Place[]): Promise<Set<string>> {
  const found = new Set(places.map(({ to }) => to))
  const folders = [...new Set(places.map(({ to }) => dirname(to)).toReversed())].slice(0, foldersMax)
  for (const folder of folders) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    const names = entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
    for (const name of names.toSorted().slice(-besideMax)) found.add(join(folder, name))
  }
  return found
}

/** What the manifest in a folder says; null where there is none. One that has not changed is read once. */
function openManifests(): (to: string) => Promise<Summary | null> {
  const known = new Map<string, { version: string; summary: Summary }>()
  return async to => {
    const path = join(to, manifestName)
    const found = await stat(path).catch(() => null)
    if (found === null) {
      known.delete(to)
      return null
    }
    const version = `${found.ino} ${found.mtimeMs} ${found.size}`
    const before = known.get(to)
    if (before?.version === version) return before.summary
    const text = await readFile(path, 'utf8').catch(String)
    const summary = summaryOf(readManifest(text), found.mtimeMs)
    known.set(to, { version, summary })
    return summary
  }
}

function summaryOf(manifest: Manifest | string, changedMs: number): Summary {
  if (typeof manifest === 'string') {
    const nothing = { takenMs: null, bytes: 0, events: 0, queued: 0, program: null }
    return { state: 'damaged', endedMs: changedMs, ...nothing, warehouse: 'copied', problem: manifest, at: '' }
  }
  return {
    state: 'complete',
    takenMs: Date.parse(manifest.taken_at),
    endedMs: Date.parse(manifest.ended_at),
    bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
    events: manifest.warehouse?.rows['events'] ?? 0,
    queued: manifest.log?.queued ?? 0,
    warehouse: manifest.warehouse === null ? 'server' : 'copied',
    program: manifest.program,
    problem: '',
    at: manifest.ended_at,
  }
}

function readPlaces(dataDir: string, logger: Logger): Place[] {
  const path = join(dataDir, fileName)
  if (!existsSync(path)) return []
  try {
    const { format, places } = JSON.parse(readFileSync(path, 'utf8')) as { format: number; places: Place[] }
    if (format > fileFormat) throw new Error(`its format must be ${fileFormat} or older: got ${format}`)
    return places.filter(({ to }) => typeof to === 'string')
  } catch (cause) {
    logger.warn({ path, cause: String(cause) }, 'where backups are cannot be read')
    return []
  }
}
