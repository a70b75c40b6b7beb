// `datapulse users erase|erasures`: takes a person out of everything that is kept, and keeps them out.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'

type Erasure = {
  id: string
  product: string
  state: 'requested' | 'erased' | 'complete'
  requested_at: string
  erased_at: string | null
  log_until: string | null
  checked_at: string | null
  stored: number
  duplicate: number
  parked: number
  rejected_requests: number
}

const lookEveryMs = 200

export function addUsers(program: Command, setting: Setting): void {
  const users = program.command('users').description('erase users, and list the erasures')

  withAdmin(users.command('erase'), setting)
    .description('delete all events of a user, and take in none from now on; waits until the warehouse has none')
    .requiredOption('--product <product>', 'the product whose user it is')
    .requiredOption('--user <id>', 'the client_user_id')
    .option('--no-wait', 'do not wait')
    .addHelpText('after', examples('datapulse users erase --product demo --user user_789'))
    .action((choice: AdminChoice & { product: string; user: string; wait: boolean }) => erase(choice, setting))

  withAdmin(users.command('erasures'), setting)
    .description('list the erasures, and when the raw log has nothing of them left; nobody is named')
    .option('--product <product>', 'of this product only')
    .addHelpText('after', examples('datapulse users erasures', 'datapulse users erasures --product demo --json'))
    .action(async (choice: AdminChoice & { product?: string }) => {
      const { erasures } = await adminOf(choice, setting).get<{ erasures: Erasure[] }>('/api/erasures', {
        product: choice.product,
      })
      if (choice.json) return setting.output.json(erasures)
      const head = ['id', 'product', 'state', 'requested', 'erased', 'in the raw log until', 'events']
      const rows = erasures.map(one => [
        one.id,
        one.product,
        one.state,
        one.requested_at,
        one.erased_at,
        one.state === 'complete' ? '' : one.log_until,
        one.stored + one.duplicate + one.parked,
      ])
      setting.output.table(head, rows)
    })
}

async function erase(
  choice: AdminChoice & { product: string; user: string; wait: boolean },
  setting: Setting,
): Promise<void> {
  const { output } = setting
  const admin = adminOf(choice, setting)
  let erasure = await admin.post<Erasure>('/api/erasures', { product: choice.product, user: choice.user })
  while (choice.wait && erasure.state === 'requested') {
    await sleep(lookEveryMs)
    erasure = await admin.get<Erasure>(`/api/erasures/${encodeURIComponent(erasure.id)}`)
  }
  if (choice.json) return output.json(erasure)
  const { id, state, stored, duplicate, parked, rejected_requests, log_until } = erasure
  if (state === 'requested') {
    output.line(`Erasure ${id} was asked for; nothing of the user is taken in any more.`)
    return
  }
  output.line(`Erasure ${id}: nothing of the user is left in the warehouse, and nothing is taken in any more.`)
  output.line(`  deleted: ${stored} events, ${duplicate} duplicates, ${parked} parked events`)
  output.line(`  taken out of ${rejected_requests} rejected requests`)
  output.line('  Files of the warehouse that were replaced leave the disk ten minutes later.')
  if (state === 'complete') output.line('  The raw log has nothing of the user left either.')
  else output.line(`  The raw log holds what was received until then up to ${log_until}; it is looked again after it.`)
}
