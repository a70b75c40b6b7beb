// What a person sees while a file is sent: how much of it is done, how fast it goes, how long it will take. Of a stream
// without a known end only what was done.

export type SendProgress = {
  name: string
  nowMs: number
  startMs: number
  /** Of the file, before decompression; null where the end is not known. */
  bytes: { done: number; atStart: number; all: number } | null
  events: number
  eventsAtStart: number
  rejected: number
  /** Why it waits, and until when. */
  waiting: { why: string; untilMs: number } | null
}

const barWidth = 16
const nameMax = 24

export function progressLine(progress: SendProgress): string {
  const { name, nowMs, startMs, bytes, events, eventsAtStart, rejected, waiting } = progress
  const seconds = Math.max(0.001, (nowMs - startMs) / 1_000)
  const share = bytes === null || bytes.all === 0 ? null : Math.min(1, bytes.done / bytes.all)
  const parts = [name.length > nameMax ? `…${name.slice(1 - nameMax)}` : name]
  if (share !== null) {
    const full = Math.round(share * barWidth)
    parts.push(`${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${String(Math.floor(share * 100)).padStart(3)}%`)
  }
  parts.push(`${events.toLocaleString('en')} events`)
  if (rejected > 0) parts.push(`${rejected.toLocaleString('en')} rejected`)
  parts.push(`${Math.round((events - eventsAtStart) / seconds).toLocaleString('en')}/s`)
  if (waiting !== null) parts.push(`${waiting.why}, on in ${clock(Math.max(0, waiting.untilMs - nowMs) / 1_000)}`)
  else if (bytes !== null && bytes.done > bytes.atStart) {
    const left = ((bytes.all - bytes.done) / (bytes.done - bytes.atStart)) * seconds
    parts.push(`${clock(left)} left`)
  }
  return parts.join('  ')
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds)
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60]
  const rest = `${String(minutes).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`
  return hours === 0 ? rest : `${hours}:${rest}`
}
