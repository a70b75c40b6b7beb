// The first minutes: once the server has started on an empty data directory, with both ports on loopback, it makes a
// product `demo` with one key and prints the key and a curl line that works, once, to the terminal and never through the
// logger. The act in the audit log ends when the key has been shown: one that only began is a key that nobody saw, and
// so the next start revokes it and shows another.

import { isAbsolute, join, relative, resolve } from 'node:path'
import { type Accounts, openAccounts } from './accounts/accounts.ts'
import { type AuditLog, openAuditLog } from './accounts/audit-log.ts'
import { reachable, urlOf } from './addresses.ts'
import { type Config, options } from './config.ts'
import type { Logger } from './logger.ts'
import type { RoleName } from './role-socket.ts'

export type DemoKey = { secret: string }

const wish = { product: 'demo', name: 'first key' }
const act = { act: 'key.create', product: wish.product, way: 'local', actor: 'datapulse serve' } as const

/** Says where the server is and how to use it. A first key that cannot be made is owed: the server goes on without. */
export async function welcome(config: Config, missing: RoleName[], logger: Logger): Promise<void> {
  const show = (demo: DemoKey | null) => void process.stdout.write(welcomeText(config, demo, missing))
  const isGiven = await giveDemoKey(config, logger, show).catch(cause => {
    logger.error({ cause: String(cause) }, 'the first key could not be made')
    return false
  })
  if (!isGiven) show(null)
}

/** Makes the demo product's key and has it shown, when that is owed; says whether it was. */
export async function giveDemoKey(config: Config, logger: Logger, show: (key: DemoKey) => void): Promise<boolean> {
  // Accounts that several machines share are nobody's first start.
  if (config.accounts !== 'embedded' || !isLoopback(config.host) || !isLoopback(config.adminHost)) return false
  const path = join(config.dataDir, 'accounts.db')
  const accounts = openAccounts({ path, now: Date.now, logger })
  const audit = openAuditLog({ path, now: Date.now })
  try {
    if (!isOwed(accounts, audit)) return false
    const end = audit.begin({ ...act, values: { name: wish.name } })
    const revoked = await revokeUnseen(accounts)
    const made = await accounts.createKey(wish)
    if (!made.ok) throw new Error(made.problem)
    show({ secret: made.secret })
    end({
      outcome: 'done',
      target: made.key.id,
      values: { prefix: made.key.prefix, ...(revoked.length > 0 && { revoked }) },
    })
    return true
  } finally {
    accounts.close()
    audit.close()
  }
}

/** There is no product yet, or nothing but one whose key a start that died was about to show. */
function isOwed(accounts: Accounts, audit: AuditLog): boolean {
  const products = accounts.listProducts()
  if (products.length === 0) return true
  const [last] = audit.list({ product: wish.product, limit: 1 })
  const isUnseen = last?.act === act.act && last.actor === act.actor && last.outcome === 'begun'
  return products.length === 1 && products[0]?.id === wish.product && isUnseen
}

/** Gives the ids of those that were. */
async function revokeUnseen(accounts: Accounts): Promise<string[]> {
  const unseen = accounts.listKeys(wish.product).filter(key => key.name === wish.name && key.revokedMs === null)
  for (const { id } of unseen) await accounts.revokeKey(id)
  return unseen.map(key => key.id)
}

export function welcomeText(config: Config, demo: DemoKey | null, missing: RoleName[]): string {
  const at = urlOf(config.host, config.port)
  const cli = cliOptions(config)
  const lines = [
    '',
    `DataPulse takes events at ${at}/v2/s2s/event`,
    `Its documentation is at ${at}/docs`,
    `The console is at ${urlOf(config.adminHost, config.adminPort)}/ (sign in with ${signInWith(config)})`,
  ]
  if (missing.length > 0) lines.push(`Not ready yet: ${missing.join(', ')}. Events are taken and kept meanwhile.`)
  if (demo !== null) lines.push('', ...firstSteps(at, demo.secret, cli))
  else lines.push('Make a key with: npx --no datapulse keys create --product NAME' + cli)
  return `${lines.join('\n')}\n\n`
}

/** Where the admin token is, never the token. */
function signInWith({ adminToken, dataDir }: Config): string {
  if (adminToken !== '') return 'the admin token that was configured'
  const path = join(dataDir, 'admin-token')
  const near = relative(process.cwd(), path)
  return `the token in ${near.startsWith('..') || isAbsolute(near) ? path : near}`
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
  const url = adminHost === 'localhost' ? '127.0.0.1' : reachable(adminHost)
  const said: string[] = []
  if (url !== options.adminHost.default || `${adminPort}` !== options.adminPort.default) {
    said.push('--url', urlOf(url, adminPort))
  }
  if (dataDir !== resolve(options.dataDir.default)) said.push('--data-dir', shellWord(dataDir))
  return said.map(word => ` ${word}`).join('')
}

function shellWord(text: string): string {
  return /^[\w./~:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
