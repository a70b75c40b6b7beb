// Times as people and programs write them: ISO 8601 (UTC unless it says otherwise), Unix seconds or milliseconds,
// or a length of time counted from now: `15m`, `24h`, `7d`, `2w`.

const lengthsMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const isoShape = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i

export const timeWanted =
  'an ISO 8601 time (2026-01-31T12:00:00Z), Unix seconds or milliseconds, or a length of time (15m, 24h, 7d)'

/** Unix milliseconds, or null when `sent` is no time. A length counts back from now, or ahead. */
export function parseTime(sent: string | number, nowMs: number, lengths: 'back' | 'ahead'): number | null {
  const text = String(sent).trim()
  const length = /^(\d{1,9})([smhdw])$/i.exec(text)
  if (length) {
    const ms = Number(length[1]) * (lengthsMs[length[2]!.toLowerCase()] ?? 0)
    return inRange(lengths === 'back' ? nowMs - ms : nowMs + ms)
  }
  if (/^\d{1,14}(\.\d{1,9})?$/.test(text)) {
    const unix = Number(text)
    return inRange(Math.floor(unix < 1e11 ? unix * 1_000 : unix))
  }
  return parseIso(text)
}

function parseIso(text: string): number | null {
  const parts = isoShape.exec(text)
  if (!parts) return null
  const [, year, month, day, clock = '00:00', zone = 'Z'] = parts
  // Date.parse takes the 31st of February for the 3rd of March; a day that does not exist is no time.
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`)
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day)) return null
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase()
  const ms = Date.parse(`${year}-${month}-${day}T${clock}${offset}`)
  return Number.isNaN(ms) ? null : inRange(ms)
}

/** As every answer tells a time. */
export function iso(ms: number): string
export function iso(ms: number | null): string | null
export function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

function inRange(ms: number): number | null {
  return ms >= 0 && ms < 1e14 ? ms : null
}
