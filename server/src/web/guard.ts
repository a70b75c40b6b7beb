// Who may use the admin port. Three checks: the Host header (a web page that somebody opens on this machine may point
// a name of its own at 127.0.0.1; its requests carry that name), the token (the admin's, or a viewer's) or the session that
// was made from one, and a bound on failures per address. What is right is never held back: only failures are counted.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { Access, Known } from './needs.ts'
import { Refusal } from './problem.ts'

/** SHA-256 of a token, as hex. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Each gives who it is, or throws a Refusal, and counts that. */
export type Guard = {
  checkHeader(authorization: string | undefined, address: string): Known
  checkToken(token: unknown, address: string): Known
  /** `isAttended`: a person did something just now. */
  checkSession(secret: string, address: string, isAttended: boolean): Known
  /** Whether it is the secret of a session that is not over. Counts as no failure, and as no use. */
  isSession(secret: string): boolean
  failures(): number
}

export function openGuard(options: {
  /** SHA-256 as hex. */
  tokenHash: string
  access: Pick<Access, 'findViewer' | 'findSession'>
  failuresPerMinuteMax: number
  addressesMax: number
  now: () => number
}): Guard {
  const { tokenHash, access } = options
  const wanted = Buffer.from(tokenHash, 'hex')
  const byAddress = new Map<string, { minute: number; failures: number }>()
  let failures = 0

  const countFailure = (address: string): number => {
    failures += 1
    const minute = Math.floor(options.now() / 60_000)
    const known = byAddress.get(address)
    const entry = known?.minute === minute ? known : { minute, failures: 0 }
    entry.failures += 1
    byAddress.delete(address)
    byAddress.set(address, entry)
    if (byAddress.size > options.addressesMax) byAddress.delete(byAddress.keys().next().value!)
    return entry.failures
  }

  const fail = (address: string, message: string): never => {
    const seconds = String(60 - Math.floor((options.now() % 60_000) / 1_000))
    if (countFailure(address) > options.failuresPerMinuteMax) {
      throw new Refusal('TOO_MANY_FAILURES', 'Too many requests with a wrong token or session: wait a minute', {
        headers: { 'retry-after': seconds, connection: 'close' },
      })
    }
    throw new Refusal('UNAUTHORIZED', message, { headers: { 'www-authenticate': 'Bearer realm="datapulse admin"' } })
  }

  const findToken = (token: string, address: string): Known | null => {
    const hash = hashToken(token)
    // Hashes have one length, whatever was sent, so the comparison takes one time.
    const isAdmin = timingSafeEqual(Buffer.from(hash, 'hex'), wanted)
    const known = { way: 'token', session: null, tokenHash: hash, address } as const
    if (isAdmin) return { ...known, role: 'admin', name: null }
    const viewer = access.findViewer(hash)
    return viewer && { ...known, role: 'viewer', name: viewer.name }
  }

  return {
    checkHeader(authorization, address) {
      const sent = /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(authorization ?? '')?.[1]
      if (sent === undefined)
        return fail(
          address,
          'Send the admin token as Authorization: Bearer …; it is in admin-token in the data directory',
        )
      return findToken(sent, address) ?? fail(address, notTheToken)
    },
    checkToken(token, address) {
      const sent = typeof token === 'string' ? token.trim() : ''
      return (/^[\x21-\x7e]{1,512}$/.test(sent) ? findToken(sent, address) : null) ?? fail(address, notTheToken)
    },
    checkSession(secret, address, isAttended) {
      const session = access.findSession(secret, tokenHash, isAttended)
      if (session === null) return fail(address, 'This session is over: sign in again')
      return { way: 'session', role: session.role, name: session.name, session, tokenHash: null, address }
    },
    isSession: secret => access.findSession(secret, tokenHash, false) !== null,
    failures: () => failures,
  }
}

const notTheToken = 'This is not the admin token of this server; the right one is in admin-token in its data directory'

/** Throws a Refusal when the Host header is none of `names`; an empty list lets every name through. */
export function checkHost(header: string | undefined, names: ReadonlySet<string>): void {
  if (names.size === 0) return
  const name = hostName(header ?? '')
  if (name !== null && names.has(name)) return
  throw new Refusal(
    'WRONG_HOST',
    'This port does not answer to that Host: call it localhost, or allow the name in the configuration',
  )
}

/** The Host names that are right for a port bound to `host`: with a loopback address loopback's names and `more`. */
export function allowedHosts(host: string, more: readonly string[]): Set<string> {
  if (!isLoopback(host)) return new Set()
  return new Set([
    'localhost',
    '127.0.0.1',
    '[::1]',
    bracketed(host),
    ...more.map(name => bracketed(name.toLowerCase())),
  ])
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

function hostName(header: string): string | null {
  return /^(\[[0-9a-f:.]+\]|[^:[\]]+?)\.?(?::\d{1,5})?$/i.exec(header.trim())?.[1]?.toLowerCase() ?? null
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}
