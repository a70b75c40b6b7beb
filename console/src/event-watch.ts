// The events of one question as they come, for all tabs of this browser that ask the same: one of them has the stream, and tells
// the others; when it goes another one takes it over, where it was. Where the browser has no locks (a page that came neither
// over HTTPS nor from this machine) each tab has a stream of its own. What is kept is bounded: the newest rows, and counts.

import { Failure } from './api.ts'
import type { Query } from './paths.ts'
import type { LiveEvent } from './questions.ts'
import { readServerEvents } from './server-events.ts'

export type Watched = {
  state: 'connecting' | 'on' | 'lost'
  /** Newest first. */
  rows: LiveEvent[]
  /** Exactly how many came since `sinceMs`. */
  count: number
  sinceMs: number
  /** What is shown of a second, where that is not all. */
  sample: { shown: number; count: number } | null
  /** When something was heard. */
  heardMs: number
  failure: Failure | null
}

type Told = { events: LiveEvent[]; count: number; ms: number; after: string }
type Message = { kind: 'hello' } | { kind: 'told'; told: Told } | { kind: 'lost'; code: string; message: string }

const rowsMax = 200
const againMs = 2_000
const sampleMs = 3_000
const first = 25

export const nothingWatched: Watched = {
  state: 'connecting',
  rows: [],
  count: 0,
  sinceMs: 0,
  sample: null,
  heardMs: 0,
  failure: null,
}

/** Hands on what is known each time it changes; ends what it does when the signal says so. */
export function watchEvents(query: Query, signal: AbortSignal, show: (watched: Watched) => void): void {
  const name = `datapulse-stream ${JSON.stringify(query)}`
  const channel = new BroadcastChannel(name)
  let watched: Watched = { ...nothingWatched, heardMs: Date.now(), sinceMs: Date.now() }
  let place: string | undefined
  let hasStream = false
  let calm: ReturnType<typeof setTimeout> | undefined

  const take = (told: Told) => {
    place = told.after
    watched = withTold(watched, told)
    show(watched)
    clearTimeout(calm)
    // Nothing is said while nothing comes.
    if (watched.sample !== null) calm = setTimeout(() => show((watched = { ...watched, sample: null })), sampleMs)
  }
  const lose = (failure: Failure) => {
    watched = { ...watched, state: 'lost', failure }
    show(watched)
  }
  const tell = (message: Message) => {
    if (!signal.aborted) channel.postMessage(message)
  }
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'told') take(data.told)
    else if (data.kind === 'lost') lose(new Failure(data.code, 0, data.message))
    else if (hasStream && place !== undefined && watched.state === 'on')
      tell({ kind: 'told', told: { events: watched.rows.slice(0, first).toReversed(), count: 0, ms: 0, after: place } })
  }
  const failed = (failure: Failure) => {
    if (signal.aborted) return
    lose(failure)
    tell({ kind: 'lost', code: failure.code, message: failure.message })
  }

  const stream = async () => {
    hasStream = true
    while (!signal.aborted) {
      const from = place === undefined ? { last: first } : { after: place }
      try {
        await readServerEvents('/api/events/stream', { ...query, ...from }, signal, ({ event, content }) => {
          if (event === 'events') {
            take(content as Told)
            tell({ kind: 'told', told: content as Told })
          } else failed(failureIn(content))
        })
      } catch (error) {
        const failure = error as Failure
        // A place that is none any more: from here on.
        if (failure.code === 'BAD_PARAMETERS') place = undefined
        failed(failure)
      }
      await pause(againMs, signal)
    }
  }
  signal.addEventListener('abort', () => {
    clearTimeout(calm)
    channel.close()
  })
  tell({ kind: 'hello' })
  const own = 'locks' in navigator ? navigator.locks.request(name, { signal }, stream) : stream()
  own.catch(() => {})
}

function withTold(watched: Watched, { events, count, ms }: Told): Watched {
  const known = new Set(watched.rows.map(idOf))
  const fresh = events.filter(event => !known.has(idOf(event))).toReversed()
  const seconds = ms / 1_000
  return {
    state: 'on',
    rows: [...fresh, ...watched.rows].slice(0, rowsMax),
    count: watched.count + count,
    sinceMs: watched.sinceMs,
    sample: count > events.length && ms > 0 ? { shown: events.length / seconds, count: count / seconds } : null,
    heardMs: Date.now(),
    failure: null,
  }
}

export function idOf({ request_id, position }: Pick<LiveEvent, 'request_id' | 'position'>): string {
  return `${request_id} ${position}`
}

function failureIn(content: unknown): Failure {
  const { code, message } = content as { code: string; message: string }
  return new Failure(code, code === 'UNAUTHORIZED' ? 401 : 503, message)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
