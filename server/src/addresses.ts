// Where a program on this machine reaches the server's ports, by the same variables and defaults that the server takes:
// who shares a shell with it need not say it twice.

import { type Option, options, textOf, type Variables } from './config.ts'

export type Addresses = { publicUrl: string; adminUrl: string }

/** Base URLs. A value that the server would refuse is not judged here: it makes a URL that cannot be used. */
export function addressesOf(environment: Variables): Addresses {
  const at = (host: Option, port: Option) => urlOf(reachable(textOf(host, environment)), textOf(port, environment))
  return { publicUrl: at(options.host, options.port), adminUrl: at(options.adminHost, options.adminPort) }
}

export function urlOf(host: string, port: number | string): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Who listens on every address is called at one of them. */
export function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
}
