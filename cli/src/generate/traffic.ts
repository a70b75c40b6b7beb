// Traffic as it comes in at an operator's door, without an end: sessions of players begin one by one, independently of each
// other (a Poisson process), and each goes on for a minute or two: a new player registers, all log in, deposit, bet, see results, some
// withdraw. So events come in bursts, of many players at once, and on the average `rate` a second. The sessions of the two
// minutes before are there from the first second on. The same options give the same events.

import { makeMistake } from './mistakes.ts'
import { hasIdentity, sendAgain } from './month.ts'
import { makePlayer, type Player } from './player.ts'
import { openRandom, type Random } from './random.ts'
import type { Sent } from './sent.ts'
import { openStory } from './story.ts'

export type TrafficOptions = {
  /** Events a second, on the average: retries and mistakes included. */
  rate: number
  seed: string
  /** Shares of all events. */
  mistakes: number
  retries: number
  startMs: number
}

const newShare = 0.3
/** Those who come back are among so many. */
const knownMax = 10_000
const gapMs = 2_000
const betsMax = 25
const eventsMax = 200
const warmMs = 120_000
const sliceMs = 1_000
const sampleSessions = 2_000

/** Events of one second after the other, each in the order of sending. */
export function* makeTraffic(options: TrafficOptions): Generator<Sent[]> {
  const { rate, seed, mistakes, retries, startMs } = options
  const random = openRandom(`datapulse traffic ${seed}`)
  const players = openPlayers(random)
  const sessionsPerSlice = (rate * sliceMs) / 1_000 / (eventsPerSession(seed) * (1 + retries))
  const waiting = new Map<number, Sent[]>()
  const keep = (sent: Sent): void => {
    const slice = Math.floor((sent.sentMs - startMs) / sliceMs)
    const others = waiting.get(slice)
    if (others === undefined) waiting.set(slice, [sent])
    else others.push(sent)
  }
  let ids = 0
  const makeId = () => `${(++ids).toString(36)}${random.hex(10)}`
  for (let slice = -warmMs / sliceMs; ; slice++) {
    const sliceStartMs = startMs + slice * sliceMs
    for (let left = poisson(random, sessionsPerSlice); left > 0; left--) {
      const visitor = players.come(sliceStartMs)
      const session = playSession(random, visitor, sliceStartMs + random.next() * sliceMs, makeId)
      players.leave(visitor, session.at(-1)!.sentMs)
      for (const sent of session) {
        if (random.chance(mistakes)) sent.meant = makeMistake(random, sent) === 'rejected' ? 'mistake' : 'event'
        keep(sent)
        if (sent.meant === 'event' && hasIdentity(sent) && random.chance(retries)) keep(sendAgain(random, sent))
      }
    }
    const due = waiting.get(slice) ?? []
    waiting.delete(slice)
    if (slice >= 0) yield due.sort((a, b) => a.sentMs - b.sentMs)
  }
}

type Visitor = { player: Player; isNew: boolean }

function playSession(random: Random, { player, isNew }: Visitor, atMs: number, makeId: () => string): Sent[] {
  const story = openStory({ random, player, count: eventsMax, atMs, untilMs: atMs + warmMs, gapMs, makeId })
  if (isNew) story.register()
  story.login()
  if (random.chance(isNew ? 0.6 : 0.5)) story.deposit()
  for (let bets = Math.min(betsMax, Math.floor(random.pareto(1.2) * 3)); bets > 0; bets--) story.bet()
  if (random.chance(0.15)) story.withdraw()
  if (random.chance(0.12)) story.bonus()
  if (random.chance(0.05)) story.levelUp()
  // A player's events are sent in their order.
  for (const [index, sent] of story.events.entries())
    sent.sentMs = Math.max(sent.sentMs, story.events[index - 1]?.sentMs ?? 0)
  return story.events
}

/** On the average; counted, because nobody would keep a number up to date. */
function eventsPerSession(seed: string): number {
  const random = openRandom(`datapulse sample ${seed}`)
  const players = openPlayers(random)
  let events = 0
  for (let i = 0; i < sampleSessions; i++) {
    const visitor = players.come(i)
    events += playSession(random, visitor, 0, () => '').length
    players.leave(visitor, i)
  }
  return events / sampleSessions
}

/** Who plays is nowhere else: one comes back when the session before has ended. */
function openPlayers(random: Random) {
  const free: Player[] = []
  const busy: { player: Player; untilMs: number }[] = []
  let count = 0
  return {
    come(nowMs: number): Visitor {
      while (busy.length > 0 && busy[0]!.untilMs < nowMs) {
        const { player } = busy.shift()!
        if (free.length < knownMax) free.push(player)
        else free[random.below(knownMax)] = player
      }
      if (free.length > 0 && !random.chance(newShare)) {
        const index = random.below(free.length)
        const player = free[index]!
        free[index] = free.at(-1)!
        free.pop()
        return { player, isNew: false }
      }
      count += 1
      return { player: makePlayer(random, count, 1_000), isNew: true }
    },
    leave({ player }: Visitor, untilMs: number): void {
      busy.push({ player, untilMs })
    },
  }
}

/** How many come in a while in which `mean` come on the average. */
function poisson(random: Random, mean: number): number {
  let count = 0
  for (let left = mean - random.exponential(1); left > 0; left -= random.exponential(1)) count += 1
  return count
}
