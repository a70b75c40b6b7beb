// The first minutes: with an empty data directory and both ports on loopback, `serve` makes a product `demo` with one
// key and prints the key and a curl line that works, once, to the terminal and never through the logger.

import { join, resolve } from 'node:path'
import { openAccounts } from './accounts/accounts.ts'
import { openAuditLog } from './accounts/audit-log.ts'
import { type Config, options } from './config.ts'
import type { Logger } from './logger.ts'
import type { RoleName } from './role-socket.ts'

export type DemoKey = { secret: string }

/** Makes the demo product and its key when there is no product yet; null when nothing was made. */
export async function makeDemoKey(config: Config, logger: Logger): Promise<DemoKey | null> {
  if (!isLoopback(config.host) || !isLoopback(config.adminHost)) return null
  const path = join(config.dataDir, 'accounts.db')
  const accounts = openAccounts({ path, now: Date.now, logger })
  const audit = openAuditLog({ path, now: Date.now })
  try {
    if (accounts.listProducts().length > 0) return null
    const wish = { product: 'demo', name: 'first key' }
    const { product, ...values } = wish
    const end = audit.begin({ act: 'key.create', product, way: 'local', actor: 'datapulse serve', values })
    const made = await accounts.createKey(wish)
    if (!made.ok) throw new Error(made.problem)
    end({ outcome: 'done', target: made.key.id, values: { prefix: made.key.prefix } })
    return { secret: made.secret }
  } finally {
    accounts.close()
    audit.close()
  }
}

/** Says where the server is and how to use it. */
export function welcome(config: Config, demo: DemoKey | null, missing: RoleName[]): void {
  process.stdout.write(welcomeText(config, demo, missing))
}

export function welcomeText(config: Config, demo: DemoKey | null, missing: RoleName[]): string {
  const at = urlOf(config.host, config.port)
  const cli = cliOptions(config)
  const lines = [
    '',
    `DataPulse takes events at ${at}/v2/s2s/event`,
    `The admin API is at ${urlOf(config.adminHost, config.adminPort)}/`,
  ]
  if (missing.length > 0) lines.push(`Not ready yet: ${missing.join(', ')}. Events are taken and kept meanwhile.`)
  if (demo !== null) lines.push('', ...firstSteps(at, demo.secret, cli))
  else lines.push('Make a key with: npx --no datapulse keys create --product NAME' + cli)
  return `${lines.join('\n')}\n\n`
}

function firstSteps(at: string, secret: string, cli: string): string[] {
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
    `  npx --no datapulse events list${cli}`,
  ]
}

/** What the command line must be told, so that a printed line works where it is pasted: nothing where all is as usual. */
function cliOptions({ adminHost, adminPort, dataDir }: Config): string {
  const url = isWildcard(adminHost) || adminHost === 'localhost' ? '127.0.0.1' : adminHost
  const said: string[] = []
  if (url !== options.adminHost.default || `${adminPort}` !== options.adminPort.default) {
    said.push('--url', urlOf(url, adminPort))
  }
  if (dataDir !== resolve(options.dataDir.default)) said.push('--data-dir', shellWord(dataDir))
  return said.map(word => ` ${word}`).join('')
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function shellWord(text: string): string {
  return /^[\w./~:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
