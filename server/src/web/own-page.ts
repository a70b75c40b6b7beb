// Whether a call that comes with a browser's cookie was made by a page of this very server. A browser sends a cookie by itself, so each call has to show where it comes from: by an `Origin` that is exactly the
// address of the call; a GET, for which browsers send none, by `Sec-Fetch-Site: same-origin`, or where a browser does not
// say that (over plain HTTP, but for loopback) by a header that no other page can send.

import { allowedHosts, checkHost } from './guard.ts'
import { Refusal } from './problem.ts'

export type PageCall = {
  method: string
  host: string | undefined
  origin: string | undefined
  fetchSite: string | undefined
  requestedWith: string | undefined
  /** The address at which the connection arrived. */
  localAddress: string | null
}

/** What a page of ours sends as `X-Requested-With`. */
export const requestedByConsole = 'datapulse-console'

/** `host` and `more` as the port was opened with. Throws a Refusal. */
export function checkOwnPage(call: PageCall, host: string, more: readonly string[]): void {
  checkHost(call.host, pageHosts(call.localAddress, host, more))
  if (call.fetchSite !== undefined && call.fetchSite !== 'same-origin') throw wrongOrigin()
  if (call.origin !== undefined) {
    const at = (call.host ?? '').toLowerCase()
    if (call.origin === `http://${at}` || call.origin === `https://${at}`) return
    throw wrongOrigin()
  }
  const isReading = call.method === 'GET' || call.method === 'HEAD'
  if (isReading && (call.fetchSite !== undefined || call.requestedWith === requestedByConsole)) return
  throw wrongOrigin()
}

/** A page is only served under a name that is known: that of the loopback, the address itself, or a configured one. */
function pageHosts(localAddress: string | null, host: string, more: readonly string[]): Set<string> {
  const names = allowedHosts('localhost', more)
  names.add(host.toLowerCase())
  const address = localAddress?.replace(/^::ffff:(?=\d+\.)/, '') ?? ''
  if (address !== '') names.add(address.includes(':') ? `[${address}]` : address)
  return names
}

function wrongOrigin(): Refusal {
  return new Refusal(
    'WRONG_ORIGIN',
    'A session is used by the console of this very server; programs send the token as Authorization: Bearer …',
  )
}
