// What an address, a network and a host name look like. Pure: nothing is looked up.

import { isIP } from 'node:net'

export type Network = { address: string; prefix: number; family: 'ipv4' | 'ipv6' }

/**
 * An address, or a network with the length of its prefix; null for anything else.
 *
 * @example readNetwork('10.0.0.0/8')  // { address: '10.0.0.0', prefix: 8, family: 'ipv4' }
 */
export function readNetwork(text: string): Network | null {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  const bitsMax = version === 6 ? 128 : 32
  const prefix = bits === undefined ? bitsMax : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
  if (version === 0 || rest.length > 0 || prefix < 0 || prefix > bitsMax) return null
  return { address, prefix, family: version === 6 ? 'ipv6' : 'ipv4' }
}

/** An address, or a name that could be one of a machine: no port, no brackets, and no number where a domain ends. */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true
  const labels = text.replace(/\.$/, '').split('.')
  return (
    text.length <= 253 &&
    labels.every(label => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label)) &&
    !/^\d+$/.test(labels.at(-1) as string)
  )
}
