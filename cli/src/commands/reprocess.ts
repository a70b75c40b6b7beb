// `datapulse reprocess`: makes anew what is derived from stored events, and waits until that counts. It goes on without
// whoever waits: how it ended can be asked later.

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

type Choice = AdminChoice & { from?: string; to?: string; last?: boolean }

const awayTooLong =
  'The pipeline cannot be asked how it goes, and it may be done all the same: ask later with datapulse reprocess --last'

export function addReprocess(program: Command, setting: Setting): void {
  withAdmin(program.command('reprocess'), setting)
    .description(
      'make anew what is derived from stored events (place, device, game type, flags), from each as it was sent',
    )
    .option('--from <time>', 'events received at this time or later: ISO 8601, Unix time, or 15m, 24h, 7d ago')
    .option('--to <time>', 'events received before this time')
    .option('--last', 'begin nothing: wait for the last one that was begun, and tell how it ended')
    .addHelpText(
      'after',
      examples(
        'datapulse reprocess --from 2026-06-01T00:00:00Z --to 2026-07-01T00:00:00Z',
        'datapulse reprocess --last',
      ),
    )
    .action((choice: Choice) => reprocess(choice, setting))
}

async function reprocess(choice: Choice, setting: Setting): Promise<void> {
  const { from, to, last = false } = choice
  if (last ? from !== undefined || to !== undefined : from === undefined || to === undefined)
    throw new Failure('BAD_PARAMETERS', 'Give --from and --to, or --last alone')
  const { output } = setting
  const admin = adminOf(choice, setting)
  const look = async () => (await admin.get<{ reprocess: Reprocess | null }>('/api/reprocess')).reprocess
  const before = last ? null : await look()
  if (!last) await admin.post('/api/reprocess', { from, to })
  let told = 0
  for await (const one of looks(look, awayTooLong)) {
    if (one === null && last) throw new Failure('NOT_FOUND', 'Events were never processed again')
    if (one === null || one.started_at === before?.started_at)
      throw new Failure('REPROCESS_LOST', 'The pipeline was started again before it had begun: nothing was changed')
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
