// What the client asks of the world, as arguments, so that tests can bring another one: time that does not go back, chance,
// ids, timers and HTTP. Nothing here is of Node alone.

/** What is used of `fetch`: any that is like the web's will do. */
export type Fetch = (url: string, init: RequestInput) => Promise<Reply>

export type RequestInput = {
  method: 'POST'
  headers: Record<string, string>
  body: string | Uint8Array<ArrayBuffer>
  redirect: 'manual'
  signal: AbortSignal
}

export type Reply = {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: ReplyBody | null
}

export type ReplyBody = {
  getReader(): {
    read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>
    cancel(reason?: unknown): Promise<unknown>
  }
}

export type World = {
  fetch: Fetch
  nowMs(): number
  random(): number
  newId(): string
  /** Runs `then` after `ms`, unless the function that it gives is called before. */
  after(ms: number, then: () => void): () => void
  /** Null where this runtime has no CompressionStream. */
  gzip: ((text: string) => Promise<Uint8Array<ArrayBuffer>>) | null
}

/** A longer timer fires at once. */
const timerMsMax = 2 ** 31 - 1

export const realWorld: World = {
  // Named at the call, so that a runtime that patches it later is heard.
  fetch: (url, init) => fetch(url, init),
  nowMs: () => performance.now(),
  random: () => Math.random(),
  newId: () => crypto.randomUUID(),
  after(ms, then) {
    const timer = setTimeout(then, Math.min(ms, timerMsMax))
    return () => clearTimeout(timer)
  },
  gzip: typeof CompressionStream === 'function' ? gzip : null,
}

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const zipped = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(zipped).arrayBuffer())
}

/** Resolves after `ms`, or at once when `signal` is aborted. */
export function sleep(world: Pick<World, 'after'>, ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = world.after(ms, end)
    signal.addEventListener('abort', end)
  })
}
