// Who may use the admin port. Three checks: the Host header (a web page that somebody opens on this machine may point
// a name of its own at 127.0.0.1; its requests carry that name), the admin token, and a bound on failures per address.
// The right token is never held back: only wrong ones are counted.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { WayIn } from './needs.ts'
import { Refusal } from './problem.ts'

/** SHA-256 of a token, as hex. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

export type TokenGuard = {
  /** The way in; throws a Refusal unless the header carries the token. */
  check(authorization: string | undefined, address: string): WayIn
  failures(): number
}

export function openTokenGuard(options: {
  /** SHA-256 as hex. */
  tokenHash: string
  failuresPerMinuteMax: number
  addressesMax: number
  now: () => number
}): TokenGuard {
  const wanted = Buffer.from(options.tokenHash, 'hex')
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

  return {
    check(authorization, address) {
      const sent = /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(authorization ?? '')?.[1]
      // Hashes have one length, whatever was sent, so the comparison takes one time.
      if (sent !== undefined && timingSafeEqual(Buffer.from(hashToken(sent), 'hex'), wanted)) return 'token'
      const seconds = String(60 - Math.floor((options.now() % 60_000) / 1_000))
      if (countFailure(address) > options.failuresPerMinuteMax) {
        throw new Refusal('TOO_MANY_FAILURES', 'Too many requests with a wrong admin token: wait a minute', {
          headers: { 'retry-after': seconds, connection: 'close' },
        })
      }
      const message =
        sent === undefined
          ? 'Send the admin token as Authorization: Bearer …; it is in admin-token in the data directory'
          : 'This is not the admin token of this server; the right one is in admin-token in its data directory'
      throw new Refusal('UNAUTHORIZED', message, { headers: { 'www-authenticate': 'Bearer realm="datapulse admin"' } })
    },
    failures: () => failures,
  }
}

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
