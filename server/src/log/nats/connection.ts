// The connection to the servers of the log: found again by itself, for ever, and at another server when one is cut off
// (cut-off.ts); and what these servers must be.

import { connect, type NatsConnection } from '@nats-io/transport-node'
import { limits as wire } from '@datapulse/contract'
import type { LogLogger } from '../log.ts'
import { isAnswered, leaveWhenCutOff } from './cut-off.ts'

export type NatsConnectionOptions = {
  /** `nats://host:port` or `tls://…`, several separated by commas. */
  url: string
  /** Empty where there is none; a password without a user is a token. */
  user?: string
  password?: string
  /** What this process is called there. */
  name: string
  /** Takes servers that are not known to sync before they acknowledge. */
  acceptWeaker: boolean
  logger: LogLogger
}

const connectMs = 5_000
const reconnectWaitMs = 250
/** A server that does not answer so many of these is given up: some six seconds. */
const pingMs = 2_000
const pingsMax = 2
/** A body and what is packed with it. */
export const payloadBytesMin = wire.bodyBytesMax + 1024 * 1024

export async function connectNats(options: NatsConnectionOptions): Promise<NatsConnection> {
  const { name, acceptWeaker, logger } = options
  const places = placesOf(options)
  const connection = await connect({
    ...places,
    name,
    timeout: connectMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMs,
    pingInterval: pingMs,
    maxPingOut: pingsMax,
    // Nobody of ours waits for a reply that a lost connection took along.
    ignoreAuthErrorAbort: true,
  })
  const problem = await problemOf(connection, acceptWeaker)
  if (problem !== null) {
    await connection.close()
    throw new Error(problem)
  }
  if (places.servers.length > 1) leaveWhenCutOff(connection, logger)
  return connection
}

async function problemOf(connection: NatsConnection, acceptWeaker: boolean): Promise<string | null> {
  const { version = '0.0.0', max_payload = 0, jetstream = false } = connection.info ?? {}
  // One that has turned it off, for its disk is full, still passes on what is asked of the others.
  if (!jetstream && !(await isAnswered(connection)))
    return `Cannot use NATS for the log because JetStream must be on: it is off.`
  if (max_payload < payloadBytesMin)
    return `Cannot use NATS for the log because its max_payload must be at least ${payloadBytesMin} bytes: got ${max_payload}.`
  if (!canSync(version) && !acceptWeaker)
    return (
      `Cannot use NATS ${version} for the log because it cannot sync what it acknowledges: from 2.10 on it can ` +
      '(sync_interval: always). With --accept-weaker-durability it is used all the same.'
    )
  return null
}

/** What servers of this version may lose though they acknowledged it; null for nothing that is known. */
export function weaknessOf(version: string, replicas: number): string | null {
  if (!canSync(version))
    return `NATS ${version} does not sync what it acknowledges: a power cut of most of its servers at once loses what came last`
  // Mended in 2.12: github.com/nats-io/nats-server/pull/6944, where a server that is catching up counts as one that has it.
  if (replicas > 1 && !isFrom(2, 12, version))
    return `NATS ${version} may lose what it acknowledged when its servers are ended soon after one another: use 2.12 or later`
  return null
}

/** Whether a server of this version can be told to sync before it acknowledges. */
const canSync = (version: string) => isFrom(2, 10, version)

function isFrom(majorMin: number, minorMin: number, version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > majorMin || (major === majorMin && minor >= minorMin)
}

function placesOf({ url, user = '', password = '' }: NatsConnectionOptions) {
  const addresses = url.split(',').map(address => new URL(address.trim()))
  return {
    servers: addresses.map(({ protocol, host }) => `${protocol}//${host}`),
    ...(user !== '' && { user, pass: password }),
    ...(user === '' && password !== '' && { token: password }),
    ...(addresses.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
  }
}
