// A time in a cell: Unix time as it is, or ISO 8601 (a space for the T, too) turned into milliseconds. One that does not
// say its zone is read in the zone that was named; without one it is not guessed.

export function readTime(text: string, timeZone: string | null): { json: string } | { problem: string } {
  if (/^\d+(\.\d+)?$/.test(text)) return { json: text }
  const parts = iso.exec(text)
  // Whatever else it is: the server says what is wrong with it.
  if (parts === null) return { json: JSON.stringify(text) }
  const [, year, month, day, clock = '00:00', zone] = parts
  if (zone === undefined && timeZone === null)
    return { problem: 'the time does not say its zone: name it with --time-zone' }
  const local = `${year}-${month}-${day}T${clock}`
  try {
    const ms =
      zone === undefined
        ? Temporal.PlainDateTime.from(local).toZonedDateTime(timeZone!).epochMilliseconds
        : Temporal.Instant.from(local + offsetOf(zone)).epochMilliseconds
    return { json: String(ms) }
  } catch {
    return { problem: 'there is no such time' }
  }
}

const iso =
  /^(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))? ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i

function offsetOf(zone: string): string {
  return /^(z|utc)$/i.test(zone) ? 'Z' : zone
}
