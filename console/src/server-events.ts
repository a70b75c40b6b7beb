// Reads server-sent events of the admin API: with fetch, which can say what page asks where a browser does not by itself, and
// which tells why it was refused.

import { Failure, failureOf } from './api.ts'
import { headersNow } from './early.ts'
import type { Query } from './paths.ts'

/** The server says at least every 15 seconds that it is there. */
const silentMsMax = 45_000

export type ServerEvent = { event: string; content: unknown }

/** Hands on each event until the stream ends. Throws a Failure when there is none, or when it breaks. */
export async function readServerEvents(
  path: string,
  query: Query,
  signal: AbortSignal,
  take: (said: ServerEvent) => void,
): Promise<void> {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value))
  const silent = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(() => silent.abort(), silentMsMax)
  }
  heard()
  try {
    const reply = await fetch(`${path}?${parameters.toString()}`, {
      headers: { accept: 'text/event-stream', ...headersNow() },
      signal: AbortSignal.any([signal, silent.signal]),
    })
    if (!reply.ok || reply.body === null) throw failureOf(reply, await reply.json())
    let text = ''
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      heard()
      text += part.value
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const said = eventOf(block)
        if (said !== null) take(said)
      }
    }
  } catch (error) {
    throw error instanceof Failure ? error : new Failure('UNREACHABLE', 0, String(error))
  } finally {
    clearTimeout(timer)
  }
}

/** null for a comment. */
function eventOf(block: string): ServerEvent | null {
  const lines = block.split('\n').map(line => line.split(/: ?(.*)/s))
  const event = lines.find(([name]) => name === 'event')?.[1]
  const content = lines.find(([name]) => name === 'data')?.[1]
  return event === undefined || content === undefined ? null : { event, content: JSON.parse(content) }
}
