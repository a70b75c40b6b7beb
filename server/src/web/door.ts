// Who calls: by the token in the header, or by the session in a browser's cookie, which only a page of this server may use.
// What is refused here is noted as an attempt (attempts.ts).

import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { Attempts } from './attempts.ts'
import type { Guard } from './guard.ts'
import type { Known } from './needs.ts'
import { checkOwnPage } from './own-page.ts'
import { Refusal } from './problem.ts'
import type { Open } from './routes.ts'
import { readSecret } from './session-cookie.ts'

export type Env = { Bindings: HttpBindings; Variables: { caller: Known | null } }

export type Door = {
  /** null for nobody, where that is allowed. Throws a Refusal for whom it is not open. */
  find(c: Context<Env>, open: Open): Known | null
  /** Whether a cookie opens anything, for the page itself, which anybody may have. */
  isSignedIn(c: Context<Env>): boolean
  /** Whose token this is, sent by a page of this server. */
  signIn(c: Context<Env>, token: unknown): Known
}

export function openDoor(options: {
  guard: Guard
  attempts: Attempts
  host: string
  hostNames: readonly string[]
}): Door {
  const { guard, attempts, host, hostNames } = options

  const noted = <Result>(c: Context<Env>, check: () => Result): Result => {
    try {
      return check()
    } catch (error) {
      const { method, path } = c.req
      if (error instanceof Refusal) attempts.note({ address: addressOf(c) ?? '', method, path, code: error.code })
      throw error
    }
  }
  const checkPage = (c: Context<Env>) =>
    checkOwnPage(
      {
        method: c.req.method,
        host: c.req.header('host'),
        origin: c.req.header('origin'),
        fetchSite: c.req.header('sec-fetch-site'),
        requestedWith: c.req.header('x-requested-with'),
        localAddress: c.env.incoming.socket.localAddress ?? null,
      },
      host,
      hostNames,
    )
  /** A token counts before a cookie. */
  const check = (c: Context<Env>): Known => {
    const [authorization, secret] = [c.req.header('authorization'), readSecret(c)]
    if (authorization !== undefined || secret === undefined) return guard.checkHeader(authorization, addressOf(c) ?? '')
    checkPage(c)
    return guard.checkSession(secret, addressOf(c) ?? '', isAttended(c))
  }

  return {
    find(c, open) {
      if (open === 'token') return null
      if (open === 'anyone' && c.req.header('authorization') === undefined && readSecret(c) === undefined) return null
      return noted(c, () => {
        const known = orNobody(open === 'anyone', () => check(c))
        if (open === 'admin' && known?.role !== 'admin')
          throw new Refusal('READ_ONLY', 'A viewer may look, and change nothing: ask an admin')
        return known
      })
    },
    isSignedIn(c) {
      const secret = readSecret(c)
      return secret !== undefined && guard.isSession(secret)
    },
    signIn: (c, token) =>
      noted(c, () => {
        checkPage(c)
        return guard.checkToken(token, addressOf(c) ?? '')
      }),
  }
}

export function addressOf(c: Context<Env>): string | null {
  return c.env.incoming.socket.remoteAddress ?? null
}

/** A change is a person's doing; what a page asks is only where the page says so: it may ask by itself, for ever. */
function isAttended(c: Context<Env>): boolean {
  const isReading = c.req.method === 'GET' || c.req.method === 'HEAD'
  return !isReading || c.req.header('x-attended') === 'true'
}

/** Whoever asks whether there is a session is told no instead of being refused. */
function orNobody(allowed: boolean, check: () => Known): Known | null {
  try {
    return check()
  } catch (error) {
    if (allowed && error instanceof Refusal && error.code === 'UNAUTHORIZED') return null
    throw error
  }
}
