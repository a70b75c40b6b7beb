// The filters that several commands share.

import { type Command, Option } from 'commander'
import { wholeNumber } from './command.ts'

export type QuestionChoice = { product?: string; mode?: string; since?: string; until?: string }
export type PagedChoice = QuestionChoice & { limit: number }

export function withProduct(command: Command): Command {
  return command
    .option('--product <product>', 'of this product only')
    .addOption(new Option('--mode <mode>', 'sent with keys of this kind only').choices(['live', 'test']))
}

export function withQuestion(command: Command): Command {
  return withProduct(command)
    .option('--since <time>', 'received at this time or later: ISO 8601, Unix time, or 15m, 24h, 7d ago')
    .option('--until <time>', 'received before this time')
}

export function withLimit(command: Command): Command {
  return command.option('--limit <rows>', 'at most so many', wholeNumber(1, 100_000_000), 100)
}
