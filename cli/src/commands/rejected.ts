// `datapulse rejected list|requests|rules|show`: what was refused at the door, summed up, and the requests themselves.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { gatherPages, printJsonPages, readPages, type Row } from '../pages.ts'
import { type PagedChoice, withLimit, withQuestion } from '../question.ts'

type RejectedChoice = AdminChoice & { product?: string; since?: string; until?: string }
type RequestsChoice = AdminChoice &
  PagedChoice & { key?: string; code?: string; rule?: string; field?: string; request?: string }

export function addRejected(program: Command, setting: Setting): void {
  const rejected = program.command('rejected').description('count, list and show what was refused at the door')

  withAdmin(rejected.command('list'), setting)
    .description('count refused events by product, key and code')
    .option('--product <product>', 'of this product only')
    .option('--since <time>', 'refused at this time or later: ISO 8601, Unix time, or 15m, 24h, 7d ago')
    .option('--until <time>', 'refused before this time')
    .addHelpText('after', examples('datapulse rejected list --since 1h'))
    .action(async (choice: RejectedChoice) => {
      const { product, since, until } = choice
      const body = await adminOf(choice, setting).get<{ rejected: Row[] }>('/api/rejected', { product, since, until })
      if (choice.json) {
        setting.output.json(body.rejected)
        return
      }
      const rows = body.rejected.map(row => [
        row['product'],
        row['key_id'],
        row['code'],
        row['events'],
        row['requests'],
        row['last_at'],
      ])
      setting.output.table(['product', 'key', 'code', 'events', 'requests', 'last'], rows)
    })

  withLimit(withRules(withQuestion(withAdmin(rejected.command('requests'), setting))))
    .description('list the requests that were refused, the last first')
    .addHelpText('after', examples('datapulse rejected requests --product demo --rule required --field ip_address'))
    .action((choice: RequestsChoice) => listRequests(choice, setting))

  withRules(withQuestion(withAdmin(rejected.command('rules'), setting)))
    .description('count the requests that were refused by what was wrong: rule and field')
    .addHelpText('after', examples('datapulse rejected rules --since 24h'))
    .action((choice: RequestsChoice) => listRules(choice, setting))

  withAdmin(rejected.command('show'), setting)
    .description('show a request that was refused: what was wrong, and its body as it was sent')
    .argument('<request>', 'the request id')
    .addHelpText('after', examples('datapulse rejected show 0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55'))
    .action((request: string, choice: AdminChoice) => showRequest(request, choice, setting))
}

function withRules(command: Command): Command {
  return command
    .option('--key <id>', 'of the key with this id only')
    .option('--code <code>', 'with this code only')
    .option('--rule <rule>', 'with a violation of this rule')
    .option('--field <field>', 'with a violation of this field')
}

function queryOf({ product, mode, since, until, key, code, rule, field }: RequestsChoice) {
  return { product, mode, since, until, key, code, rule, field }
}

async function listRequests(choice: RequestsChoice, setting: Setting): Promise<void> {
  const admin = adminOf(choice, setting)
  const pages = readPages(admin, '/api/rejected/requests', 'requests', queryOf(choice), choice.limit)
  if (choice.json) return printJsonPages(setting.output, pages)
  const names = ['received_at', 'request_id', 'product', 'key_id', 'kind', 'code', 'message', 'address', 'bytes']
  const rows = (await gatherPages(pages)).map(row => names.map(name => row[name]))
  const head = ['received', 'request', 'product', 'key', 'kind', 'code', 'message', 'address', 'bytes']
  return setting.output.table(head, rows)
}

async function listRules(choice: RequestsChoice, setting: Setting): Promise<void> {
  const { rules } = await adminOf(choice, setting).get<{ rules: Row[] }>('/api/rejected/rules', queryOf(choice))
  if (choice.json) return setting.output.json(rules)
  const names = [
    'product',
    'key_id',
    'code',
    'rule',
    'field',
    'requests',
    'violations',
    'last_at',
    'message',
    'request_id',
  ]
  const head = ['product', 'key', 'code', 'rule', 'field', 'requests', 'violations', 'last', 'message', 'last request']
  const rows = rules.map(row => names.map(name => row[name]))
  return setting.output.table(head, rows)
}

type Shown = Row & {
  violations: { index?: number; field: string; rule: string; message: string }[]
  exact: boolean
  raw: string
}

async function showRequest(request: string, choice: AdminChoice, setting: Setting): Promise<void> {
  const { output } = setting
  const path = `/api/rejected/requests/${encodeURIComponent(request)}`
  const body = await adminOf(choice, setting).get<Shown>(path)
  if (choice.json) return output.json(body)
  for (const name of ['request_id', 'received_at', 'product', 'mode', 'key_id', 'address', 'code', 'message'])
    output.line(`${name.padEnd(12)} ${String(body[name] ?? '')}`)
  output.line()
  const rows = body.violations.map(({ index, field, rule, message }) => [index ?? null, field, rule, message])
  output.table(['#', 'field', 'rule', 'message'], rows)
  output.line()
  if (!body.exact)
    output.line(
      'Bytes that are not UTF-8 were replaced by \ufffd: this is not what was sent, and cannot be sent again.',
    )
  return output.line(body.raw)
}
