// `datapulse keys usage`: how much of its limit a key uses, of one with a line for each bucket of the time.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { Failure } from '../failure.ts'
import { type Colour, type Output, paint } from '../output.ts'

type UsageChoice = AdminChoice & { product?: string; since: string; until?: string }

type Counts = { requests: number; over_limit: number; rejected: number; events: number; asked_max: number }

type Usage = Counts & {
  key_id: string
  rate_limit: number
  now: { requests: number; over_limit: number }
  peak: { at: string; requests: number; rate_limit: number; share: number } | null
  verdict: 'problem' | 'attention' | 'good' | 'nothing'
  found: string
  next: string
}

type UsageOfOne = Usage & {
  product: string
  since: string
  until: string
  bucket_seconds: number
  buckets: (Counts & { at: string; peak: number; rate_limit: number })[]
}

const colours: Record<Usage['verdict'], Colour> = { problem: 'red', attention: 'yellow', good: 'green', nothing: 'dim' }
/** Of a bar. */
const barLength = 20

export function addUsage(keys: Command, setting: Setting): void {
  withAdmin(keys.command('usage'), setting)
    .description('show how much of its limit a key uses, or each key of a product; usage is kept for eight days')
    .argument('[id]', 'the id of the key, as `keys list` shows it')
    .option('--product <product>', 'each key of this product, in place of one')
    .option('--since <time>', 'what came at this time or later: ISO 8601, Unix time, or 1h, 24h, 7d ago', '24h')
    .option('--until <time>', 'what came before this time')
    .addHelpText('after', examples('datapulse keys usage key_4mZ8 --since 7d', 'datapulse keys usage --product demo'))
    .action(async (id: string | undefined, choice: UsageChoice) => {
      const { product, since, until } = choice
      if ((id === undefined) === (product === undefined))
        throw new Failure(
          'BAD_PARAMETERS',
          'Cannot tell the usage because a key or --product must be given, and not both',
        )
      const admin = adminOf(choice, setting)
      if (id === undefined) {
        const { usage } = await admin.get<{ usage: Usage[] }>('/api/usage', { product, since, until })
        if (choice.json) setting.output.json(usage)
        else setting.output.table(usageHead, usage.map(usageRow))
        return
      }
      const told = await admin.get<UsageOfOne>(`/api/keys/${encodeURIComponent(id)}/usage`, { since, until })
      if (choice.json) setting.output.json(told)
      else printUsage(setting.output, told)
    })
}

function printUsage(output: Output, told: UsageOfOne): void {
  const { key_id, product, since, until, verdict, found, next, rate_limit: limit, now } = told
  output.line(
    `${key_id} of ${product}, ${since.slice(0, 19)}Z to ${until.slice(0, 19)}Z: `,
    paint(colours[verdict], verdict),
  )
  output.line(found)
  if (verdict === 'problem' || verdict === 'attention') output.line(`→ ${next}`)
  output.line(`In the last minute: ${now.requests} of ${limit} requests, ${now.over_limit} over the limit.`)
  if (told.buckets.length === 0) return
  output.line()
  const rows = told.buckets.map(({ at, peak, rate_limit, requests, over_limit, rejected, events }) => {
    return [at, barOf(peak / rate_limit), `${peak} of ${rate_limit}`, requests, over_limit, rejected, events]
  })
  output.table(['from', 'peak', '', 'requests', 'over limit', 'rejected', 'events'], rows)
}

const usageHead = [
  'key',
  'per minute',
  'last minute',
  'peak',
  'at',
  'requests',
  'over limit',
  'rejected',
  'events',
  'verdict',
]

function usageRow({ key_id, rate_limit, now, peak, requests, over_limit, rejected, events, verdict }: Usage) {
  const share = peak === null ? null : `${Math.round(peak.share * 100)}%`
  const at = peak === null ? null : peak.at
  return [key_id, rate_limit, now.requests, share, at, requests, over_limit, rejected, events, verdict]
}

function barOf(share: number): string {
  const filled = Math.min(barLength, Math.round(share * barLength))
  return '█'.repeat(filled) + '·'.repeat(barLength - filled)
}
