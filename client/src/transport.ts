// One attempt: a batch goes to the server, and a whole reply comes back, or the reason why none did. A reply has a size and
// a time; a redirection is not followed, so that the key goes to nobody else. Reasons never hold the key.

import { limits } from '@datapulse/contract'
import type { WholeReply } from './verdict.ts'
import type { Reply, RequestInput, World } from './world.ts'

export type Attempt = { bytes: number; isZipped: boolean } & ({ reply: WholeReply } | { fault: string })

/** A batch's body, made once however often it is sent. */
export type Body = { plain: string; zipped: Uint8Array<ArrayBuffer> | null; bytes: number }

export type TransportSettings = { url: string; key: string; timeoutMs: number; gzip: boolean }

/** A smaller body gains nothing. */
const gzipFromBytes = 1_024
const replyBytesMax = limits.bodyBytesMax

export class Transport {
  #settings: TransportSettings
  #world: World
  #isZipping: boolean

  constructor(settings: TransportSettings, world: World) {
    this.#settings = settings
    this.#world = world
    this.#isZipping = settings.gzip && world.gzip !== null
  }

  /** From here on bodies go as they are: something on the way does not let compressed ones through. */
  stopZipping(): void {
    this.#isZipping = false
  }

  async bodyOf(texts: string[], bytes: number): Promise<Body> {
    const plain = `[${texts.join(',')}]`
    const { gzip } = this.#world
    const zipped =
      this.#isZipping && gzip !== null && bytes >= gzipFromBytes ? await gzip(plain).catch(() => null) : null
    return { plain, zipped, bytes }
  }

  async send(body: Body, closing: AbortSignal): Promise<Attempt> {
    const zipped = this.#isZipping ? body.zipped : null
    const about = { bytes: zipped?.length ?? body.bytes, isZipped: zipped !== null }
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'x-api-key': this.#settings.key,
      'user-agent': 'datapulse-client/0.1.0',
      ...(zipped === null ? {} : { 'content-encoding': 'gzip' }),
    }
    const { signal, end, whyEnded } = this.#within(closing)
    const init: RequestInput = { method: 'POST', headers, body: zipped ?? body.plain, redirect: 'manual', signal }
    try {
      const reply = await untilEnded(this.#world.fetch(`${this.#settings.url}/v2/s2s/batch?partial=1`, init), signal)
      const text = await untilEnded(readText(reply), signal)
      return { ...about, reply: { status: reply.status, headers: reply.headers, text } }
    } catch (cause) {
      return { ...about, fault: whyEnded() ?? this.#withoutKey(reasonOf(cause)) }
    } finally {
      end()
    }
  }

  #within(closing: AbortSignal) {
    const { timeoutMs } = this.#settings
    const controller = new AbortController()
    let why: string | null = null
    const stop = (reason: string) => {
      why ??= reason
      controller.abort()
    }
    const onClosing = () => stop('the client was closed')
    if (closing.aborted) onClosing()
    closing.addEventListener('abort', onClosing)
    const cancel = this.#world.after(timeoutMs, () => stop(`no whole reply within ${timeoutMs} ms`))
    const end = () => {
      cancel()
      closing.removeEventListener('abort', onClosing)
    }
    return { signal: controller.signal, end, whyEnded: () => why }
  }

  #withoutKey(reason: string): string {
    return reason.replaceAll(this.#settings.key, 'the key').slice(0, 300)
  }
}

/** A fetch that does not heed its signal holds nobody up. */
function untilEnded<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new Error('ended'))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

async function readText(reply: Reply): Promise<string> {
  if (reply.body === null) return ''
  const reader = reply.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value?.length ?? 0
    if (bytes > replyBytesMax) {
      reader.cancel().catch(() => {})
      throw new Error(`the reply has more than ${replyBytesMax} bytes`)
    }
    text += decoder.decode(value, { stream: true })
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(thrown: unknown): string {
  const { cause } = thrown as { cause?: { code?: unknown; message?: unknown } }
  if (typeof cause?.code === 'string') return cause.code
  if (typeof cause?.message === 'string') return cause.message
  return thrown instanceof Error ? thrown.message : String(thrown)
}
