// The cookie in which a browser keeps the secret of its session: out of the reach of scripts, sent to this host alone and by
// its own pages alone. Cookies are shared by all ports of a host, so the port is part of the name; to a page that came over
// HTTPS it goes with the prefix that no other host can set, and never over plain HTTP.

import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { limits } from '../limits.ts'

export function readSecret(c: Context): string | undefined {
  const name = nameOf(c)
  return getCookie(c, name, 'host') ?? getCookie(c, name)
}

/** null takes it away. */
export function giveSecret(c: Context, secret: string | null): void {
  const kept = { path: '/', httpOnly: true, sameSite: 'Strict' } as const
  const https = { ...kept, secure: true, prefix: 'host' } as const
  const options = c.req.header('origin')?.startsWith('https://') === true ? https : kept
  if (secret !== null) setCookie(c, nameOf(c), secret, { ...options, maxAge: limits.sessionMsMax / 1_000 })
  else if (readSecret(c) !== undefined) deleteCookie(c, nameOf(c), options)
}

function nameOf(c: Context): string {
  const port = /:(\d{1,5})$/.exec(c.req.header('host') ?? '')?.[1]
  return port === undefined ? 'datapulse-session' : `datapulse-session-${port}`
}
