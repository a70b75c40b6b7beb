// `datapulse audit list|verify`: who did what, and whether the record of it is whole.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { paint } from '../output.ts'
import { gatherPages, printJsonPages, readPages } from '../pages.ts'
import { withLimit } from '../question.ts'

type ListChoice = AdminChoice & {
  product?: string
  act?: string
  since?: string
  until?: string
  attempts?: true
  limit: number
}

type Verdict = {
  ok: boolean
  chains: {
    chain: string
    entries: number
    first: number
    last: number
    hash: string
    begun: number
    problem: string | null
  }[]
}

export function addAudit(program: Command, setting: Setting): void {
  const audit = program.command('audit').description('list and verify the record of every administrative act')

  withLimit(withAdmin(audit.command('list'), setting))
    .description('list acts, the newest first: who, when, what, on what, and how it ended')
    .option('--product <product>', 'on this product only')
    .option('--act <name>', 'acts of this name only, such as key.create')
    .option('--since <time>', 'begun at this time or later: ISO 8601, Unix time, or 15m, 24h, 7d ago')
    .option('--until <time>', 'begun before this time')
    .option('--attempts', 'attempts with a wrong admin token, instead of acts')
    .addHelpText(
      'after',
      examples('datapulse audit list --since 7d', 'datapulse audit list --product casino --act key.revoke --json'),
    )
    .action(async (choice: ListChoice) => {
      const { product, act, since, until, attempts } = choice
      const query = { product, act, since, until, attempts }
      const pages = readPages(adminOf(choice, setting), '/api/audit', 'audit', query, choice.limit)
      if (choice.json) return printJsonPages(setting.output, pages)
      const rows = (await gatherPages(pages)).map(row => [
        row['seq'],
        row['started_at'],
        row['actor'],
        row['way'],
        row['address'],
        row['act'],
        row['product'],
        row['target'],
        row['outcome'],
        row['code'],
        JSON.stringify(row['values']),
      ])
      setting.output.table(
        ['seq', 'at', 'actor', 'way', 'address', 'act', 'product', 'target', 'outcome', 'code', 'values'],
        rows,
      )
    })

  withAdmin(audit.command('verify'), setting)
    .description('read the whole record and say whether it is what was written; exit code 1 when it is not')
    .option('--known <seq:hash>', 'have this entry looked for too, as an earlier verify printed it')
    .addHelpText('after', examples('datapulse audit verify', 'datapulse audit verify --json'))
    .action(async (choice: AdminChoice & { known?: string }) => {
      const verdict = await adminOf(choice, setting).get<Verdict>('/api/audit/verify', { known: choice.known })
      if (choice.json) setting.output.json(verdict)
      else tell(verdict, setting)
      if (!verdict.ok) process.exitCode = 1
    })
}

function tell({ chains }: Verdict, { output }: Setting): void {
  for (const { chain, entries, first, last, hash, begun, problem } of chains) {
    const name = chain.padEnd(9)
    if (problem !== null) output.line(`${name} `, paint('red', 'BROKEN'), `: ${problem}.`)
    else if (entries === 0) output.line(`${name} whole: there is no entry.`)
    else output.line(`${name} whole: ${entries} entries, ${first} to ${last}.`)
    if (begun > 0)
      output.line(`          ${begun} acts have no end: the server was ended in them, or they are at work.`)
    if (problem === null && chain === 'acts' && entries > 0)
      output.line(`          Note this elsewhere, for --known: ${last}:${hash}`)
  }
}
