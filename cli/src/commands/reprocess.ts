// `datapulse reprocess`: makes anew what is derived from stored events, and waits until that counts.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { Failure } from '../failure.ts'
import { looks } from '../looks.ts'

type Reprocess = {
  state: 'building' | 'swapped' | 'failed'
  started_at: string
  ended_at: string | null
  events: number
  done: number
  changed: number
  problem: string | null
}

export function addReprocess(program: Command, setting: Setting): void {
  withAdmin(program.command('reprocess'), setting)
    .description(
      'make anew what is derived from stored events (place, device, game type, flags), from each as it was sent',
    )
    .requiredOption('--from <time>', 'events received at this time or later: ISO 8601, Unix time, or 15m, 24h, 7d ago')
    .requiredOption('--to <time>', 'events received before this time')
    .addHelpText('after', examples('datapulse reprocess --from 2026-06-01T00:00:00Z --to 2026-07-01T00:00:00Z'))
    .action((choice: AdminChoice & { from: string; to: string }) => reprocess(choice, setting))
}

async function reprocess(choice: AdminChoice & { from: string; to: string }, setting: Setting): Promise<void> {
  const { output } = setting
  const admin = adminOf(choice, setting)
  await admin.post('/api/reprocess', { from: choice.from, to: choice.to })
  const look = async () => (await admin.get<{ reprocess: Reprocess | null }>('/api/reprocess')).reprocess
  let told = 0
  for await (const one of looks(look, 'The pipeline cannot be asked how it goes: it may have been done all the same')) {
    if (one === null)
      throw new Failure('REPROCESS_LOST', 'The pipeline was started again meanwhile: nothing was changed')
    if (one.state === 'building') {
      if (one.done > told && !choice.json) output.note(`${one.done} of ${one.events} events`)
      told = one.done
      continue
    }
    if (one.state === 'failed') throw new Failure('REPROCESS_FAILED', one.problem ?? 'It failed: nothing was changed')
    if (choice.json) output.json(one)
    else output.line(`${one.done} events were processed again, of which ${one.changed} came out otherwise.`)
    return
  }
}
