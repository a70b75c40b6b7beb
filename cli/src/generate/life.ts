// A month of one player: registers (unless long known), and then comes back session after session at the hours when
// people play: logs in, deposits, bets, sees results, now and then withdraws or gets a bonus.

import type { Player } from './player.ts'
import type { Random } from './random.ts'
import type { Sent } from './sent.ts'
import { openStory } from './story.ts'

export type Span = { fromMs: number; untilMs: number }

/** How many events of each hour of the player's day. */
const hourWeights = [5, 3, 2, 1, 1, 1, 1, 2, 3, 3, 4, 5, 6, 6, 5, 5, 6, 8, 10, 13, 15, 15, 12, 8]
const eventsPerSession = 14
const dayMs = 86_400_000
const gapMs = 20_000

/** Exactly `count` events of one player within the span, in order of time. `makeId` gives an id that is never repeated. */
export function live(random: Random, player: Player, count: number, span: Span, makeId: () => string): Sent[] {
  const known = random.chance(0.4)
  const sinceMs = known ? span.fromMs : span.fromMs + random.next() ** 1.5 * (span.untilMs - span.fromMs) * 0.9
  const story = openStory({ random, player, count, atMs: sinceMs, untilMs: span.untilMs, gapMs, makeId })
  if (!known) story.register()
  const sessions = Math.ceil(count / eventsPerSession)
  for (const startMs of sessionStarts(random, player, sessions, { ...span, fromMs: story.now() })) {
    if (story.isFull()) break
    story.goOn(startMs)
    story.login()
    if (random.chance(0.5)) story.deposit()
    for (let bets = Math.floor(random.pareto(1.2) * 3); bets > 0 && !story.isFull(); bets--) story.bet()
    if (random.chance(0.15)) story.withdraw()
    if (random.chance(0.12)) story.bonus()
    if (random.chance(0.05)) story.levelUp()
  }
  while (!story.isFull()) story.bet()
  return story.events
}

function sessionStarts(random: Random, player: Player, count: number, span: Span): number[] {
  const days = Math.max(1, Math.ceil((span.untilMs - span.fromMs) / dayMs))
  const firstDayMs = Math.floor(span.fromMs / dayMs) * dayMs
  const starts = Array.from({ length: count }, () => {
    const hour = (random.weighted(hourWeights) - player.zoneHours + 24) % 24
    const ms = firstDayMs + random.below(days) * dayMs + hour * 3_600_000 + random.below(3_600_000)
    return Math.min(span.untilMs - 1, Math.max(span.fromMs, ms))
  })
  return starts.sort((a, b) => a - b)
}
