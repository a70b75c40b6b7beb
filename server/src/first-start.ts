// The first minutes: with an empty data directory and both ports on loopback, `serve` makes a product `demo` with one
// key and prints the key and a curl line that works, once, to the terminal and never through the logger.

import { join } from 'node:path'
import { openAccounts } from './accounts/accounts.ts'
import type { Config } from './config.ts'
import type { Logger } from './logger.ts'
import type { RoleName } from './role-socket.ts'

export type DemoKey = { secret: string }

/** Makes the demo product and its key when there is no product yet; null when nothing was made. */
export async function makeDemoKey(config: Config, logger: Logger): Promise<DemoKey | null> {
  if (!isLoopback(config.host) || !isLoopback(config.adminHost)) return null
  const accounts = openAccounts({ path: join(config.dataDir, 'accounts.db'), now: Date.now, logger })
  try {
    if (accounts.listProducts().length > 0) return null
    const made = await accounts.createKey({ product: 'demo', name: 'first key' })
    if (!made.ok) throw new Error(made.problem)
    return { secret: made.secret }
  } finally {
    accounts.close()
  }
}

/** Says where the server is and how to use it. */
export function welcome(config: Config, demo: DemoKey | null, missing: RoleName[]): void {
  const at = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${config.port}`
  const lines = [
    '',
    `DataPulse takes events at ${at}/v2/s2s/event`,
    `The admin API is at http://${config.adminHost}:${config.adminPort}/`,
  ]
  if (missing.length > 0) lines.push(`Not ready yet: ${missing.join(', ')}. Events are taken and kept meanwhile.`)
  if (demo !== null) lines.push('', ...firstSteps(at, demo.secret))
  else lines.push('Make a key with: npx --no datapulse keys create --product NAME')
  process.stdout.write(`${lines.join('\n')}\n\n`)
}

function firstSteps(at: string, secret: string): string[] {
  const event =
    '{"client_user_id":"user_001","click_id":"clk_998877","ip_address":"203.0.113.1","event_name":"deposit","transaction_id":"tx_554433","timestamp":1702963200,"amount":50.00,"currency":"USD"}'
  return [
    `A product "demo" was made. Its key, shown this once: ${secret}`,
    '',
    'Send a deposit, from another terminal:',
    '',
    `  curl -X POST '${at}/v2/s2s/event' -H 'Content-Type: application/json' -H 'X-API-Key: ${secret}' -d '${event}'`,
    '',
    'and see it:',
    '',
    '  npx --no datapulse events list',
  ]
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
