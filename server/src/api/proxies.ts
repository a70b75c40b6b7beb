// Which address a request comes from: the connection's, unless that is a proxy we trust. Then X-Forwarded-For is read
// from its right end, past further trusted proxies, to the first address that is not one.

import { BlockList, isIP } from 'node:net'
import { readNetwork } from '../network.ts'

export type Proxies = {
  /** The address of the one who asks. `forwarded` is X-Forwarded-For as sent. */
  addressOf(connectionAddress: string, forwarded: string | undefined): string
}

/** `trusted` holds addresses and networks: `10.0.0.0/8`, `::1`. Throws a sentence on anything else. */
export function openProxies(trusted: readonly string[]): Proxies {
  const list = new BlockList()
  for (const entry of trusted) addTo(list, entry)
  const isTrusted = (address: string) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return {
    addressOf(connectionAddress, forwarded) {
      let address = plain(connectionAddress)
      if (trusted.length === 0 || forwarded === undefined || isIP(address) === 0 || !isTrusted(address)) return address
      const hops = forwarded.split(',')
      for (let i = hops.length - 1; i >= 0; i--) {
        const hop = plain((hops[i] as string).trim())
        if (isIP(hop) === 0) return address
        address = hop
        if (!isTrusted(address)) return address
      }
      return address
    },
  }
}

function addTo(list: BlockList, entry: string): void {
  const network = readNetwork(entry)
  if (network === null) {
    throw new Error(
      `Cannot trust this proxy because it must be an address or a network like 10.0.0.0/8: got ${JSON.stringify(entry)}.`,
    )
  }
  list.addSubnet(network.address, network.prefix, network.family)
}

/** An IPv4 address that came over an IPv6 socket is written as the IPv4 address it is. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}
