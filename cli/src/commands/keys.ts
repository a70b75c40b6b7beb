// `datapulse keys create|list|usage|update|revoke`. A key is printed once, when it is made; the server keeps its hash only.

import type { Command } from 'commander'
import { paint } from '../output.ts'
import { addUsage } from './usage.ts'
import { type AdminChoice, adminOf, examples, type Setting, wholeNumber, withAdmin } from '../command.ts'

export type Key = {
  id: string
  product: string
  name: string
  mode: string
  scopes: string[]
  rate_limit: number
  prefix: string
  state: string
  created_at: string
  expires_at: string | null
  revoked_at: string | null
  last_used_at: string | null
}

type CreateChoice = AdminChoice & {
  product: string
  name?: string
  rateLimit?: number
  test?: true
  expires?: string
  scope?: string
}

type UpdateChoice = AdminChoice & Pick<CreateChoice, 'name' | 'rateLimit' | 'expires' | 'scope'>

export function addKeys(program: Command, setting: Setting): void {
  const keys = program
    .command('keys')
    .description('make, list, change and revoke the keys with which partners send events, and see how much they use')

  withAdmin(keys.command('create'), setting)
    .description('make a key, and its product if that is new; the key is shown once')
    .requiredOption('--product <product>', 'the product it belongs to')
    .option('--name <name>', 'what to call it')
    .option('--rate-limit <requests>', 'requests a minute (60 when not given)', wholeNumber(1, 6_000_000))
    .option('--test', 'a test key: its events are validated, stored and visible, and never counted in a report')
    .option('--expires <time>', 'when it ends: ISO 8601, Unix time, or a length of time such as 30d')
    .option('--scope <scopes>', 'what it may do, separated by commas: ingest, read (ingest when not given)')
    .addHelpText(
      'after',
      examples(
        'datapulse keys create --product demo',
        'datapulse keys create --product demo --name backend --rate-limit 600 --scope ingest,read',
        'datapulse keys create --product demo --test --expires 7d --json',
      ),
    )
    .action((choice: CreateChoice) => createKey(choice, setting))

  withAdmin(keys.command('list'), setting)
    .description('list the keys, revoked ones too; none is shown whole')
    .option('--product <product>', 'of this product only')
    .addHelpText('after', examples('datapulse keys list --product demo'))
    .action(async (choice: AdminChoice & { product?: string }) => {
      const body = await adminOf(choice, setting).get<{ keys: Key[] }>('/api/keys', { product: choice.product })
      if (choice.json) setting.output.json(body.keys)
      else setting.output.table(keyHead, body.keys.map(keyRow))
    })

  addUsage(keys, setting)

  withAdmin(keys.command('update'), setting)
    .description('change a key, within a second; what is not named stays as it is')
    .argument('<id>', 'the id of the key, as `keys list` shows it')
    .option('--name <name>', 'what to call it')
    .option('--rate-limit <requests>', 'requests a minute', wholeNumber(1, 6_000_000))
    .option('--expires <time>', 'when it ends: ISO 8601, Unix time, a length of time such as 30d, or never')
    .option('--scope <scopes>', 'what it may do, separated by commas: ingest, read')
    .addHelpText('after', examples('datapulse keys update key_4mZ8 --scope ingest,read --rate-limit 600'))
    .action(async (id: string, choice: UpdateChoice) => {
      const { name, rateLimit, expires, scope } = choice
      const change = { name, rate_limit: rateLimit, expires_at: expires, scopes: scope }
      const key = await adminOf(choice, setting).patch<Key>(`/api/keys/${encodeURIComponent(id)}`, change)
      if (choice.json) setting.output.json(key)
      else setting.output.table(keyHead, [keyRow(key)])
    })

  withAdmin(keys.command('revoke'), setting)
    .description('end a key, within a second and for good')
    .argument('<id>', 'the id of the key, as `keys list` shows it')
    .addHelpText('after', examples('datapulse keys revoke key_4mZ8'))
    .action(async (id: string, choice: AdminChoice) => {
      const key = await adminOf(choice, setting).remove<Key>(`/api/keys/${encodeURIComponent(id)}`)
      if (choice.json) setting.output.json(key)
      else setting.output.line(`Key ${key.id} of ${key.product} was revoked at ${key.revoked_at}.`)
    })
}

async function createKey(choice: CreateChoice, setting: Setting): Promise<void> {
  const { output } = setting
  const made = await adminOf(choice, setting).post<Key & { key: string }>('/api/keys', {
    product: choice.product,
    name: choice.name,
    rate_limit: choice.rateLimit,
    mode: choice.test ? 'test' : 'live',
    expires_at: choice.expires,
    scopes: choice.scope,
  })
  if (choice.json) {
    output.json(made)
    return
  }
  output.line(paint('bold', made.key))
  output.line()
  output.line('This is shown once: keep it now, it cannot be shown again.')
  const rest: [string, string][] = [
    ['id', made.id],
    ['product', made.product],
    ['name', made.name],
    ['mode', made.mode],
    ['scopes', made.scopes.join(', ')],
    ['rate limit', `${made.rate_limit} requests a minute`],
    ['expires', made.expires_at ?? 'never'],
  ]
  for (const [name, value] of rest) output.line(`  ${name.padEnd(11)} ${value}`)
}

const keyHead = ['id', 'product', 'name', 'key', 'mode', 'scopes', 'per minute', 'state', 'expires', 'last used']

function keyRow(key: Key) {
  const expires = key.expires_at ?? 'never'
  const used = key.last_used_at ?? 'never'
  return [
    key.id,
    key.product,
    key.name,
    `${key.prefix}…`,
    key.mode,
    key.scopes.join(','),
    key.rate_limit,
    key.state,
    expires,
    used,
  ]
}
