// Tries the API out: sends a request on to the public port as a partner's server would, and answers what that said, word for
// word. A dry run changes nothing, so that it is open to viewers and no act; sending for real is an admin's act. The key is
// whoever's it is: it is kept nowhere, and no refusal repeats it.

import { limits } from '../limits.ts'
import { sentField, sentFields } from './act.ts'
import type { Accounts, Key, Tried, TryWish, WebNeeds } from './needs.ts'
import { flag, oneOf, type Reading, readFields, readQuery, required } from './parameters.ts'
import { badParameters, Refusal } from './problem.ts'
import type { Asked, Route } from './routes.ts'

const none = {}
const minuteMs = 60_000
const printable = /^[\x20-\x7e]{1,1000}$/

/** Whatever it is: what is wrong with it is told without it. */
const secret: Reading<string> = {
  read: sent => ({ value: typeof sent === 'string' && /^[\x21-\x7e]{1,512}$/.test(sent.trim()) ? sent.trim() : '' }),
}
const anyText: Reading<string> = {
  read: sent => (typeof sent === 'string' ? { value: sent } : { wanted: 'text' }),
}
const headerText: Reading<string> = {
  read: sent =>
    typeof sent === 'string' && printable.test(sent)
      ? { value: sent }
      : { wanted: '1 to 1000 printable ASCII characters' },
}
const fields = {
  to: required(oneOf('event', 'batch'), 'it says where the request goes'),
  key: secret,
  idempotency_key: headerText,
  partial: flag,
  body: required(anyText, 'it is what is sent'),
}

export function tryRoutes(needs: Pick<WebNeeds, 'accounts' | 'tryRequest'>): Route[] {
  const bounds = new TryBounds()
  const send = async ({ query, body, now }: Asked, isDry: boolean) => {
    readQuery(query, none, now)
    const { wish, path } = readWish(body, now, isDry)
    return bounds.within(now, async () => {
      const key = keyOf(needs.accounts, wish.key, now)
      const tried = answered(await needs.tryRequest(wish), isDry)
      return { body: { key, request: { method: 'POST', path }, ...shownOf(tried) } }
    })
  }
  return [
    {
      method: 'POST',
      path: '/api/try',
      bodyBytesMax: limits.adminTryBodyBytesMax,
      act: {
        name: 'try.send',
        on: ({ body, now }) => {
          const key = keyOf(needs.accounts, sentField(body, 'key')?.trim() ?? null, now)
          const values = sentFields(body, 'to', 'partial')
          return {
            product: key?.product ?? null,
            target: key?.id ?? null,
            values: { ...values, mode: key?.mode ?? null },
          }
        },
        done: ({ body }) => {
          const { status, headers } = (body as { reply: Tried }).reply
          return { values: { status, request_id: headers['x-request-id'] ?? null } }
        },
      },
      answer: asked => send(asked, false),
    },
    {
      method: 'POST',
      path: '/api/try/dry-run',
      open: 'viewer',
      bodyBytesMax: limits.adminTryBodyBytesMax,
      act: null,
      answer: asked => send(asked, true),
    },
  ]
}

function readWish(body: object, now: number, isDry: boolean): { wish: TryWish; path: string } {
  const { to, key, idempotency_key: idempotencyKey, partial, body: sent } = readFields(body, fields, now)
  if (key === '') {
    const message = 'key must be 1 to 512 printable ASCII characters without spaces'
    throw badParameters([{ name: 'key', message }])
  }
  const query = [isDry ? 'dryrun' : '', to === 'batch' && partial === true ? 'partial=1' : ''].filter(Boolean)
  const path = `/v2/s2s/${to}${query.length === 0 ? '' : `?${query.join('&')}`}`
  return { path, wish: { path, key, idempotencyKey, body: sent! } }
}

/** Whose a key is; null where it is nobody's, or may send no more. */
function keyOf(
  { findKey }: Accounts,
  presented: string | null,
  now: number,
): Pick<Key, 'id' | 'product' | 'mode'> | null {
  const key = presented === null || presented === '' ? null : findKey(presented, now)
  return key && { id: key.id, product: key.product, mode: key.mode }
}

function answered(tried: Tried | 'away' | 'silent', isDry: boolean): Tried {
  if (tried === 'away') {
    const message = 'Nothing was sent: no API of this installation answers on this machine'
    throw new Refusal('API_AWAY', message, { headers: { 'retry-after': '2' } })
  }
  if (tried === 'silent') {
    const unknown = 'whether it was queued is not known. With the same ids it can be sent again, and counts once'
    const message = `The API took the request and did not answer whole within ${limits.tryMsMax / 1_000} s: ${isDry ? 'nothing was stored' : unknown}`
    throw new Refusal('API_SILENT', message)
  }
  return tried
}

function shownOf({ status, headers, body, isCut, tookMs }: Tried) {
  return { reply: { status, headers, body, is_cut: isCut }, took_ms: tookMs }
}

/** So many of all callers together: each may be a request with a key that nobody has. */
class TryBounds {
  #running = 0
  #beganMs: number[] = []

  async within<Result>(nowMs: number, run: () => Promise<Result>): Promise<Result> {
    this.#beganMs = this.#beganMs.filter(ms => nowMs - ms < minuteMs)
    const [oldestMs] = this.#beganMs
    if (this.#running >= limits.triesMax) refuse(1)
    if (this.#beganMs.length >= limits.triesPerMinuteMax) refuse(Math.ceil((oldestMs! + minuteMs - nowMs) / 1_000))
    this.#beganMs.push(nowMs)
    this.#running += 1
    try {
      return await run()
    } finally {
      this.#running -= 1
    }
  }
}

function refuse(seconds: number): never {
  const headers = { 'retry-after': String(seconds) }
  throw new Refusal('TOO_MANY_TRIES', `Too much is tried at once: nothing was sent; try again in ${seconds} s`, {
    headers,
  })
}
