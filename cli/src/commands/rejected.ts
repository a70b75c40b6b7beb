// `datapulse rejected list`: what was refused at the door, summed up. The events themselves are not kept.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import type { Row } from '../pages.ts'

type RejectedChoice = AdminChoice & { product?: string; since?: string; until?: string }

export function addRejected(program: Command, setting: Setting): void {
  const rejected = program.command('rejected').description('events that were refused at the door')

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
}
